"""Records that cannot be used: kept, with origin, reason and every fault, on the log `dead-letters`."""

from wireroom.errors import Red, Reject
from wireroom.letter import dead_letter
from wireroom.log import DEAD_LETTERS, Log, Message, Partition, Record

SAMPLE = 100  # more than half of so many bad records: the fault is ours, not theirs


class DeadLetters:
    """Collects rejected records until they are written, which must be before their offsets are committed."""

    def __init__(self, log: Log, worker: str) -> None:
        self._log = log
        self._worker = worker
        self._pending: dict[tuple[Partition, int], Message] = {}  # a batch that is read again rejects again
        self._verdicts: dict[tuple[Partition, int], bool] = {}  # whether each of the last records judged was bad

    def accept(self, record: Record) -> None:
        """A record is good, as far as is known: once more is, it is judged again."""
        self._judge(record, is_bad=False)

    def reject(self, record: Record, reason: Reject) -> None:
        """A record was bad. Raises Red, and writes nothing more, when most of the last ones were."""
        self._pending[record.partition, record.offset] = letter(record, self._worker, reason)
        self._judge(record, is_bad=True)
        if len(self._verdicts) == SAMPLE and sum(self._verdicts.values()) > SAMPLE // 2:
            raise Red(
                f"more than half of the last {SAMPLE} records were bad, the last one because of {reason}",
                "mend the producer or this worker and start again; nothing was skipped",
            )

    def _judge(self, record: Record, is_bad: bool) -> None:
        place = record.partition, record.offset
        self._verdicts.pop(place, None)
        self._verdicts[place] = is_bad
        if len(self._verdicts) > SAMPLE:
            del self._verdicts[next(iter(self._verdicts))]

    def write(self) -> None:
        """Make them durable. Raises RetryAfter."""
        if self._pending:
            self._log.append(DEAD_LETTERS, list(self._pending.values()))
            self._pending.clear()


def letter(record: Record, worker: str, reason: Reject) -> Message:
    """The dead letter of a record, with its place in the log."""
    return dead_letter(
        Message(record.key, record.value, record.headers),
        reason,
        worker=worker,
        topic=record.partition.topic,
        partition=str(record.partition.number),
        offset=str(record.offset),
        timestamp=str(record.timestamp),
    )
