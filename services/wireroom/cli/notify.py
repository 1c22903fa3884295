"""`wireroom notify`: tell a webhook again what it was told, or go on with one that had ended."""

from datetime import datetime

import click

from wireroom.cli._options import Moment
from wireroom.cli._settings import with_settings
from wireroom.clock import micros
from wireroom.config import Settings
from wireroom.connect import installed, open_store
from wireroom.errors import Reject


class _Place(click.ParamType["int | datetime"]):
    """A sequence number, or a time."""

    name = "place"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "int | datetime":
        """A number, or a time in UTC."""
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return Moment().convert(value, param, ctx)


@click.group()
def command() -> None:
    """Notifications of a webhook: replay, resume."""


@command.command()
@click.argument("webhook")
@click.option("--from", "start", type=_Place(), required=True, help="A sequence number, or a time.")
@with_settings
def replay(settings: Settings, webhook: str, start: int | datetime) -> None:
    """Tell a webhook again what it was told, under the same numbers.

    From a sequence number on, or from the first change at or after a time; what the last seven days have. Its worker
    hears of it within seconds. A webhook that had ended goes on.
    """
    _known(settings, webhook)
    with installed():
        from wireroom.notify.names import webhook_id
        from wireroom.notify.rewind import rewind
    place = start if isinstance(start, int) else None
    since = micros(start) if isinstance(start, datetime) else None
    try:
        first, last = rewind(open_store(settings.store.url), webhook_id(webhook), place, since)
    except Reject as missing:
        raise click.UsageError("; ".join(map(str, missing.faults))) from missing
    click.echo(f"{webhook} is told {first} to {last} again" if first <= last else f"{webhook} was told nothing since")


@command.command()
@click.argument("webhook")
@with_settings
def resume(settings: Settings, webhook: str) -> None:
    """Go on with a webhook that had ended, or try at once one that waits."""
    _known(settings, webhook)
    with installed():
        from wireroom.notify.names import webhook_id
        from wireroom.notify.rewind import resume as resume_
    resume_(open_store(settings.store.url), webhook_id(webhook))
    click.echo(f"{webhook} is tried again")


def _known(settings: Settings, webhook: str) -> None:
    known = [each.id for each in settings.notify.webhooks]
    if webhook not in known:
        raise click.UsageError(
            f"there is no webhook {webhook} under notify.webhooks; there is {', '.join(known) or 'none'}"
        )
