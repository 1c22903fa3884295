"""What an edition is fed with, by whom and until when: each rule of it, broken on purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from wireroom.clock import HOUR, SteadyClock
from wireroom.edition import Change, Edition, Window, _Draft, fold
from wireroom.log import Consumer, Partition
from wireroom.worker.assignment import Assignment
from wireroom.worker.catchup import Pass, SecondReader
from wireroom.worker.live import LiveEdition, Outside
from wireroom.worker.memory import Memory
from wireroom.worker.reader import FirstReader
from wireroom.worker.seen import Seen


def editions_are_not_loaded(patch: pytest.MonkeyPatch) -> None:
    """Only by the first event that touches them."""
    patch.setattr(Assignment, "_load", lambda self: self._publications.load() is None)


def rosters_keep_what_another_configuration_fed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "_leave_foreign", lambda self: None)


def rosters_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    """An edition is live when it has this worker's definition, whoever fed it last."""

    def _continues(self: Assignment, live: LiveEdition) -> bool:
        assert live.base
        for owned in self._owners(live.definition):
            owned.join(live.key, live.base.epoch)
        return live.base.definition == live.definition.digest

    patch.setattr(Assignment, "_continues", _continues)


def a_reset_goes_only_to_the_first_reader(patch: pytest.MonkeyPatch) -> None:
    """As far as that was when the reset began."""
    goals: dict[Pass, dict[str, int]] = {}

    def _goal(self: SecondReader, reading: Pass) -> dict[str, int]:
        return goals.setdefault(reading, {o.source: o.position for o in self._assignment.owned.values()})

    patch.setattr(SecondReader, "_goal", _goal)


def documents_are_written_while_behind(patch: pytest.MonkeyPatch) -> None:
    """Each record that the second reader reads is shown at once."""
    real, generations = SecondReader.step, count(100)

    def step(self: SecondReader, backlog: bool) -> bool:
        done = real(self, backlog)
        for build in self._pass.builds if self._pass else ():
            for document in build.live.render(build.draft):
                build.live._outside.documents.write(document, next(generations))
        return done

    patch.setattr("wireroom.worker.catchup.SLICE", 1)
    patch.setattr(SecondReader, "step", step)


def shared_editions_are_touched_like_others(patch: pytest.MonkeyPatch) -> None:
    real = FirstReader._touches

    def _touches(self: FirstReader, change: Change, live: LiveEdition, changes: Mapping[str, list[Change]]) -> bool:
        shared, self._assignment.shared = self._assignment.shared, set()
        try:
            return real(self, change, live, changes)
        finally:
            self._assignment.shared = shared

    patch.setattr(FirstReader, "_touches", _touches)


def memory_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Memory, "outdate", lambda self: None)


def memory_is_saved_too_late(patch: pytest.MonkeyPatch) -> None:
    """With the commit, after the editions."""
    patch.setattr("wireroom.worker.session.Outside", lambda **outside: Outside(**{**outside, "remember": lambda: None}))


def what_is_below_applied_is_never_looked_at(patch: pytest.MonkeyPatch) -> None:
    def fold_new(base: Edition, window: Window, changes: Iterable[Change], *rest: Any) -> Edition:  # noqa: ANN401
        new = [change for change in changes if change.offset >= base.applied.get(change.source, 0)]
        return fold(base, window, new, *rest)

    patch.setattr("wireroom.worker.live.fold", fold_new)


def what_is_not_folded_is_never_cleaned(patch: pytest.MonkeyPatch) -> None:
    """Its dead letter is lost: who takes it tells of nothing."""
    patch.setattr("wireroom.worker.reader._is_folded", lambda *_: True)


def a_build_that_goes_on_knows_only_what_it_reads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pass, "_newest_of_all", Pass._newest)


def terms_say_nothing(patch: pytest.MonkeyPatch) -> None:
    real = Assignment.update

    def update(self: Assignment, consumer: Consumer) -> bool:
        for partition, assigned in consumer.assignment().items():
            if partition in self.owned:
                self.owned[partition].assigned = assigned
        return real(self, consumer)

    patch.setattr(Assignment, "update", update)


def only_home_partitions_feed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "_feeds", lambda self, owned, wanted: owned.source in self.sources.of(wanted))


def a_writer_elsewhere_is_not_told_of(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "share", lambda self, publication: None)


def what_is_built_from_nothing_is_read_from_home(patch: pytest.MonkeyPatch) -> None:
    real = SecondReader._partitions

    def _partitions(self: SecondReader, reading: Pass) -> dict[str, Partition]:
        found = real(self, reading)
        homes = {s for build in reading.builds for s in self._assignment.sources.of(build.live.definition)}
        return {source: partition for source, partition in found.items() if source in homes}

    patch.setattr(SecondReader, "_partitions", _partitions)


def no_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "newest", lambda self, event: None)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Draft, "_floor", lambda self: (0, ""))
    patch.setattr(Seen, "note", lambda self, event, now, strayed: None)


def no_refill(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "needs_refill", property(lambda self: False))


def refilled_within_the_same_bounds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("wireroom.worker.catchup.SLICE", 1)
    patch.setattr("wireroom.worker.catchup.build_window", lambda window, reserve=0: window)


def every_edition_is_live(patch: pytest.MonkeyPatch) -> None:
    """A new edition is fed from here on, without what lies below."""
    patch.setattr(Assignment, "_complete", lambda self, definition: True)


def nothing_recorded(patch: pytest.MonkeyPatch) -> None:
    """What was decided by a faster clock is decided again by a slower one."""

    def fold_anew(base: Edition, window: Window, changes: Iterable[Change], upto: Any, now: int, *rest: Any) -> Edition:  # noqa: ANN401
        return fold(replace(base, clock=0), window, changes, upto, now, *rest)

    patch.setattr("wireroom.worker.live.fold", fold_anew)
    patch.setattr(SteadyClock, "reach", lambda self, time: None)


def the_recorded_clock_is_not_used(patch: pytest.MonkeyPatch) -> None:
    real = _Draft.__init__

    def init(self: _Draft, edition: Edition, window: Window, now: int) -> None:
        real(self, edition, window, now - 2 * HOUR)

    patch.setattr(_Draft, "__init__", init)
