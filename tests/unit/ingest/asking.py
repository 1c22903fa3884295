"""An ingest that is asked without a server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from tests.unit.events import NOW
from wireroom.clock import ManualClock
from wireroom.config import Settings
from wireroom.ingest.app import Ingest
from wireroom.ingest.scope import KIND, Scope
from wireroom.keys import Key, KeyList, mint
from wireroom.log import ARTICLES, Log, Partition, Record
from wireroom.log.memory import MemoryLog
from wireroom.store.memory import MemoryStore

T = TypeVar("T")
BASE = "https://feeds.example/"
JSON, LINES = "application/json", "application/x-ndjson"
BATCH = "/v1/events:batch"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever was answered
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def problem(self) -> str:
        """The name of the problem that it is; the form is that of RFC 9457."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert (
            {"type", "title", "status", "detail"} <= set(self.json) <= {"type", "title", "status", "detail", "errors"}
        )
        assert self.json["type"].startswith(f"{BASE}problems/")
        return str(self.json["type"].rpartition("/")[2])


class Desk:
    """An ingest on a log and a store in memory, and the keys that its senders have."""

    def __init__(self, log: Log | None = None, memory: int = 64_000_000, **settings: object) -> None:
        self.store, self.clock = MemoryStore(), ManualClock(NOW)
        self.log = log or MemoryLog()
        self.keys = KeyList(self.store, KIND)
        given = Settings.model_validate({"public_url": BASE, **settings})
        self.ingest = Ingest(self.log, self.store, given, self.clock, memory)

    def key(self, *publications: str, expires_at: int | None = None, **scope: object) -> str:
        return self.kept_key(*publications, expires_at=expires_at, **scope)[0]

    def kept_key(self, *publications: str, expires_at: int | None = None, **scope: object) -> tuple[str, Key]:
        given = Scope.model_validate({"publications": publications or None, "rights": ("publish", "withdraw"), **scope})
        text, key = mint(given.model_dump(mode="json"), "", NOW, expires_at)
        self.keys.add(key)
        return text, key

    def records(self, topic: str = ARTICLES) -> Sequence[Record]:
        return self.log.read(Partition(topic, 0), 0, 10_000)


def event(ident: str = "a", revision: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # values of JSON
    published = "2026-02-03T04:05:06Z"
    return {
        "kind": "PUBLISHED",
        "publication": "daily",
        "article_id": ident,
        "revision": revision,
        "occurred_at": published,
        "url": f"https://daily.example/{ident}",
        "published_at": published,
        "article": {"title": f"{ident} at {revision}", "modified_at": published},
        **more,
    }


def withdrawal(ident: str = "a", revision: int = 2) -> dict[str, Any]:
    return event(ident, revision) | {"kind": "WITHDRAWN", "article": None, "url": None}


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


BODIES = {"/v1/events": (event(), JSON), BATCH: (event(), LINES)}


async def ask(
    ingest: Ingest,
    key: str | None,
    body: object,
    path: str = "/v1/events",
    method: str = "POST",
    **headers: str,
) -> Answer:
    """One request; a body that is no bytes is sent as JSON, a list in pieces; `_` in names of headers stands for -."""
    pieces = body if isinstance(body, list) else [body if isinstance(body, bytes) else json.dumps(body).encode()]
    pending = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces[:-1]]
    pending.append({"type": "http.request", "body": pieces[-1], "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:  # noqa: ANN401  # as ASGI has it
        await asyncio.sleep(0)
        return pending.pop(0) if pending else await asyncio.Event().wait()

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    given = {"content_type": JSON, **({"authorization": f"Bearer {key}"} if key else {}), **headers}
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    await ingest(scope, receive, send)
    told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    assert told["content-length"] == str(len(body))
    return Answer(sent[0]["status"], told, body)


def counted(desk: Desk) -> Mapping[str, float]:
    """What the ingest has counted, by name and labels; what is 0 is left out."""
    sent: list[Any] = []

    async def receive() -> Any:  # noqa: ANN401  # as ASGI has it
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/metrics", "query_string": b"", "headers": []}
    asyncio.run(desk.ingest.counts.page(scope, receive, send))  # type: ignore[arg-type]
    page = b"".join(message.get("body", b"") for message in sent).decode()
    samples = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in samples.items() if float(value) and "_created" not in name}


def run(desk: Desk, work: Callable[[], Awaitable[T]]) -> T:
    """Do something on an event loop, and end the ingest."""

    async def whole() -> T:
        return await work()

    try:
        return asyncio.run(whole())
    finally:
        desk.ingest.close()


def asked(desk: Desk, *given: Any, **more: Any) -> Answer:  # noqa: ANN401  # see `ask`
    """One request on a loop of its own."""
    return run(desk, lambda: ask(desk.ingest, *given, **more))
