"""The second reader: brings up editions that are behind, from the log, while the first reader goes on.

It builds in memory, a slice at a time, and writes once; the edition then joins the roster of the next commit.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wireroom.clock import DAY, SECOND
from wireroom.codec import RegistryAway, UnknownSchema
from wireroom.edition import Change, Edition, Window, fold, needs_refill
from wireroom.errors import WireroomError
from wireroom.event import ArticleEvent, Order
from wireroom.log import Log, Partition, Record
from wireroom.worker.assignment import Assignment
from wireroom.worker.cleaning import cleaned, cleaned_at_once
from wireroom.worker.intake import Arrival, Intake
from wireroom.worker.live import Behind, LiveEdition, Outside, comes_due
from wireroom.worker.quarantine import Quarantine
from wireroom.worker.reader import RECHECK
from wireroom.worker.seen import Seen

SLICE = 250  # records read between two looks at the first reader's log
EVER = 10_000 * 366 * DAY  # further back than a date can be
RESERVE = 20  # how many windows a build keeps in reserve, against withdrawals further on in the log
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Build:
    """An edition in the making. `reset`: from nothing, not from what lies in the store.

    `sources`: the partitions that its events belong to or came by; `applied` names no others.
    """

    live: LiveEdition
    draft: Edition
    window: Window
    reset: bool
    sources: set[str]
    archived: Mapping[str, int] = field(default_factory=dict)  # below these the pages of its archive, if any, have all
    lifts: bool = False  # it keeps articles waiting: the documents of all that it reads are looked after

    def memory_floor(self, now: int) -> int:
        """Below it nothing is taken any more, so nothing need be remembered."""
        if self.window.entries is not None:
            return self.draft.floor[0]
        return now - (self.window.forget or 0)


def build_window(window: Window, reserve: int = RESERVE) -> Window:
    """The window while an edition is built from nothing: it keeps more, and has no floor but what it evicts."""
    if window.entries is None:
        return window
    return replace(window, reserve=window.entries * reserve, forget=None, archive=False)


class Pass:
    """One reading of the log, for every edition that was behind when it began. `end`: of the log, then.

    `withdraw` writes the tombstone of an article; without it nothing at all is written.
    """

    def __init__(
        self,
        log: Log,
        intake: Intake,
        outside: Outside,
        builds: list[Build],
        end: Mapping[str, int],
        withdraw: Callable[[ArticleEvent], None] | None = None,
        quarantine: Quarantine | None = None,
    ) -> None:
        self.builds = builds
        self.end = end
        self._log = log
        self._intake = intake
        self._clock = outside.clock
        self._known = outside.newest
        self._withdraw = withdraw
        self._quarantine = quarantine
        self._seen: dict[str, Seen] = {}
        self._next: dict[str, int] = {}

    @property
    def read(self) -> int:
        """How many offsets lie below where it is."""
        return sum(self._next.values())

    def step(self, partitions: Mapping[str, Partition], goal: Mapping[str, int]) -> bool:
        """Read one slice; True once everything below `goal` is in the builds."""
        for source, end in goal.items():
            position = self._next.setdefault(source, min(b.draft.applied.get(source, 0) for b in self.builds))
            if position < end:
                end = self._stop(partitions[source], position, end)
                records = [each for each in self._read(partitions[source], position, end) if each.offset < end]
                reached = records[-1].offset + 1 if records else end
                self._merge(source, reached, list(self._intake.reread(source, records)))
                self._next[source] = reached  # only now: what the outside interrupted is read again
                return False
        if self._withdraw is not None and not all([build.live.finish_archive() for build in self.builds]):
            return False
        for build in self.builds:
            self._lift(build, (), self._clock.now())
            upto = {source: offset for source, offset in goal.items() if source in build.sources}
            build.draft = fold(build.draft, build.live.definition.window, (), upto, self._clock.now())
        return True

    def _stop(self, partition: Partition, position: int, end: int) -> int:
        """Where the next slice ends: before the record of which the last worker is said to have died."""
        suspect = self._quarantine.suspect(partition) if self._quarantine else None
        return suspect if suspect is not None and position < suspect < end else end

    def _read(self, partition: Partition, position: int, end: int) -> Sequence[Record]:
        """A slice; one record alone where the last worker died."""
        quarantine = self._quarantine
        alone = quarantine is not None and quarantine.died_in(partition, position)
        records = self._log.read(partition, position, 1 if alone else min(SLICE, end - position))
        if quarantine is not None:
            quarantine.begin(records)
            for record in records:
                if quarantine.condemned(record):
                    self._intake.give_up(record)
        return records

    def _merge(self, source: str, reached: int, arrivals: Sequence[Arrival]) -> None:
        now, warned = self._clock.now(), self._quarantine is not None and self._quarantine.warned
        for arrival in arrivals:
            self._memory(arrival.event.publication).note(arrival.event, now)
        for build in self.builds:
            definition = build.live.definition
            changes = [a.change(definition) for a in arrivals if a.event.publication in definition.sources]
            if warned:
                changes = [cleaned_at_once(change) for change in changes]
            self._lift(build, changes, now)
            self._bury(build, arrivals)
            self._archive(build, source, changes)
            if changes:
                build.sources.add(source)
            newest = self._newest if build.reset else self._newest_of_all
            upto = {source: reached} if source in build.sources else {}
            build.draft = cleaned(fold(build.draft, build.window, changes, upto, now, newest), build.window)
            if warned:
                build.live.try_out(change.entry for change in changes if change.entry)
        floor = min(build.memory_floor(now) for build in self.builds)
        for seen in self._seen.values():
            seen.forget_before(floor)

    def _lift(self, build: Build, changes: Sequence[Change], now: int) -> None:
        """Write the documents of what comes due, and of all that is read: the fold lets go of what need not wait."""
        if self._withdraw is None:
            return
        due = [entry for entry in build.draft.entries.values() if comes_due(entry, build.draft.clock, now)]
        read = [change.entry for change in changes if change.entry]
        build.lifts = build.live.lift([*due, *read]) or build.lifts

    def _bury(self, build: Build, arrivals: Iterable[Arrival]) -> None:
        """Write the tombstone of each article that was withdrawn."""
        for event in (arrival.event for arrival in arrivals if build.lifts):
            if self._withdraw and event.order.withdrawn and event.publication in build.live.definition.sources:
                self._withdraw(event)

    def _archive(self, build: Build, source: str, changes: Sequence[Change]) -> None:
        if self._withdraw is not None:
            new = [change for change in changes if change.offset >= build.archived.get(source, 0)]
            latest = [c for c in new if (seen := self._newest_of_all(c.event.id)) is None or seen <= c.event.order]
            build.live.build_archive(latest, anew=not build.archived)

    def _memory(self, publication: str) -> Seen:
        return self._seen.setdefault(publication, Seen(forget=EVER))

    def _newest(self, ident: str) -> Order | None:
        return self._memory(ident.partition("/")[0]).newest(ident)

    def _newest_of_all(self, ident: str) -> Order | None:
        """For an edition that goes on from what lies in the store: this pass did not read what came before."""
        found = [order for order in (self._newest(ident), self._known(ident)) if order]
        return max(found, default=None)


class SecondReader:
    """Works on what `Assignment` names as behind, one slice a step."""

    def __init__(
        self,
        assignment: Assignment,
        log: Log,
        intake: Intake,
        outside: Outside,
        withdraw: Callable[[ArticleEvent], None],
        quarantine: Quarantine,
        fence: Callable[[], None],
    ) -> None:
        self._assignment = assignment
        self._log = log
        self._intake = intake
        self._outside = outside
        self._withdraw = withdraw
        self._quarantine = quarantine
        self._fence = fence
        self._pass: Pass | None = None
        self._reserve: dict[str, int] = {}
        self._rest_until = 0
        self.red: str | None = None  # why it waits until a person acts

    def follow(self) -> None:
        """The assignment changed: what was being built is dropped, unless all of it is still ours."""
        ours = self._assignment.editions
        if self._pass and any(ours.get(build.live.key) is not build.live for build in self._pass.builds):
            self._pass = None

    def step(self, backlog: bool) -> bool:
        """Go on by one slice; False when there is nothing to do. Refills wait until the first reader has no backlog.

        Where a schema is not known, or cannot be learnt now, only what is being built waits.
        """
        if self.rests:
            return False
        self.red = None
        try:
            return self._turn(backlog)
        except UnknownSchema as unknown:
            self.red = f"what is behind waits: {unknown}"
            self._rest(unknown, RECHECK)
        except RegistryAway as away:
            self._rest(away, away.seconds)
        return False

    def _rest(self, why: WireroomError, seconds: float) -> None:
        level = logging.ERROR if self.red else logging.WARNING
        log.log(level, "%s: what is behind waits: %s", self._outside.worker, why)
        self._rest_until = self._outside.clock.now() + round(seconds * SECOND)

    @property
    def rests(self) -> bool:
        """Whether it waits for a schema."""
        return self._outside.clock.now() < self._rest_until

    def _turn(self, backlog: bool) -> bool:
        if self._pass is None:
            keys = self._assignment.behind or (set() if backlog else self._assignment.refills)
            if not keys:
                return False
            self._pass = self._begin([self._assignment.editions[key] for key in sorted(keys)])
        elif self._go_on(self._pass):
            self._quarantine.suspect_nobody()
            for build in self._pass.builds:
                self._install(build)
            self._pass = None  # only now: what was not installed, because the outside is unwell, is not built again
        return True

    def _go_on(self, reading: Pass) -> bool:
        try:
            return reading.step(self._partitions(reading), self._goal(reading))
        except Behind:  # an archive needs more of the log than this pass reads
            self._pass = None
            return False

    def _begin(self, editions: Iterable[LiveEdition]) -> Pass:
        builds = [self._build(live) for live in editions]
        found = Pass(self._log, self._intake, self._outside, builds, {}, self._withdraw, self._quarantine)
        if any(build.reset for build in builds):
            found.end = {source: self._log.end(p) for source, p in self._partitions(found).items()}
        return found

    def _build(self, live: LiveEdition) -> Build:
        """Begin to build an edition, from nothing or from what lies in the store."""
        if live.key in self._assignment.behind:
            live.load()
        window, refill = live.definition.window, live.key in self._assignment.refills
        if live.base is not None and _made(live) and not refill and not live.is_broken:
            sources, window = {*live.base.applied, *self._assignment.feeding(live)}, replace(window, archive=False)
            return Build(live, live.base, window, False, sources, live.base.applied)
        roomy = build_window(window, self._reserve.get(live.key, RESERVE))
        homes = self._assignment.sources.of(live.definition)
        empty = Edition(live.definition.digest, epoch="")
        archived = live.base.applied if live.base and refill and not live.is_broken else {}
        return Build(live, empty, roomy, True, {*homes}, archived)

    def _partitions(self, reading: Pass) -> dict[str, Partition]:
        """What is built from nothing is read from everywhere; else others bring what came by theirs."""
        if any(build.reset for build in reading.builds):
            return self._assignment.sources.everywhere()
        return {s: p for build in reading.builds for s, p in self._assignment.feeding(build.live).items()}

    def _goal(self, reading: Pass) -> dict[str, int]:
        """As far as the log reached when it began, the first reader is, and the editions in the store are."""
        goal = dict.fromkeys(self._partitions(reading), 0)
        owned = {owned.source: owned.position for owned in self._assignment.owned.values()}
        bases = [build.live.base.applied for build in reading.builds if build.live.base is not None]
        for reached in (reading.end, owned, *bases):
            goal.update({source: max(goal[source], offset) for source, offset in reached.items() if source in goal})
        return goal

    def _install(self, build: Build) -> None:
        """Publish what was built: base read, ownership confirmed, conditional write, in this order."""
        live = build.live
        if build.reset and needs_refill(build.draft, live.definition.window):
            self._reserve[live.key] = self._reserve.get(live.key, RESERVE) * RESERVE
            return  # withdrawals emptied even the reserve: the next pass has a larger one
        if build.reset and live.key in self._assignment.behind:
            live.load()
            if _made(live) and not live.is_broken:
                return  # by another worker meanwhile: the next pass goes on from there
        if build.reset:
            self._fence()
            live.install(build.draft)
            live.is_broken = False
        else:
            self._fence()
            live.go_on(build.draft)
        self._assignment.publish(live, claim=True)


def _made(live: LiveEdition) -> bool:
    return live.base is not None and live.base.definition == live.definition.digest
