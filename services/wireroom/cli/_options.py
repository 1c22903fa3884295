"""Kinds of option values."""

from datetime import UTC, datetime

import click
from click.shell_completion import CompletionItem

from wireroom.sink import installed_sinks


class Moment(click.ParamType[datetime]):
    """A date and time of RFC 3339; without a time zone it would be anybody's guess."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)  # beyond the years 1 and 9999 there is no such time
        except (ValueError, OverflowError):
            pass
        self.fail(f"{value!r} is no date and time with its zone, such as 2026-03-01T09:30:00Z", param, ctx)


class WorkerName(click.ParamType[str]):
    """The name of a worker: of a sink, or notify."""

    name = "worker"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The workers that can be meant."""
        return [CompletionItem(name) for name in (*installed_sinks(), "notify") if name.startswith(incomplete)]


class SinkName(click.ParamType[str]):
    """The name of a sink; a shell completes those that are installed."""

    name = "sink"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The sinks that can be meant."""
        return [CompletionItem(name) for name in installed_sinks() if name.startswith(incomplete)]
