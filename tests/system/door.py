"""An ingest in a process of its own, and who sends to it."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers.kafka import Broker
from tests.system.newsroom import PATIENCE, Newsroom, wait_for
from wireroom.codec import decode
from wireroom.connect import open_log
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES

JSON, LINES = "application/json", "application/x-ndjson"


class Door:
    """An ingest, and who sends to it."""

    def __init__(self, newsroom: Newsroom, address: str, key: str) -> None:
        self.newsroom, self.key = newsroom, key
        self.host = urlsplit(address).netloc

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=PATIENCE)

    def post(
        self, connection: http.client.HTTPConnection, body: bytes, path: str = "/v1/events", media: str = JSON
    ) -> tuple[http.client.HTTPResponse, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": media}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def once(self, event: object, path: str = "/v1/events") -> tuple[int, Any]:
        """One event over a connection of its own."""
        with closing(self.connect()) as connection:
            answer, body = self.post(connection, json.dumps(event).encode(), path)
            return answer.status, json.loads(body)

    def raw(self) -> socket.socket:
        host, port = self.host.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=PATIENCE)


@contextmanager
def ingest(newsroom: Newsroom, command: str = "ingest", *options: str) -> Iterator[Door]:
    """An ingest that is told to end after the block."""
    key = create(newsroom)
    with newsroom.running(command, "--port", "0", *options):
        yield Door(newsroom, wait_for(newsroom.address), key)


def create(newsroom: Newsroom, *given: str) -> str:
    made = newsroom.run("keys", "create", "--publication", "daily", "--json", *given)
    return str(json.loads(made)["key"])


def log_url(newsroom: Newsroom) -> str:
    return newsroom.environment.get("WIREROOM_LOG__URL", f"sqlite:///{newsroom.folder}/data/wireroom.db")


def in_the_log(newsroom: Newsroom) -> dict[str, ArticleEvent]:
    prefix = newsroom.environment.get("WIREROOM_LOG__PREFIX", "wireroom.")
    with closing(open_log(log_url(newsroom), prefix)) as log:
        events: dict[str, ArticleEvent] = {}
        for partition in log.partitions(ARTICLES):
            offset = 0
            while records := log.read(partition, offset, 500):
                offset = records[-1].offset + 1
                events |= {event.event_id: event for event in (decode(record.value) for record in records)}
        return events


def on_kafka(folder: Path, broker: Broker) -> Newsroom:
    newsroom = Newsroom(folder, WIREROOM_LOG__URL=broker.url, WIREROOM_LOG__PREFIX=f"{folder.name}.")
    newsroom.run("topics", "apply")
    return newsroom
