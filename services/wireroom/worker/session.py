"""One membership of the consumer group: poll -> decode -> merge -> publish -> announce -> commit.

A step:

    FirstReader.poll          records of owned partitions, live ones first; partitions come and go only here
    Assignment.update         editions of new partitions are loaded, claimed and verified
    FirstReader.read          record -> arrival (or a dead letter) -> every live edition that it touches
    DocumentWriter.merge      documents that are their own edition
    SecondReader.step         the second reader goes on, for editions that are behind
    Assignment.publish        what is due: the edition, then its documents
    Log.append                what became durable is announced on `documents`; dead letters
    Consumer.commit           up to the first offset that is not yet published everywhere

A step that meets RetryAfter changes no position: what it did not finish is done by the next one.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from uuid import uuid4

from wireroom import codec
from wireroom.clock import SECOND, Clock, SteadyClock
from wireroom.config import Settings
from wireroom.edition import Change
from wireroom.errors import Fenced, Red, RetryAfter
from wireroom.event import ArticleEvent
from wireroom.health import Health
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Commit, Consumer, Log, Message, Partition, Record
from wireroom.sink import Definition, Sink
from wireroom.store import Store
from wireroom.worker.assignment import Assignment
from wireroom.worker.catchup import SLICE, SecondReader
from wireroom.worker.deadletters import DeadLetters
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.intake import Intake
from wireroom.worker.live import Outside
from wireroom.worker.memory import Memory
from wireroom.worker.owned import Owned, drop_roster, write_roster
from wireroom.worker.publications import Publications
from wireroom.worker.quarantine import GivenUp, Quarantine
from wireroom.worker.reader import FirstReader, Pace, Waiting, Winner

CHUNK = 8  # documents that one thread writes in a row
PART = 64  # records that are read before their documents are begun
COMMIT = SECOND // 4  # between two commits while records come: nothing is lost by it, less is read again
IDLE = 0.5  # seconds between two looks at the clock when nothing arrives
log = logging.getLogger(__name__)


class Session:
    """A member of the group `sink.name`, driven step by step by one thread."""

    def __init__(
        self,
        sink: Sink,
        events: Log,
        consumer: Consumer,
        store: Store,
        settings: Settings,
        clock: Clock,
        executor: Executor | None,
    ) -> None:
        self.sink = sink
        self.log = events
        self.consumer = consumer
        self.store = store
        self.clock = steady = SteadyClock(clock)
        self.health = Health(store, clock, sink.name)
        self.documents = DocumentWriter(store, steady, sink.name)
        self.publications = Publications(settings, store)
        self.letters = DeadLetters(events, sink.name)
        self.intake = Intake(sink, self.publications, self.letters, GivenUp(store, sink.name))
        self.map = executor.map if executor else map
        self.member = uuid4().hex
        self.memory = Memory(store, steady, sink.name, lambda publication: self.assignment.share(publication))
        self.outside = outside = Outside(
            store=store,
            clock=steady,
            documents=self.documents,
            publications=self.publications,
            worker=sink.name,
            member=self.member,
            reread=self._reread,
            newest=self.memory.newest,
            adopted=self.memory.outdate,
            remember=self.memory.save,
            fence=self._fence,
            map=self.map,
        )
        self.assignment = Assignment(sink, events, settings, self.publications, outside, self._fence)
        self.quarantine = Quarantine(store, sink.name, self.member)
        pace = Pace(steady, interval=round(settings.flush_interval * SECOND))
        self.reader = FirstReader(sink, consumer, self.intake, self.assignment, self.quarantine, self.memory.of, pace)
        self.second = SecondReader(
            self.assignment, events, self.intake, outside, self._withdraw, self.quarantine, self._fence
        )
        self._announcements: list[Message] = []
        self._held_until = 0
        self._commit_at = 0
        self._writes_direct = False
        self._begun: list[tuple[Waiting, Iterable[None]]] = []  # direct documents on their way to the store

    # ---- the loop ----------------------------------------------------------------------------------------------

    def run(self, stopping: Callable[[], bool], drain: bool, progress: Callable[[int], None]) -> bool:
        """Step until `stopping`, or with `drain` until nothing is left; True then.

        Raises Fenced when another member took over, Red when only a person can help.
        """
        try:
            wait = not drain
            while not stopping():
                before = self.position
                idle = self.step(wait)
                progress(self.position - before)
                if drain and idle and self._drained():
                    break
                wait = idle or not drain
            self._end()
        except Red as red:
            self.health.red(str(red))
            self._survive()
            raise
        except Fenced:
            self._survive()
            raise
        return True

    @property
    def position(self) -> int:
        """How many offsets of the partitions that it owns lie below where it is."""
        return sum(owned.position for owned in self.assignment.owned.values())

    def _end(self) -> None:
        """Stop in order; what cannot be finished now is not committed, and done again by the next worker."""
        if self._is_held:
            log.warning("%s: stopped while the outside is unwell, nothing is lost", self.sink.name)
            self._survive()
            return
        try:
            self.finish()
            self.quarantine.close()
            if self.assignment.owned:
                self.health.stopped()
        except RetryAfter as unwell:
            log.warning("%s: stopped with work in hand, nothing is lost: %s", self.sink.name, unwell)
            self._survive()

    def _survive(self) -> None:
        """Say that no record was to blame; while the store is away the next owner must suspect one."""
        with suppress(RetryAfter, Red):
            self.quarantine.survive()

    def step(self, wait: bool = True) -> bool:
        """One turn; whether nothing was left to do before it."""
        try:
            if self._is_held:
                self._wait_out()
                return False
            return self._turn(wait)
        except RetryAfter as unwell:
            self._hold(unwell)
            return False

    @property
    def _is_held(self) -> bool:
        return self.clock.now() < self._held_until

    def _hold(self, unwell: RetryAfter) -> None:
        log.warning("%s: %s; trying again in %g s", self.sink.name, unwell, unwell.seconds)
        self._held_until = self.clock.now() + round(unwell.seconds * SECOND)
        for owned in self.assignment.owned.values():
            self.consumer.seek(owned.partition, owned.position)

    def _wait_out(self) -> None:
        """Stay a member while it is held. A log that is away, too, makes it no longer, and no shorter."""
        seconds = min((self._held_until - self.clock.now()) / SECOND, IDLE)
        end = time.monotonic() + seconds
        try:
            self.reader.take_nothing(seconds)
        except RetryAfter:
            time.sleep(max(0.0, end - time.monotonic()))

    def _turn(self, wait: bool) -> bool:
        records = self._poll(wait)
        if changed := self.assignment.update(self.consumer):
            self._start_anew()
            records = ()
        self.outside.check_clock()  # before anything is decided by it
        self.quarantine.follow(self.assignment.owned.values())
        self.quarantine.begin(records)
        self._read(records)
        self._write_direct()
        catching_up = self.second.step(bool(self.reader.backlog))
        self._publish()
        idle = not (changed or records or catching_up)
        if idle or self.clock.now() >= self._commit_at:
            self._commit()
        self._tell_health()
        return idle

    def _poll(self, wait: bool) -> Sequence[Record]:
        """The next records; none while editions are still to be loaded."""
        if self.assignment.loading:
            self.reader.take_nothing(0)
            return ()
        return self.reader.poll(self._timeout() if wait else 0)

    def _read(self, records: Sequence[Record]) -> None:
        """Merge records; documents that are their own edition are begun meanwhile, once it is known that there are."""
        part = PART if self._writes_direct else len(records)  # a fold of many costs little more than one of few
        for start in range(0, len(records), part or 1):
            self.reader.read(records[start : start + part])
            self._begin_direct()

    def finish(self) -> None:
        """Publish and commit what is in hand."""
        self._write_direct()
        for live in list(self.assignment.editions.values()):
            if live.dirty:
                self.assignment.publish(live)
        self._commit()

    def _drained(self) -> bool:
        """Whether this group, not only this member, has worked through the log. Raises Red when it never will."""
        if self._red:
            raise Red(self._red, "nothing was skipped; it goes on by itself once that is done")
        try:
            self.finish()
            if any(live.due is not None and live.due <= self.clock.now() for live in self.assignment.editions.values()):
                return False
            return not (self.assignment.refills or self.assignment.behind) and all(
                self._is_done(partition) for topic in (ARTICLES, BACKFILL) for partition in self.log.partitions(topic)
            )
        except RetryAfter as unwell:
            self._hold(unwell)
            return False

    def _is_done(self, partition: Partition) -> bool:
        """Whether nothing is left in a partition; its end may be further on than its last record."""
        offset = (self.log.committed(self.sink.name, partition) or Commit(0)).offset
        return offset >= self.log.end(partition) or not self.log.read(partition, offset, 1)

    def close(self) -> None:
        """Leave the group; while the log is unwell, the lease runs out instead."""
        try:
            self.consumer.close()
        except RetryAfter as unwell:
            log.warning("%s: left the group without a word: %s", self.sink.name, unwell)

    def _start_anew(self) -> None:
        """Others were at work: what they saw is to be read. What waits here is written yet: it does no harm."""
        self.health.forget()
        self.second.follow()
        self.memory.outdate()

    def _timeout(self) -> float:
        """Seconds until something is due."""
        building = (self.assignment.behind or self.assignment.refills) and not self.second.rests
        if self.reader.backlog or building:
            return 0
        times = [t for live in self.assignment.editions.values() for t in (live.flush_at, live.due) if t is not None]
        now = self.clock.now()
        return min(max(0.0, (min(times, default=now + SECOND) - now) / SECOND), IDLE)

    def _reread(self, definition: Definition, since: Mapping[str, int], upto: Mapping[str, int]) -> Iterator[Change]:
        """What this worker merged into an edition and has not published, from the log."""
        partitions = {owned.source: owned.partition for owned in self.assignment.owned.values()}
        for source, offset in since.items():
            while offset < upto.get(source, 0):
                records = self.log.read(partitions[source], offset, min(SLICE, upto[source] - offset))
                known = [each for each in records if each.offset < upto[source]]
                for arrival in self.intake.reread(source, known, tell=True):
                    if arrival.event.publication in definition.sources:
                        yield arrival.change(definition)
                offset = records[-1].offset + 1 if records else upto[source]

    # ---- publishing --------------------------------------------------------------------------------------------

    def _begin_direct(self) -> None:
        if waiting := dict(self.reader.direct):
            self._writes_direct = True
            self.reader.direct.clear()
            winners = list(waiting.values())
            chunks = [winners[at : at + CHUNK] for at in range(0, len(winners), CHUNK)]
            self._begun.append((waiting, self.map(self._merge_direct, chunks)))

    def _write_direct(self) -> None:
        """Returns when all that was read is written. Raises RetryAfter: then all that was begun is written again."""
        self._begin_direct()
        begun, self._begun = self._begun, []
        try:
            for _, written in begun:
                list(written)
        except RetryAfter:
            for waiting, _ in begun:
                self.reader.keep_direct(waiting)
            raise

    def _merge_direct(self, chunk: Sequence[Winner]) -> None:
        for winner in chunk:
            self.documents.merge(winner.direct, self.publications, archived=winner.archived)

    def _withdraw(self, event: ArticleEvent) -> None:
        if (direct := self.sink.direct(event)) is not None:
            self.documents.merge(direct, self.publications)

    def _publish(self) -> None:
        """Publish every edition that is due, by an event or by the clock."""
        now, caught_up = self.clock.now(), not self.reader.backlog
        for live in list(self.assignment.editions.values()):
            if live.dirty and caught_up:
                live.flush_by(self.reader.soon(live))
            times = [time for time in (live.flush_at, live.due) if time is not None]
            if live.key not in self.assignment.behind and times and min(times) <= now:
                self.quarantine.suspect_nobody()
                self.assignment.publish(live)

    @property
    def _red(self) -> str | None:
        """Why something waits until a person acts; None when nothing does."""
        return self.reader.red or self.second.red

    def _tell_health(self) -> None:
        if self._red:
            self.health.red(self._red)
        else:
            self.health.green()

    # ---- committing --------------------------------------------------------------------------------------------

    def _fence(self) -> None:
        """Confirm that every partition is still ours. Raises Fenced."""
        self.consumer.commit({owned.partition: owned.committed for owned in self.assignment.owned.values()})

    def _commit(self) -> None:
        self._announce()
        self.letters.write()
        if any(owned.changed or self._done(owned) > owned.committed.offset for owned in self.assignment.owned.values()):
            self.memory.save()  # what it tells may hold the commit back
        commits = {owned.partition: self._next_commit(owned) for owned in self.assignment.owned.values()}
        news = {p: c for p, c in commits.items() if c != self.assignment.owned[p].committed}
        if news:
            self.memory.forget_old()
            self.consumer.commit(news)
            old = {owned.committed.metadata for owned in self.assignment.owned.values()}
            for partition, commit in news.items():
                self.assignment.owned[partition].committed = commit
            for digest in old - {owned.committed.metadata for owned in self.assignment.owned.values()}:
                drop_roster(self.store, self.sink.name, digest)
        self._commit_at = self.clock.now() + COMMIT
        for owned in self.assignment.owned.values():
            owned.changed = False  # only now: a commit that fails is made again with its roster

    def _done(self, owned: Owned) -> int:
        """The first offset that is merged and not yet published everywhere."""
        waiting = (live.since[owned.source] for live in self.assignment.editions.values() if owned.source in live.since)
        return min(waiting, default=owned.position)

    def _next_commit(self, owned: Owned) -> Commit:
        offset = self._done(owned)
        if not owned.changed:
            return Commit(offset, owned.committed.metadata)
        return Commit(offset, write_roster(self.store, self.sink.name, self.member, owned))

    def _announce(self) -> None:
        self._announcements += [codec.encode_change(change) for change in self.documents.take_changes()]
        if self._announcements:
            self.log.append(DOCUMENTS, self._announcements)
            self._announcements.clear()
