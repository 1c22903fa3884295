"""Kinds of option values."""

from datetime import UTC, datetime

import click


class Moment(click.ParamType[datetime]):
    """A date and time of RFC 3339; without a time zone it would be anybody's guess."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            moment = datetime.min
        if moment.tzinfo is None:
            self.fail(f"{value!r} is no date and time with its zone, such as 2026-03-01T09:30:00Z", param, ctx)
        return moment.astimezone(UTC)
