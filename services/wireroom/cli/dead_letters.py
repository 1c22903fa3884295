"""`wireroom dead-letters`: look at what was rejected, and send it again once its cause is mended."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict

import click

from wireroom.cli._letters import Letter, letters, redrive
from wireroom.cli._outcome import DONE
from wireroom.cli._settings import with_settings
from wireroom.clock import moment
from wireroom.codec import decode, decode_change
from wireroom.config import Settings
from wireroom.connect import foreign_events, open_log
from wireroom.errors import Red, Reject
from wireroom.log import Log

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_worker = click.option("--worker", help="Only those of one worker.")


@click.group()
def command() -> None:
    """Records that could not be used: list, show, redrive."""


def opened(settings: Settings) -> closing[Log]:
    """The log, which must be there."""
    return closing(open_log(settings.log.url, settings.log.prefix, False, settings.log.security))


@command.command("list")
@_worker
@click.option("--all", "redriven_too", is_flag=True, help="Also those that were redriven.")
@_json
@with_settings
def list_(settings: Settings, worker: str | None, redriven_too: bool, as_json: bool) -> int:
    """List dead letters, oldest first."""
    with opened(settings) as log:
        found = [letter for letter in letters(log) if worker in (None, letter.worker)]
    shown = [letter for letter in found if redriven_too or not letter.redriven]
    if as_json:
        click.echo(json.dumps([summary(letter) for letter in shown]))
    elif shown:
        click.echo("\n".join(map(line, shown)))
    else:
        click.echo("no dead letters")
    return DONE


@command.command()
@click.argument("letter_id", metavar="ID")
@_json
@with_settings
def show(settings: Settings, letter_id: str, as_json: bool) -> int:
    """Show a dead letter: where it came from, why it was rejected, what is in it."""
    with opened(settings) as log:
        letter = _chosen(letters(log), [letter_id])[0]
    with foreign_events(settings.registry):
        click.echo(json.dumps(summary(letter) | {"event": content(letter)}) if as_json else "\n".join(page(letter)))
    return DONE


@command.command("redrive")
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--all", "every", is_flag=True, help="All of them.")
@_worker
@click.option("--again", is_flag=True, help="Also what was redriven before.")
@_json
@with_settings
def redrive_(
    settings: Settings, ids: Sequence[str], every: bool, worker: str | None, again: bool, as_json: bool
) -> int:
    """Append rejected records to the log they came from again, where all workers read them.

    What a hook could not map is mapped again, by the mapping of now. What was redriven before is left out, unless
    --again is given.
    """
    if bool(ids) == every:
        raise click.UsageError("name the letters by their ids, or all of them by --all")
    with opened(settings) as log:
        found = letters(log)
        chosen = found if every else _chosen(found, ids)
        count = redrive(
            log, [each for each in chosen if worker in (None, each.worker) and (again or not each.redriven)], settings
        )
    click.echo(json.dumps({"redriven": count}) if as_json else f"redriven: {count}")
    return DONE


def _chosen(found: Sequence[Letter], ids: Sequence[str]) -> list[Letter]:
    by_id = {letter.id: letter for letter in found}
    if unknown := [each for each in ids if each not in by_id]:
        raise click.UsageError(f"there is no dead letter {', '.join(unknown)}; `wireroom dead-letters list` shows them")
    return [by_id[each] for each in ids]


def summary(letter: Letter) -> dict[str, object]:
    """A letter as JSON, without what is in it."""
    return {
        "id": letter.id,
        "at": moment(letter.record.timestamp).isoformat(),
        "worker": letter.worker,
        "key": letter.record.key,
        "rule": letter.rule,
        "faults": [asdict(fault) for fault in letter.faults],
        "origin": letter.origin,
        "redriven": letter.redriven,
    }


def line(letter: Letter) -> str:
    """A letter in one line."""
    more = f" (and {len(letter.faults) - 1} more)" if len(letter.faults) > 1 else ""
    why = f"{letter.faults[0]}{more}" if letter.faults else ""
    at = moment(letter.record.timestamp).isoformat(timespec="seconds")
    again = "  [redriven]" if letter.redriven else ""
    return f"{letter.id:8} {at}  {letter.worker:9} {letter.record.key:20} {letter.rule}  {why}{again}".rstrip()


def page(letter: Letter) -> Iterator[str]:
    """A letter in full."""
    for name, value in summary(letter).items():
        if name != "faults":
            yield f"{name + ':':10} {value}"
    for fault in letter.faults:
        yield f"fault:     {fault}"
    yield from ("", json.dumps(content(letter), ensure_ascii=False, indent=2))


def content(letter: Letter) -> object:
    """The event, or the announcement of a document, or the JSON that a hook sent, or the bytes of what is neither."""
    try:
        return decode(letter.record.value).model_dump(mode="json")
    except (Reject, Red):
        pass
    try:
        return decode_change(letter.record.value)._asdict()
    except (Reject, Red):
        pass
    try:
        return json.loads(letter.record.value)
    except (ValueError, RecursionError):
        return {"hex": letter.record.value.hex()}
