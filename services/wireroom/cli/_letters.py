"""Dead letters as the log `dead-letters` has them.

A letter that was redriven is marked by a further record, so that it is not redriven twice by accident; the mark names
where the rejected record was, and so holds for the letters that other workers wrote about the same record.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireroom.config import Settings
from wireroom.errors import Fault
from wireroom.ingest.hooks import Outcome, Verdict
from wireroom.ingest.hooks.receive import ORIGIN, again
from wireroom.letter import CUT
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Log, Message, Record

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
    timestamp: int
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
        timestamp=int(said.get("timestamp", record.timestamp)),
        redriven=origin in redriven,
    )


def redrive(log: Log, chosen: Sequence[Letter], settings: Settings) -> int:
    """Append what was rejected to where it came from, once for all workers that rejected it; how many records.

    What a hook sent is mapped again, by the settings of now; what cannot be mapped is another letter. What is not there
    whole, and what no hook takes any more, is left out.
    The marks come last: a crash before them repeats an event, which does no harm. Raises RetryAfter.
    """
    by_origin = {letter.origin: letter for letter in chosen if CUT not in letter.record.headers}
    count = 0
    for letter in by_origin.values():
        outcome = _restored(letter, settings)
        if outcome.verdict is not Verdict.UNKNOWN:
            if outcome.messages:
                log.append(outcome.topic, outcome.messages)
            log.append(DEAD_LETTERS, [Message(letter.record.key, b"", {REDRIVEN: letter.origin.encode()})])
            count += 1
    return count


def _restored(letter: Letter, settings: Settings) -> Outcome:
    if letter.topic == DOCUMENTS:
        return Outcome(Verdict.UNKNOWN)  # an announcement that somebody could not be told: `wireroom notify replay`
    if not letter.topic.startswith(ORIGIN):
        return Outcome(Verdict.ACCEPTED, letter.topic, [letter.original()])
    later = letter.timestamp + 1  # another letter about it must have another origin, or it would count as redriven
    return again(settings, letter.topic, letter.record.value, later)
