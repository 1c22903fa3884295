"""A server on a store in memory, at a time that only the test moves."""

import pytest

from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom.clock import SECOND, ManualClock
from wireroom.serve import create_app
from wireroom.serve.front import Front
from wireroom.store.memory import MemoryStore


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_767_268_800 * SECOND + 250_000)


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    store = MemoryStore(clock)
    fill(store)
    clock.time += 60 * SECOND
    return store


@pytest.fixture
def app(store: MemoryStore, clock: ManualClock) -> Front:
    return create_app(store, SETTINGS, clock)
