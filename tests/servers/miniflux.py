"""Miniflux, the feed reader: a service with a PostgreSQL of its own."""

import base64
import json
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.servers import Process, answers, free_port
from tests.servers.install import MINIFLUX, go
from tests.servers.postgres import Postgres

USER, PASSWORD = "reader", "reader-password"


class Entry(NamedTuple):
    """What it shows of an article."""

    ident: int
    title: str
    url: str
    content: str
    status: str


class Miniflux:
    """Fetches a feed when it is told to, and only then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._running = ExitStack()

    def __enter__(self) -> Self:
        program = go(MINIFLUX)
        with self._running as running:
            database = running.enter_context(Postgres(self._folder / "postgres.log"))
            settings = {
                "DATABASE_URL": database.url,
                "LISTEN_ADDR": f"127.0.0.1:{self._port}",
                "RUN_MIGRATIONS": "1",
                "CREATE_ADMIN": "1",
                "ADMIN_USERNAME": USER,
                "ADMIN_PASSWORD": PASSWORD,
                "DISABLE_SCHEDULER_SERVICE": "1",
            }
            command = ["env", *(f"{name}={value}" for name, value in settings.items()), str(program)]
            running.enter_context(Process(command, self._folder / "miniflux.log", lambda: answers(self._port)))
            self._running = running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def subscribe(self, address: str, **more: object) -> int:
        """The number of a new subscription; `more`: `username` and `password`."""
        made = self._ask("POST", "feeds", feed_url=address, category_id=1, **more)
        return int(made["feed_id"])

    def unsubscribe(self, feed: int) -> None:
        """Forget it and its entries."""
        self._ask("DELETE", f"feeds/{feed}")

    def address_of(self, feed: int) -> str:
        """Where it fetches a subscription from."""
        return str(self._ask("GET", f"feeds/{feed}")["feed_url"])

    def move(self, feed: int, address: str) -> None:
        """Fetch it from there."""
        self._ask("PUT", f"feeds/{feed}", feed_url=address)

    def refresh(self, feed: int) -> None:
        """Fetch it. Raises HTTPError when that fails."""
        self._ask("PUT", f"feeds/{feed}/refresh")

    def entries(self, feed: int) -> list[Entry]:
        """All that it has of it, newest first."""
        found = self._ask("GET", f"feeds/{feed}/entries?order=published_at&direction=desc&limit=1000")["entries"]
        return [Entry(each["id"], each["title"], each["url"], each["content"], each["status"]) for each in found]

    def titles(self, feed: int) -> list[str]:
        """The titles of these."""
        return [entry.title for entry in self.entries(feed)]

    def read(self, entry: Entry) -> None:
        """Mark it as read."""
        self._ask("PUT", "entries", entry_ids=[entry.ident], status="read")

    def _ask(self, method: str, path: str, **what: object) -> Any:  # noqa: ANN401 -- values of JSON
        credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        body = json.dumps(what).encode() if what else None
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/v1/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = answer.read()
            return json.loads(told) if told else None
