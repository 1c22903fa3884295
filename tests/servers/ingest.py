"""An ingest that says what a test tells it to, and keeps what it took. It passes the contract that ours does."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tests.servers.scripted import Request, Scripted, reply
from wireroom.errors import InvalidEvent
from wireroom.event import ArticleEvent

KEY = "wr_0123456789abcdef_Canary-Q7x"
URN = "https://docs.example/problems/"

Line = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


def problem(status: int, name: str, detail: str = "", *errors: Mapping[str, str], **headers: str) -> bytes:
    body = json.dumps(_members(status, name, detail, *errors)).encode()
    return reply(status, body, Content_Type="application/problem+json", **headers)


def _members(status: int, name: str, detail: str, *errors: Mapping[str, str]) -> Mapping[str, Any]:
    return {"type": URN + name, "title": name, "status": status, "detail": detail, "errors": errors}


class Ingest:
    """Takes events of all publications but `weekly`.

    `refuse` gives the members of a line that it refuses; `answers` stand before its own, each once.
    """

    def __init__(self, refuse: Line = lambda event: None) -> None:
        self.refuse = refuse
        self.answers: list[bytes] = []
        self.taken: dict[str, list[Mapping[str, Any]]] = {"articles": [], "articles.backfill": []}

    @property
    def ids(self) -> list[str]:
        """Of the live events that it took."""
        return [event["event_id"] for event in self.taken["articles"]]

    def __call__(self, request: Request) -> bytes:
        if self.answers:
            return self.answers.pop(0)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return problem(401, "unauthorized", "The key is missing, or not one of ours.")
        path, _, query = request.path.partition("?")
        if (request.method, path) != ("POST", "/v1/events:batch"):
            return problem(404, "not-found")
        topic = "articles.backfill" if query == "backfill=true" else "articles"
        results = [self._line(topic, *line) for line in enumerate(request.body.splitlines(), 1)]
        text = "".join(f"{json.dumps(result)}\n" for result in results)
        return reply(200, text.encode(), Content_Type="application/x-ndjson")

    def _line(self, topic: str, number: int, line: bytes) -> Mapping[str, Any]:
        try:
            event = ArticleEvent.parse(json.loads(line)).model_dump(mode="json")
        except InvalidEvent as error:
            return {"line": number, **_members(422, "invalid-event", "", *map(asdict, error.faults))}
        except ValueError:
            return {"line": number, **_members(422, "invalid-event", "No JSON.")}
        if event["publication"] == "weekly":
            return {"line": number, **_members(403, "forbidden", "The key lacks: publication weekly.")}
        if members := self.refuse(event):
            return {"line": number, **members}
        log = self.taken[topic]
        log.append(event)
        where = {"event_id": event["event_id"], "topic": topic, "partition": 0, "offset": len(log) - 1}
        return {"line": number, "status": 202, **where}


def serving(ingest: Ingest) -> Scripted:
    """The server, to be entered."""
    return Scripted(ingest)


def address(server: Scripted) -> str:
    return f"http://127.0.0.1:{server.port}/"
