"""Records that cannot be used: kept, with origin, reason and every fault, on the log `dead-letters`."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict

from wireroom.errors import Fault, Red, Reject
from wireroom.log import DEAD_LETTERS, Log, Message, Partition, Record

LIMIT = 1_000_000  # bytes of a letter: Kafka's default takes a batch of 1,048,588
CUT = "wireroom.cut"  # header: the record had so many bytes, and only their beginning is here
FAULTS = 8_000  # bytes of faults, as JSON, in a letter
SAMPLE = 100  # more than half of so many bad records: the fault is ours, not theirs


class DeadLetters:
    """Collects rejected records until they are written, which must be before their offsets are committed."""

    def __init__(self, log: Log, worker: str) -> None:
        self._log = log
        self._worker = worker
        self._pending: dict[tuple[Partition, int], Message] = {}  # a batch that is read again rejects again
        self._verdicts: deque[bool] = deque(maxlen=SAMPLE)

    def accept(self) -> None:
        """A record was good."""
        self._verdicts.append(False)

    def reject(self, record: Record, reason: Reject) -> None:
        """A record was bad. Raises Red, and writes nothing more, when most of the last ones were."""
        self._pending[record.partition, record.offset] = letter(record, self._worker, reason)
        self._verdicts.append(True)
        if len(self._verdicts) == SAMPLE and sum(self._verdicts) > SAMPLE // 2:
            raise Red(
                f"more than half of the last {SAMPLE} records were bad, the last one because of {reason}",
                "mend the producer or this worker and start again; nothing was skipped",
            )

    def write(self) -> None:
        """Make them durable. Raises RetryAfter."""
        if self._pending:
            self._log.append(DEAD_LETTERS, list(self._pending.values()))
            self._pending.clear()


def letter(record: Record, worker: str, reason: Reject) -> Message:
    """The dead letter of a record: its key, value and headers, and where it came from.

    It always fits: of many faults the first are told; of a record that is too large for any use, the beginning is kept.
    """
    origin = {
        "worker": worker,
        "rule": reason.rule,
        "faults": json.dumps(told(reason.faults), ensure_ascii=False),
        "topic": record.partition.topic,
        "partition": str(record.partition.number),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    headers = {f"wireroom.{name}": value.encode("utf-8", "replace") for name, value in origin.items()}
    whole = Message(record.key, record.value, {**record.headers, **headers})
    if size(whole) <= LIMIT:
        return whole
    bare = Message(record.key[:1000], b"", {**headers, CUT: str(len(record.value)).encode()})
    return bare._replace(value=record.value[: LIMIT - size(bare)])


def told(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """As many faults as there is room for, and how many more there are."""
    found: list[dict[str, str]] = []
    left = FAULTS
    for fault in map(asdict, faults):
        left -= len(json.dumps(fault, ensure_ascii=False).encode("utf-8", "replace"))
        if left < 0:
            return [*found, asdict(Fault("", f"{len(faults) - len(found)} more faults", "none"))]
        found.append(fault)
    return found


def size(message: Message) -> int:
    """How many bytes a message takes in a log, or a few more."""
    headers = sum(len(name.encode()) + len(value) + 10 for name, value in message.headers.items())
    return len(message.key.encode()) + len(message.value) + headers + 100
