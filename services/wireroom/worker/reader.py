"""The first reader: polls, live records before archived ones, and merges what arrives into the live editions."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from wireroom import codec
from wireroom.clock import MINUTE, SECOND, Clock
from wireroom.edition import Change
from wireroom.errors import WireroomError
from wireroom.event import Kind, Order
from wireroom.log import BACKFILL, Consumer, Partition, Record
from wireroom.sink import Definition, Direct, Sink
from wireroom.worker.assignment import Assignment
from wireroom.worker.cleaning import cleaned_at_once
from wireroom.worker.intake import Arrival, Intake
from wireroom.worker.live import LiveEdition
from wireroom.worker.owned import Blocked, Owned
from wireroom.worker.quarantine import Quarantine
from wireroom.worker.seen import Seen

BATCH = 500
UNCLEANED = 2_000  # entries that may wait to be cleaned, in all editions: each holds the value of its article meanwhile
DECODED = 32  # records that are decoded in a row: by turns with merging, both take a tenth longer
RECHECK = 30.0  # seconds after which a schema that is not known is looked for again: it may be registered by then
log = logging.getLogger(__name__)


class Backlog:
    """Whether more waits in the log: on the live one, on the archive's."""

    live = False
    archive = False

    def __bool__(self) -> bool:
        return self.live or self.archive


class Pace(NamedTuple):
    """When editions are flushed: at most every `interval` microseconds."""

    clock: Clock
    interval: int


class Winner(NamedTuple):
    """A document to be written, and the order of its event. `archived`: the archive brings its article."""

    order: Order
    direct: Direct
    archived: bool


Waiting = Mapping[str, Winner]  # by key


class FirstReader:
    """Feeds live editions from the partitions that this worker owns."""

    def __init__(
        self,
        sink: Sink,
        consumer: Consumer,
        intake: Intake,
        assignment: Assignment,
        quarantine: Quarantine,
        memory: Callable[[str], Seen],
        pace: Pace,
    ) -> None:
        self.backlog = Backlog()
        self.direct: dict[str, Winner] = {}  # documents without an edition: the winner of each
        self._sink = sink
        self._consumer = consumer
        self._intake = intake
        self._assignment = assignment
        self._memory = memory
        self._pace = pace
        self._quarantine = quarantine
        self._uncleaned = 0  # entries that wait to be cleaned, at most
        self._fed: dict[tuple[Owned, str], list[tuple[Definition, LiveEdition | None]]] = {}  # looked up once a `read`

    @property
    def red(self) -> str | None:
        """Why a partition is paused until a person acts; None when none is."""
        blocked = (owned.blocked for owned in self._assignment.owned.values())
        return next((each.reason for each in blocked if each and each.is_red), None)

    # ---- polling -----------------------------------------------------------------------------------------------

    def poll(self, timeout: float) -> Sequence[Record]:
        """The next records; the archive's only while nothing live waits."""
        owned = self._assignment.owned.values()
        for each in owned:
            each.paused = each.blocked is not None and self._pace.clock.now() < each.blocked.until
        blocked = [o.partition for o in owned if o.paused]
        archive = [o.partition for o in owned if o.partition.topic == BACKFILL]
        live = [o.partition for o in owned if o.partition.topic != BACKFILL]
        limit = 1 if self.careful else BATCH
        before = self._consumer.assignment()
        records = self._poll([*blocked, *archive], 0, limit)
        self.backlog.live = self._lag(live) >= BATCH
        if len(records) < limit and not self.backlog.live:
            archived = self._poll([*blocked, *live], 0, limit)
            self.backlog.archive = len(archived) == limit or self._lag(archive) >= BATCH
            records = [*records, *archived]
        if records or self._consumer.assignment() != before:
            return records
        return self._poll(blocked, timeout, limit)

    def take_nothing(self, timeout: float) -> None:
        """Stay a member for so many seconds, or until the assignment changes."""
        self._poll(list(self._consumer.assignment()), timeout, 1)

    def _poll(self, paused: Sequence[Partition], timeout: float, limit: int) -> Sequence[Record]:
        self._consumer.pause(paused)
        return self._consumer.poll(timeout, limit)

    def _lag(self, partitions: Sequence[Partition]) -> int:
        return sum(self._consumer.lag(p) for p in partitions if not self._assignment.owned[p].paused)

    @property
    def careful(self) -> bool:
        """Whether a record that killed the last worker may come next."""
        return any(self._quarantine.careful(o.partition, o.position) for o in self._assignment.owned.values())

    # ---- merging -----------------------------------------------------------------------------------------------

    def read(self, records: Sequence[Record]) -> None:
        """Merge records into the live editions. Nothing has happened when it raises RetryAfter.

        A record that may have killed the last worker is also cleaned and rendered by itself, while it is the suspect.
        """
        careful = self.careful
        self._fed.clear()
        positions: dict[Partition, int] = {}
        changes: dict[str, list[Change]] = defaultdict(list)
        direct: dict[str, Winner] = {}
        blocked: list[Owned] = []
        for at in range(0, len(records), DECODED):
            for owned, record, arrival in self._arrivals(records[at : at + DECODED], positions, blocked):
                self._sort(arrival, owned, changes)
                if careful:
                    self._try_out(changes)
                self._keep_winner(arrival, direct, record.partition.topic == BACKFILL)
                if self.backlog:
                    arrival.let_go(record.value)
        self._settle(positions, changes, direct)
        for owned in blocked:
            self._consumer.seek(owned.partition, owned.position)  # what follows was delivered, and left
        self._clean()

    def _arrivals(
        self, records: Iterable[Record], positions: dict[Partition, int], blocked: list[Owned]
    ) -> list[tuple[Owned, Record, Arrival]]:
        """What is made of records; notes up to where they were read, and of which partition one could not be."""
        found = []
        for record in records:
            owned = self._assignment.owned.get(record.partition)
            if owned is None or owned.paused or record.offset < positions.get(record.partition, owned.position):
                continue
            arrival = self._accept(owned, record)
            if owned.blocked:
                blocked.append(owned)
                continue
            if arrival is not None:
                found.append((owned, record, arrival))
            positions[record.partition] = record.offset + 1
        return found

    def _clean(self) -> None:
        """Clean what editions hold once it is much; after a death at once, so that a killer kills while suspected."""
        editions, warned = self._assignment.editions.values(), self._quarantine.warned
        if self._uncleaned < UNCLEANED and not warned:
            return
        self._uncleaned = sum(live.uncleaned for live in editions)  # most went as they came
        if self._uncleaned > UNCLEANED // 2 or warned:
            for live in editions:
                live.clean()
            self._uncleaned = 0

    def _accept(self, owned: Owned, record: Record) -> Arrival | None:
        owned.blocked = None
        if self._quarantine.condemned(record):
            self._intake.give_up(record)
            return None
        try:
            return self._intake.accept(owned.source, record)
        except codec.UnknownSchema as red:
            self._block(owned, record, red, RECHECK, is_red=True)
        except codec.RegistryAway as unwell:
            self._block(owned, record, unwell, unwell.seconds, is_red=False)
        return None

    def _block(self, owned: Owned, record: Record, why: WireroomError, seconds: float, *, is_red: bool) -> None:
        """Read nothing more of this partition for a while; the others go on. Only a poll begins it again."""
        owned.paused = True
        reason = f"{record.partition.topic} is paused at offset {record.offset}: {why}"
        log.log(logging.ERROR if is_red else logging.WARNING, "%s: %s", self._sink.name, reason)
        owned.blocked = Blocked(reason, self._pace.clock.now() + round(seconds * SECOND), is_red)

    def _sort(self, arrival: Arrival, owned: Owned, changes: dict[str, list[Change]]) -> None:
        event = arrival.event
        now, strayed = self._pace.clock.now(), self._assignment.came_by(owned, event.publication)
        self._memory(event.publication).note(event, now, strayed)
        for definition, found in self._editions(owned, event.publication):
            live = None if found is None or found.key in self._assignment.behind else found
            change = arrival.change(definition, now)
            if change.entry is not None and not _is_folded(change, live):
                arrival.clean()
            if live is not None and self._touches(change, live, changes):
                changes[live.key].append(change)

    def _editions(self, owned: Owned, publication: str) -> Sequence[tuple[Definition, LiveEdition | None]]:
        """Every edition that selects from a publication; None for one that is behind. One may fall behind meanwhile."""
        if (known := self._fed.get((owned, publication))) is not None:
            return known
        definitions = self._sink.definitions(publication)
        found = self._fed[owned, publication] = [(each, self._assignment.live(each, owned)) for each in definitions]
        owned.meet(publication)
        return found

    def _try_out(self, changes: dict[str, list[Change]]) -> None:
        for key, found in changes.items():
            found[:] = map(cleaned_at_once, found)
            self._assignment.editions[key].try_out(change.entry for change in found if change.entry)

    def _touches(self, change: Change, live: LiveEdition, changes: Mapping[str, Sequence[Change]]) -> bool:
        """Whether the edition selects the article, holds it, is about to, or may hold it by another member's hand."""
        event = change.event
        if change.entry is not None or live.holds(event.id) or live.key in self._assignment.shared:
            return True
        if live.definition.window.archive:
            return True  # a page may hold it
        if event.order.withdrawn and live.definition.window.tombstones:
            return True
        return any(other.event.id == event.id for other in changes.get(live.key, ()))

    def _keep_winner(self, arrival: Arrival, direct: dict[str, Winner], archived: bool) -> None:
        event = arrival.event
        if (found := self._sink.direct(event)) is None or not arrival.is_usable:
            return
        newest = self._memory(event.publication).newest(event.id)
        if newest is not None and newest > event.order:
            return  # a later revision came before: it may wait, and this one must not be shown meanwhile
        held = direct.get(found.key)
        if held is None or held.order < event.order:
            direct[found.key] = Winner(event.order, found, archived and event.kind is not Kind.WITHDRAWN)

    def _settle(
        self,
        positions: Mapping[Partition, int],
        changes: Mapping[str, Sequence[Change]],
        direct: Waiting,
    ) -> None:
        for key, found in changes.items():
            live = self._assignment.editions[key]
            live.merge(found)
            self._uncleaned += sum(change.entry is not None and change.entry.clean is not None for change in found)
            live.flush_by(self._flush_time(live, found))
        self.keep_direct(direct)
        for partition, position in positions.items():
            self._assignment.owned[partition].position = position

    def keep_direct(self, direct: Waiting) -> None:
        """Documents to be written; of one article the winner."""
        held = self.direct
        held.update({key: new for key, new in direct.items() if key not in held or held[key].order < new.order})

    def _flush_time(self, live: LiveEdition, changes: Sequence[Change]) -> int:
        """The first change at once, then at most every interval; a withdrawal at once; far behind, every minute."""
        now = self._pace.clock.now()
        archive = self._assignment.archive
        fresh = [change for change in changes if change.source not in archive]
        if self.backlog.live or not fresh:
            return now + MINUTE if self.backlog else self.soon(live)
        if any(change.event.order.withdrawn for change in fresh):
            return now
        return self.soon(live)

    def soon(self, live: LiveEdition) -> int:
        """At once, but not within the flush interval of the last time."""
        return max(self._pace.clock.now(), live.published_at + self._pace.interval)


def _is_folded(change: Change, live: LiveEdition | None) -> bool:
    """If not, who takes it, or took it, tells nobody that it is bad, or died before it could."""
    return live is not None and change.offset >= live.draft.applied.get(change.source, 0)
