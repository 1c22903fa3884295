"""The body of a request, of clients that send slowly or go."""

import asyncio
from typing import Any

import pytest

from wireroom.ingest import body
from wireroom.ingest.memory import Memory, Share
from wireroom.ingest.problems import Problem


def read(*messages: dict[str, Any], headers: dict[bytes, bytes] | None = None) -> bytes:
    """What comes of these messages, after which none comes."""
    pending = list(messages)

    async def receive() -> Any:  # noqa: ANN401  # as ASGI has it
        return pending.pop(0) if pending else await asyncio.Event().wait()

    async def whole() -> bytes:
        with Share(Memory(10_000)) as share:
            return await body.read(receive, headers or {}, 100, share)

    return asyncio.run(whole())


def piece(data: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def test_pieces_are_joined() -> None:
    assert read(piece(b"a"), piece(b""), piece(b"b", more=False)) == b"ab"


def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "PATIENCE", 0.01)
    with pytest.raises(Problem) as refused:
        read(piece(b"a"))
    assert refused.value.status == 408


def test_a_client_that_goes() -> None:
    with pytest.raises(body.Disconnected):
        read(piece(b"a"), {"type": "http.disconnect"})


@pytest.mark.parametrize("length", [b"101", b"9" * 40])
def test_a_length_that_is_too_much_is_refused_before_anything_is_read(length: bytes) -> None:
    with pytest.raises(Problem) as refused:
        read(headers={b"content-length": length})
    assert refused.value.status == 413


def test_a_length_that_lies() -> None:
    with pytest.raises(Problem) as refused:
        read(*[piece(b"x" * 30)] * 4, headers={b"content-length": b"30"})
    assert refused.value.status == 413


def test_what_is_refused_is_still_read_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_DISCARDING", 0.01)

    async def discard(*messages: dict[str, Any]) -> bool:
        pending = list(messages)

        async def receive() -> Any:  # noqa: ANN401
            return pending.pop(0) if pending else await asyncio.Event().wait()

        return await body.discard(receive)

    assert asyncio.run(discard(piece(b"x"), piece(b"x", more=False)))
    assert asyncio.run(discard(piece(b"x"), {"type": "http.disconnect"}))
    assert not asyncio.run(discard(piece(b"x"))), "it does not come"
    assert not asyncio.run(discard(*[piece(b"x" * 10_000_000)] * 3)), "it is too much"
