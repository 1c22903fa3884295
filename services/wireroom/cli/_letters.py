"""Dead letters as the log `dead-letters` has them.

A letter that was redriven is marked by a further record, so that it is not redriven twice by accident; the mark names
where the rejected record was, and so holds for the letters that other workers wrote about the same record.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireroom.errors import Fault
from wireroom.letter import CUT
from wireroom.log import DEAD_LETTERS, Log, Message, Record

OURS = "wireroom."
REDRIVEN = "wireroom.redriven"
_SLICE = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that a worker rejected. `id`: its place among the letters; `origin`: the place of what was rejected."""

    id: str
    record: Record
    worker: str
    rule: str
    faults: tuple[Fault, ...]
    topic: str
    origin: str
    redriven: bool

    def original(self) -> Message:
        """The rejected record as it was."""
        headers = {name: value for name, value in self.record.headers.items() if not name.startswith(OURS)}
        return Message(self.record.key, self.record.value, headers)


def letters(log: Log) -> list[Letter]:
    """All dead letters, oldest first."""
    records = list(_records(log))
    redriven = {mark.decode() for record in records if (mark := record.headers.get(REDRIVEN))}
    return [_letter(record, redriven) for record in records if REDRIVEN not in record.headers]


def _records(log: Log) -> Iterator[Record]:
    for partition in log.partitions(DEAD_LETTERS):
        offset = 0
        while records := log.read(partition, offset, _SLICE):
            yield from records
            offset = records[-1].offset + 1


def _letter(record: Record, redriven: set[str]) -> Letter:
    said = {name.removeprefix(OURS): value.decode("utf-8", "replace") for name, value in record.headers.items()}
    topic = said.get("topic", "")
    origin = f"{topic}/{said.get('partition')}/{said.get('offset')}"
    return Letter(
        id=f"{record.partition.number}/{record.offset}",
        record=record,
        worker=said.get("worker", ""),
        rule=said.get("rule", ""),
        faults=tuple(Fault(**fault) for fault in json.loads(said.get("faults", "[]"))),
        topic=topic,
        origin=origin,
        redriven=origin in redriven,
    )


def redrive(log: Log, chosen: Sequence[Letter]) -> int:
    """Append what was rejected to where it came from, once for all workers that rejected it; how many records.

    What is not there whole is left out.
    The marks come last: a crash before them repeats an event, which does no harm. Raises RetryAfter.
    """
    by_origin = {letter.origin: letter for letter in chosen if CUT not in letter.record.headers}
    for letter in by_origin.values():
        log.append(letter.topic, [letter.original()])
        log.append(DEAD_LETTERS, [Message(letter.record.key, b"", {REDRIVEN: letter.origin.encode()})])
    return len(by_origin)
