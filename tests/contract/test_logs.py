"""Every log keeps the contract, and logs that are broken on purpose do not get through it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.broken_logs import BROKEN
from tests.contract.log_contract import CHECKS, Check, failures
from wireroom.clock import ManualClock
from wireroom.log import Log, memory
from wireroom.log.memory import MemoryLog
from wireroom.log.sqlite import SQLiteLog

START = 1_790_000_000_000_000


def in_memory(path: Path, clock: ManualClock) -> tuple[Log, Log]:
    log = MemoryLog(clock=clock)
    return log, log


def in_three_partitions(path: Path, clock: ManualClock) -> tuple[Log, Log]:
    log = MemoryLog(partitions=3, clock=clock)
    return log, log


def in_one_file(path: Path, clock: ManualClock) -> tuple[Log, Log]:
    log = SQLiteLog(path, clock=clock)
    return log, log


def in_one_file_opened_twice(path: Path, clock: ManualClock) -> tuple[Log, Log]:
    return SQLiteLog(path, clock=clock), SQLiteLog(path, clock=clock)


@pytest.mark.parametrize("make", [in_memory, in_three_partitions, in_one_file, in_one_file_opened_twice])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(make: Callable[[Path, ManualClock], tuple[Log, Log]], check: Check, tmp_path: Path) -> None:
    clock = ManualClock(START)
    log, other = make(tmp_path / "log.db", clock)
    check(log, other, clock)
    log.close()
    if other is not log:
        other.close()


@pytest.mark.parametrize(("name", "broken", "caught_by"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_log_is_caught(name: str, broken: type, caught_by: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, name, broken)
    assert caught_by <= set(failures(lambda clock: memory.MemoryLog(clock=clock)))


def test_a_sound_log_is_not() -> None:
    assert list(failures(lambda clock: memory.MemoryLog(clock=clock))) == []
