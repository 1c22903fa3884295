"""The time that a call may take is all that it takes, whatever has no end of its own."""

import socket
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from tests.servers.ingest import KEY, Ingest, serving
from tests.unit.client.test_service import EVENTS, IDS
from wireroom.client.service import Service
from wireroom.errors import RetryAfter
from wireroom.log import ARTICLES


def test_a_resolver_that_hangs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it finds in the end is not used: who gave up may have published the event elsewhere meanwhile."""
    answers, resolved, found = Event(), Event(), socket.getaddrinfo

    def hang(*given: Any, **more: Any) -> Any:  # noqa: ANN401  # as the resolver has it
        answers.wait(10)
        resolved.set()
        return found(*given, **more)

    ingest = Ingest()
    with serving(ingest) as server:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        service = Service(f"http://localhost:{server.port}/", KEY, timeout=0.2)
        with pytest.raises(RetryAfter, match="does not answer: it takes too long"):
            service.append(ARTICLES, EVENTS)
        answers.set()
        assert resolved.wait(10)
        for thread in enumerate_threads():
            if thread.name == "publisher":
                thread.join(10)
        assert not any(request.body for request in server.requests), "a head at most, and then the connection ends"
        assert ingest.ids == []
        monkeypatch.undo()
        Service(f"http://localhost:{server.port}/", KEY).append(ARTICLES, EVENTS)
    assert ingest.ids == IDS
