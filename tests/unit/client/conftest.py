import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from tests.servers.ingest import KEY, Ingest, address, serving
from tests.servers.scripted import Request
from wireroom.client.service import Service


class Rig(NamedTuple):
    """A scripted ingest, its address, what it was asked, and how long the client waited between its tries."""

    ingest: Ingest
    url: str
    requests: list[Request]
    waits: list[float]

    def service(self, timeout: float = 30.0) -> Service:
        return Service(self.url, KEY, timeout=timeout)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client would have made; for it time passes in them and nowhere else."""
    waits: list[float] = []
    start = time.monotonic()
    clock = SimpleNamespace(sleep=waits.append, monotonic=lambda: start + sum(waits))
    monkeypatch.setattr("wireroom.client.service.time", clock)
    return waits


@pytest.fixture
def rig(waits: list[float]) -> Iterator[Rig]:
    ingest = Ingest()
    with serving(ingest) as server:
        yield Rig(ingest, address(server), server.requests, waits)
