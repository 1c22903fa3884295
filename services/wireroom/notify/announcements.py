"""What the log `documents` says, read once for all subscribers, each of which is at a place of its own."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Condition, Lock
from typing import NamedTuple

from wireroom.codec import decode_change
from wireroom.document import DocumentChanged
from wireroom.errors import Reject
from wireroom.log import DOCUMENTS, Log, Partition

SLICE = 200  # records of one read
_KEPT = 50  # slices in memory: those who are at the head of the log share them


class Announced(NamedTuple):
    """A change at its place in the log."""

    partition: Partition
    offset: int
    change: DocumentChanged


class _Slice(NamedTuple):
    changes: Sequence[Announced]
    next: int


Cursor = Mapping[int, int]  # number of a partition -> the offset that is read next


class Announcements:
    """Safe to use from several threads; one of them calls `look`, and so wakes those that wait."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._slices: OrderedDict[tuple[Partition, int], _Slice] = OrderedDict()
        self._lock = Lock()
        self._changed = Condition()
        self._woken = 0
        self.ends: Mapping[int, int] = {}

    def look(self) -> None:
        """See how far the log goes now. Raises RetryAfter."""
        ends = {partition.number: self._log.end(partition) for partition in self._log.partitions(DOCUMENTS)}
        with self._changed:
            self.ends = ends
            self._changed.notify_all()

    def wait(self, cursor: Cursor, timeout: float) -> None:
        """Until there may be more after a place, at most `timeout` seconds."""
        with self._changed:
            woken = self._woken
            self._changed.wait_for(lambda: self._woken != woken or self._more(cursor), timeout)

    def sleep(self, seconds: float) -> None:
        """For so long, or until `wake`."""
        with self._changed:
            woken = self._woken
            self._changed.wait_for(lambda: self._woken != woken, seconds)

    def wake(self) -> None:
        """Let all that wait or sleep look around."""
        with self._changed:
            self._woken += 1
            self._changed.notify_all()

    def after(self, cursor: Cursor) -> tuple[Sequence[Announced], Cursor]:
        """What comes next, and the place after it; nothing at the end of the log. Raises RetryAfter, UnknownSchema."""
        changes: list[Announced] = []
        places = dict(cursor)
        for number, offset in cursor.items():
            if offset < self.ends.get(number, 0):
                found = self._slice(Partition(DOCUMENTS, number), offset)
                changes += found.changes
                places[number] = found.next
        return changes, places

    def _more(self, cursor: Cursor) -> bool:
        return any(cursor.get(number, 0) < end for number, end in self.ends.items())

    def _slice(self, partition: Partition, offset: int) -> _Slice:
        with self._lock:
            held = self._slices.get((partition, offset))
            if held is None:
                held = self._read(partition, offset)
                self._slices[partition, offset] = held
            while len(self._slices) > _KEPT:
                self._slices.popitem(last=False)
            return held

    def _read(self, partition: Partition, offset: int) -> _Slice:
        records = self._log.read(partition, offset, SLICE)
        changes = []
        for record in records:
            try:
                changes.append(Announced(partition, record.offset, decode_change(record.value)))
            except Reject:
                continue  # the worker makes a dead letter of it
        return _Slice(changes, records[-1].offset + 1 if records else max(offset, self.ends.get(partition.number, 0)))
