"""A record that kills the process: found by what a dead worker left unfinished, isolated, given up after three tries.

A worker leaves a mark when it takes a partition and removes it when it lets go. One that finds a mark knows that the
last one died: it goes one record at a time where the killer may be, and says before each which one it is. What a
rebuild reads it also renders, each slice by itself: so a killer is found that kills only there.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from pydantic_core import from_json, to_json

from wireroom.errors import Conflict, OutcomeUnknown, RetryAfter
from wireroom.log import Partition, Record
from wireroom.store import Store

ATTEMPTS = 20
JSON = "application/json"
TRIES = 3
CAREFUL = 100  # records after the committed offset that are taken one at a time after a death


@dataclass(slots=True)
class Mark:
    """What was being worked on: a batch of offsets, or one `suspect` that `deaths` workers in a row died of.

    `by`: who wrote it, so that no two members' marks are equal.
    """

    first: int = 0
    last: int = -1
    suspect: int | None = None
    deaths: int = 0
    by: str = ""


class GivenUp:
    """The records that killed often enough: nobody reads them again, a rebuild neither."""

    def __init__(self, store: Store, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._offsets: dict[Partition, set[int]] = {}

    def __contains__(self, record: Record) -> bool:
        partition = record.partition
        if partition not in self._offsets:
            stored = self._store.get(self._key(partition))
            self._offsets[partition] = set(from_json(stored.body)) if stored else set()
        return record.offset in self._offsets[partition]

    def add(self, record: Record) -> None:
        """Give a record up, durably."""
        key = self._key(record.partition)
        stored = self._store.get(key)
        offsets = {record.offset, *(from_json(stored.body) if stored else ())}
        self._store.put(key, to_json(sorted(offsets)), stored.etag if stored else None, JSON)
        self._offsets[record.partition] = offsets

    def _key(self, partition: Partition) -> str:
        return f"editions/{self._worker}/_quarantine/{partition.topic}-{partition.number}.json"


class Quarantine:
    """Watches over the partitions of one session."""

    def __init__(self, store: Store, worker: str, member: str) -> None:
        self._store = store
        self._worker = worker
        self._member = member
        self._found: dict[Partition, Mark | None] = {}  # what the last owner left; None: it stopped in order
        self._committed: dict[Partition, int] = {}
        self._etags: dict[Partition, str] = {}  # of the marks of this worker

    def watch(self, partitions: Mapping[Partition, int]) -> None:
        """Watch exactly these partitions, each with its committed offset."""
        self._let_go([partition for partition in self._found if partition not in partitions])
        for partition, committed in partitions.items():
            if partition not in self._etags:
                self._take(partition)
            self._committed[partition] = committed

    def _take(self, partition: Partition) -> None:
        key = self._key(partition)
        for _ in range(ATTEMPTS):
            stored = self._store.get(key)
            found = Mark(**from_json(stored.body)) if stored else None
            with suppress(Conflict):  # whoever had it before still writes
                self._put(partition, found or Mark(), stored.etag if stored else None)
                self._found[partition] = found
                return
        raise RetryAfter(f"too many writers at {key}")

    @property
    def warned(self) -> bool:
        """Whether the last owner of any partition died."""
        return any(found is not None for found in self._found.values())

    def careful(self, partition: Partition, position: int) -> bool:
        """Whether the record at `position` must be taken alone."""
        mark = self._found.get(partition)
        if mark is None:
            return False
        return position < self._committed[partition] + CAREFUL or self.died_in(partition, position)

    def died_in(self, partition: Partition, position: int) -> bool:
        """Whether the last owner died while it worked on a batch with this record in it."""
        mark = self._found.get(partition)
        return mark is not None and (mark.first <= position <= mark.last or mark.suspect == position)

    def begin(self, records: Sequence[Record]) -> None:
        """Say what is about to be worked on, if the last owner died."""
        for partition in {record.partition for record in records}:
            if (found := self._found.get(partition)) is not None:
                offsets = [record.offset for record in records if record.partition == partition]
                self._write(partition, self._mark(found, offsets))

    def suspect_nobody(self) -> None:
        """What is done next is not about one record: a death there must not be blamed on the last one."""
        for partition, found in self._found.items():
            if found is not None:
                self._write(partition, Mark(found.first, found.last))

    @staticmethod
    def _mark(found: Mark, offsets: Sequence[int]) -> Mark:
        if len(offsets) > 1:
            return Mark(first=min(offsets), last=max(offsets))
        deaths = found.deaths if found.suspect == offsets[0] else 0
        return Mark(found.first, found.last, suspect=offsets[0], deaths=deaths + 1)

    def condemned(self, record: Record) -> bool:
        """Whether this record has killed often enough. The death that left no suspect counts as the first."""
        mark = self._found.get(record.partition)
        return mark is not None and mark.suspect == record.offset and mark.deaths >= TRIES - 1

    def close(self) -> None:
        """This worker stops in order."""
        self._let_go(list(self._found))

    def _let_go(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            with suppress(Conflict):  # another member took it over and watches it now
                self._store.delete(self._key(partition), self._etags[partition])
            del self._found[partition], self._etags[partition]

    def _write(self, partition: Partition, mark: Mark) -> None:
        with suppress(Conflict):  # another member took it over and watches it now
            self._put(partition, mark, self._etags[partition])

    def _put(self, partition: Partition, mark: Mark, etag: str | None) -> None:
        key, body = self._key(partition), to_json(asdict(replace(mark, by=self._member)))
        try:
            self._etags[partition] = self._store.put(key, body, etag, JSON)
        except OutcomeUnknown:
            stored = self._store.get(key)
            if stored is None or stored.body != body:
                raise
            self._etags[partition] = stored.etag

    def _key(self, partition: Partition) -> str:
        return f"editions/{self._worker}/_marks/{partition.topic}-{partition.number}.json"
