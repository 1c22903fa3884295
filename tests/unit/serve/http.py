"""A reader: asks the application without a network."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from wireroom.asgi import Application, Message


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(app: Application, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    """One request; `path` as it stands in the request line. Header names in the answer are lower case."""
    answer = Answer()
    asked = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(), "headers": asked}
    scope |= {"query_string": b"", "root_path": "", "scheme": "http", "server": ("test", 80), "http_version": "1.1"}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return answer
