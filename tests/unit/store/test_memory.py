"""What only the store in memory can get wrong."""

import sys
from collections.abc import Iterator

import pytest

from tests.contract.store_contract import no_increment_is_lost, one_writer_wins_a_creation
from wireroom.clock import ManualClock
from wireroom.store import STATE
from wireroom.store.memory import MemoryStore


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_writes_are_atomic_whenever_threads_change() -> None:
    for _ in range(20):
        one_writer_wins_a_creation(MemoryStore())
        no_increment_is_lost(MemoryStore())


def test_time_is_what_its_clock_says() -> None:
    clock = ManualClock(1_000)
    store = MemoryStore(clock)
    store.put("a", b"", None, STATE)
    clock.time = 2_000
    held = store.get("a")
    assert held
    assert (held.modified, store.now()) == (1_000, 2_000)
