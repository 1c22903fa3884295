"""`wireroom status`: how far each worker is, and whether it is well."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import click

from wireroom.cli._letters import letters
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._running import NOTIFY
from wireroom.cli._settings import with_settings
from wireroom.cli._subscribers import Subscriber, line, subscribers_of
from wireroom.clock import SECOND, SystemClock, moment
from wireroom.codec import decode_change
from wireroom.config import Settings
from wireroom.connect import open_log, open_store
from wireroom.document import DocumentChanged
from wireroom.errors import Red, Reject
from wireroom.health import state_of
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Log
from wireroom.sink import installed_sinks
from wireroom.store import Store

TAIL = 2000  # of the newest announcements, in which a worker's last document is looked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker is in one partition. `position`: the next offset that it will read; None when it never did."""

    partition: str
    position: int | None
    end: int

    @property
    def lag(self) -> int:
        """Records that it has not dealt with."""
        return self.end - (self.position or 0)


@dataclass(frozen=True, slots=True)
class Status:
    """One worker. `state`: green, red, stopped, or unknown when it never ran; times in microseconds since the epoch."""

    worker: str
    state: str
    reason: str
    since: int | None
    places: tuple[Place, ...]
    document: DocumentChanged | None
    dead_letters: int
    subscribers: tuple[Subscriber, ...] = ()

    @property
    def lag(self) -> int:
        """In all partitions."""
        return sum(place.lag for place in self.places)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def command(settings: Settings, as_json: bool) -> int:
    """Show how far each worker is.

    Its position, lag, last document and dead letters. Exit code 1 when one is red.
    """
    with closing(open_log(settings.log.url, settings.log.prefix, False, settings.log.security)) as log:
        store = open_store(settings.store.url)
        found = list(statuses(log, store, tuple(subscribers_of(settings, log, store))))
    now = SystemClock().now()
    click.echo(json.dumps([_object(each) for each in found]) if as_json else "\n".join(lines(found, now)))
    return FINDINGS if any(each.state == "red" for each in found) else DONE


def statuses(log: Log, store: Store, told: tuple[Subscriber, ...] = ()) -> Iterator[Status]:
    """The state of every worker that is installed or has left something."""
    newest = _newest_documents(log)
    dead = Counter(letter.worker for letter in letters(log) if not letter.redriven)
    for worker in sorted({*installed_sinks(), *newest, *dead, *([NOTIFY] if told else [])}):
        places = tuple(_places(log, worker))
        subscribers = told if worker == NOTIFY else ()
        yield Status(worker, *state_of(store, worker), places, newest.get(worker), dead[worker], subscribers)


def _places(log: Log, worker: str) -> Iterator[Place]:
    for topic in (DOCUMENTS,) if worker == NOTIFY else (ARTICLES, BACKFILL):
        for partition in log.partitions(topic):
            commit = log.committed(worker, partition)
            yield Place(f"{topic}/{partition.number}", commit.offset if commit else None, log.end(partition))


def _newest_documents(log: Log) -> Mapping[str, DocumentChanged]:
    newest: dict[str, DocumentChanged] = {}
    for partition in log.partitions(DOCUMENTS):
        for record in log.read(partition, max(0, log.end(partition) - TAIL), TAIL):
            try:
                change = decode_change(record.value)
            except (Reject, Red):
                continue  # a newer version's: it will tell
            if change.worker not in newest or newest[change.worker].changed_at <= change.changed_at:
                newest[change.worker] = change
    return newest


def _object(status: Status) -> dict[str, object]:
    document = status.document
    return {
        "worker": status.worker,
        "state": status.state,
        "reason": status.reason,
        "since": _iso(status.since),
        "lag": status.lag,
        "partitions": [asdict(place) | {"lag": place.lag} for place in status.places],
        "document": document
        and {"key": document.key, "generation": document.generation, "at": _iso(document.changed_at)},
        "dead_letters": status.dead_letters,
    } | ({"subscribers": [asdict(each) for each in status.subscribers]} if status.subscribers else {})


def _iso(time: int | None) -> str | None:
    return None if time is None else moment(time).isoformat(timespec="seconds")


def lines(found: Sequence[Status], now: int) -> Iterator[str]:
    """What a person reads, as of `now`."""
    for status in found:
        places = ", ".join(
            f"{p.partition} at {'-' if p.position is None else p.position} of {p.end}" for p in status.places
        )
        yield f"{click.style(f'{status.worker:10}', bold=True)} {_colored(status.state)}  lag {status.lag}  ({places})"
        if status.reason:
            yield f"{'':10} {status.reason}"
        for subscriber in status.subscribers:
            yield f"{'':10} {line(subscriber, now)}"
        document = status.document
        told = f"{document.key}, {_ago(now - document.changed_at)}" if document else "none"
        yield f"{'':10} last document: {told}; dead letters: {status.dead_letters}"


def _colored(state: str) -> str:
    return click.style(state, fg={"green": "green", "red": "red"}.get(state))


def _ago(time: int) -> str:
    seconds = max(0, time // SECOND)
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {name} ago"
    return f"{seconds} s ago"
