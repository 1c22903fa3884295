"""A live line for each event and each document that changed."""

from collections.abc import Sequence
from typing import NamedTuple

import click

from wireroom import codec
from wireroom.cli._letters import OURS, REDRIVEN
from wireroom.cli._running import Running
from wireroom.clock import moment
from wireroom.errors import Red, Reject, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, DOCUMENTS, Log, Partition, Record

EVERY = 0.25  # seconds
AT_ONCE = 100  # lines; of more at a time only their number is told


class Line(NamedTuple):
    """When, what, and about which article or document."""

    time: int
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{moment(self.time).astimezone():%H:%M:%S}  {self.mark:<10} {self.text}"


class Lines:
    """Follows the log from its end."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._seen: dict[str, int] = {}
        topics = (ARTICLES, BACKFILL, DOCUMENTS, DEAD_LETTERS)
        self._at = {p: log.end(p) for topic in topics for p in log.partitions(topic)}

    def show(self, running: Running) -> None:
        """Print until everything has ended."""
        while running.is_alive:
            for line in self.new():
                click.echo(line)
            running.stop.wait(EVERY)

    def new(self) -> list[str]:
        """What has come since the last call. A crowd is counted, not decoded: telling must not slow the work down."""
        records = [record for partition in self._at for record in self._read(partition)]
        if len(records) > AT_ONCE:
            return [f"{len(records)} events and documents"]
        lines = [self._line(record) for record in records]
        return [str(line) for line in sorted(line for line in lines if line)]

    def _read(self, partition: Partition) -> Sequence[Record]:
        records = self._log.read(partition, self._at[partition], 1000)
        if records:
            self._at[partition] = records[-1].offset + 1
        return records

    def _line(self, record: Record) -> Line | None:
        return self._document(record) if record.partition.topic == DOCUMENTS else _told(record)

    def _document(self, record: Record) -> Line | None:
        change = codec.decode_change(record.value)
        if self._seen.get(change.key, 0) >= change.generation:
            return None  # told again after a restart
        self._seen[change.key] = change.generation
        return Line(record.timestamp, "document", f"{change.key}  generation {change.generation}")


def _told(record: Record) -> Line | None:
    if REDRIVEN in record.headers:
        return Line(record.timestamp, "redriven", f"a dead letter from {record.key or 'nobody'}")
    if record.partition.topic == DEAD_LETTERS:
        rule = record.headers.get(f"{OURS}rule", b"").decode()
        return Line(record.timestamp, "dead", f"letter from {record.key or 'nobody'}: {rule}")
    try:
        event = codec.decode(record.value)
    except (Reject, Red, RetryAfter):
        return None  # the dead letter says it, or the worker
    title = event.article.title if event.article else event.note or ""
    return Line(record.timestamp, event.kind.lower(), f"{event.id}@{event.revision}  {title}")
