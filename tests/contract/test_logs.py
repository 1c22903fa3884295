"""Every log keeps the contract, and logs that are broken on purpose do not get through it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.broken_logs import BROKEN, LeavesGaps
from tests.contract.clocked import START, Clocked
from tests.contract.log_contract import CHECKS, failures
from tests.contract.log_rig import Check, home, two_members
from wireroom.clock import ManualClock
from wireroom.log import Commit, member, memory
from wireroom.log.memory import MemoryLog
from wireroom.log.sqlite import SQLiteLog

Make = Callable[[Path], Clocked]


def in_memory(path: Path) -> Clocked:
    clock = ManualClock(START)
    log = memory.MemoryLog(clock=clock)
    return Clocked(log, log, clock)


def in_three_partitions(path: Path) -> Clocked:
    clock = ManualClock(START)
    log = MemoryLog(partitions=3, clock=clock)
    return Clocked(log, log, clock)


def with_gaps(path: Path) -> Clocked:
    clock = ManualClock(START)
    log = LeavesGaps(clock=clock)
    return Clocked(log, log, clock)


def in_one_file(path: Path) -> Clocked:
    clock = ManualClock(START)
    log = SQLiteLog(path, clock=clock)
    return Clocked(log, log, clock)


def in_one_file_opened_twice(path: Path) -> Clocked:
    clock = ManualClock(START)
    return Clocked(SQLiteLog(path, clock=clock), SQLiteLog(path, clock=clock), clock)


MADE = [in_memory, in_three_partitions, with_gaps, in_one_file, in_one_file_opened_twice]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(make: Make, check: Check, tmp_path: Path) -> None:
    rig = make(tmp_path / "log.db")
    check(rig)
    rig.log.close()
    if rig.other is not rig.log:
        rig.other.close()


@pytest.mark.parametrize("make", MADE)
def test_a_stalled_member_that_nobody_replaced_goes_on(make: Make, tmp_path: Path) -> None:
    """By our own leases; a server that keeps sessions takes the partition away."""
    rig = make(tmp_path / "log.db")
    stalled, waiting = two_members(rig)
    rig.lapse(stalled)
    stalled.commit({home(rig.log): Commit(0, "late")})
    waiting.poll(0, 1)
    assert home(rig.log) not in waiting.assignment()
    assert rig.log.committed("feeds", home(rig.log)) == Commit(0, "late")


@pytest.mark.parametrize(("where", "name", "broken", "caught_by"), BROKEN)
def test_a_broken_log_is_caught(
    where: str, name: str, broken: type, caught_by: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr({"memory": memory, "member": member}[where], name, broken)
    if where == "member":
        monkeypatch.setattr(memory, name, broken)
    assert caught_by <= set(failures(lambda: in_memory(Path())))


def test_a_sound_log_is_not() -> None:
    assert list(failures(lambda: in_memory(Path()))) == []
