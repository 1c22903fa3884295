"""Events over HTTP: what was answered is in the log, whatever dies; nobody waits for who is slow."""

import http.client
import json
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.servers.kafka import Broker
from tests.system.door import JSON, LINES, Door, create, in_the_log, ingest, on_kafka
from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for, withdrawal
from wireroom.event import ArticleEvent

LATEST = "feeds/daily/latest.json"


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(params=["sqlite", "kafka"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Newsroom:
    """A newsroom on each log."""
    if request.param == "sqlite":
        return Newsroom(tmp_path)
    return on_kafka(tmp_path, request.getfixturevalue("broker"))


def test_what_is_pushed_to_up_is_in_its_documents(newsroom: Newsroom) -> None:
    with ingest(newsroom, "up") as door:
        assert door.once(article("a"))[0] == 202
        wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
        assert door.once(withdrawal("a", 2))[0] == 202
        wait_for(lambda: newsroom.titles(LATEST) == [])
        status, problem = door.once({})
        assert status == 422
        assert problem["type"].startswith(f"http://{door.host}/problems/")
        with closing(door.connect()) as reader:
            for path in (urlsplit(problem["type"]).path, "/feeds/daily/latest.json"):
                reader.request("GET", path)
                answer = reader.getresponse()
                assert (answer.status, bool(answer.read())) == (200, True)
            reader.request("GET", "/editions/_keys/ingest.json")
            assert reader.getresponse().status == 404
    assert "wireroom keys create" in newsroom.output()
    assert door.key.rpartition("_")[2] not in newsroom.output()


def test_a_key_is_revoked_while_it_runs(newsroom: Newsroom) -> None:
    with ingest(newsroom) as door:
        assert door.once(article("a"))[0] == 202
        newsroom.run("keys", "revoke", door.key)
        wait_for(lambda: door.once(article("b"))[0] == 401)
        door.key = create(newsroom)
        wait_for(lambda: door.once(article("c"))[0] == 202)


class Sender(threading.Thread):
    """Posts events one after the other, single ones and batches, and remembers what was answered with 202."""

    def __init__(self, door: Door, name: str) -> None:
        super().__init__(daemon=True)
        self.door, self.title = door, name
        self.sent: dict[str, dict[str, Any]] = {}
        self.accepted: list[str] = []
        self.unanswered: list[str] = []
        self.refused: list[int] = []
        self.stop = False

    def run(self) -> None:
        number = 0
        connection = self.door.connect()
        while not self.stop:
            batch = [
                article(f"{self.title}-{number + k}", body_html="x" * 3000) for k in range(1 if number % 3 else 20)
            ]
            number += len(batch)
            self.sent |= {event["event_id"]: event for event in batch}
            try:
                self._send(connection, batch)
            except ConnectionRefusedError:
                return  # nobody is there, so nothing was sent
            except (OSError, http.client.HTTPException):
                self.unanswered += [event["event_id"] for event in batch]
                connection.close()

    def _send(self, connection: http.client.HTTPConnection, batch: list[dict[str, Any]]) -> None:
        single = len(batch) == 1
        body = "\n".join(map(json.dumps, batch)).encode()
        answer, told = self.door.post(
            connection, body, "/v1/events" if single else "/v1/events:batch", JSON if single else LINES
        )
        if answer.status in (200, 202):
            results = [json.loads(line) for line in told.splitlines()]
            self.accepted += [result["event_id"] for result in results]
        else:
            self.refused.append(answer.status)


def senders(door: Door) -> list[Sender]:
    several = [Sender(door, f"s{number}") for number in range(4)]
    for sender in several:
        sender.start()
    return several


def check_all_accepted_are_there(newsroom: Newsroom, several: list[Sender]) -> None:
    there = in_the_log(newsroom)
    for sender in several:
        for ident in sender.accepted:
            assert there[ident] == ArticleEvent.parse(sender.sent[ident])


def test_what_was_answered_survives_a_kill(anywhere: Newsroom) -> None:
    key, several = create(anywhere), []
    for _ in range(3):
        (anywhere.folder / "output.log").unlink(missing_ok=True)
        process = anywhere.start("ingest", "--port", "0")
        door = Door(anywhere, wait_for(anywhere.address), key)
        now = senders(door)
        wait_for(lambda now=now: all(len(sender.accepted) > 50 for sender in now))  # type: ignore[misc]
        process.kill()
        process.wait()
        for sender in now:
            sender.join(PATIENCE)
        several += now
    check_all_accepted_are_there(anywhere, several)


def test_no_request_is_dropped_when_it_is_told_to_end(anywhere: Newsroom) -> None:
    with ingest(anywhere) as door:
        several = senders(door)
        wait_for(lambda: all(len(sender.accepted) > 50 for sender in several))
    for sender in several:
        sender.join(PATIENCE)
        assert not sender.unanswered
        assert not sender.refused
        assert len(sender.sent) - len(sender.accepted) in (1, 20), "only what found the door closed was not taken"
    check_all_accepted_are_there(anywhere, several)


def test_while_the_broker_hangs(tmp_path: Path, broker: Broker) -> None:
    newsroom = on_kafka(tmp_path, broker)
    with ingest(newsroom) as door:
        assert door.once(article("a"))[0] == 202
        broker.send(signal.SIGSTOP)
        try:
            with closing(door.connect()) as connection:
                answer, body = door.post(connection, json.dumps(article("b")).encode())
            assert (answer.status, json.loads(body)["status"]) == (503, 503)
            assert int(answer.headers["Retry-After"]) > 0
        finally:
            broker.send(signal.SIGCONT)
        wait_for(lambda: door.once(article("b"))[0] == 202)
    assert broker.url.removeprefix("kafka://") not in body.decode()


def test_while_the_broker_is_dead(tmp_path: Path) -> None:
    with Broker(tmp_path / "kafka") as broker:
        newsroom = on_kafka(tmp_path, broker)
        with ingest(newsroom) as door:
            assert door.once(article("a"))[0] == 202
            broker.kill()
            assert door.once(article("b"))[0] == 503
            broker.start()
            wait_for(lambda: door.once(article("b"))[0] == 202)


def test_while_another_process_locks_the_log(newsroom: Newsroom) -> None:
    with ingest(newsroom) as door:
        assert door.once(article("a"))[0] == 202
        with closing(sqlite3.connect(newsroom.folder / "data/wireroom.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert door.once(article("b"))[0] == 503
            other.execute("ROLLBACK")
        assert door.once(article("b"))[0] == 202


def test_it_ends_while_the_log_hangs(tmp_path: Path, broker: Broker) -> None:
    newsroom = on_kafka(tmp_path, broker)
    with ingest(newsroom) as door:
        assert door.once(article("a"))[0] == 202
        broker.send(signal.SIGSTOP)
        last = Sender(door, "last")
        last.start()
        time.sleep(0.5)
    broker.send(signal.SIGCONT)
    last.join(PATIENCE)
    assert not last.unanswered
    assert last.refused == [503]


def test_many_slow_clients_do_not_stop_the_others(newsroom: Newsroom) -> None:
    head = "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
    with ingest(newsroom) as door:
        authorized = f"{head}Authorization: Bearer {door.key}\r\nContent-Type: {JSON}\r\n"
        begun = (
            "",
            head,
            f"{authorized}Content-Length: 3000000\r\n\r\n{{",
            f"{authorized}Transfer-Encoding: chunked\r\n\r\n5\r\n{{",
        )
        slow = [door.raw() for _ in range(1000)]
        try:
            for number, each in enumerate(slow):
                each.sendall(begun[number % len(begun)].encode())
            for number in range(20):
                assert door.once(article(f"a{number}"))[0] == 202
        finally:
            for each in slow:
                each.close()


@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_a_body_without_end_is_refused(newsroom: Newsroom, length: str) -> None:
    with ingest(newsroom) as door, door.raw() as flood:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.key}\r\nContent-Type: {JSON}\r\n"
        flood.sendall(f"{head}{length}\r\n\r\n".encode())
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            for _ in range(200):
                flood.sendall(chunk)
        except OSError:
            pass  # the connection was ended
        else:
            pytest.fail("all of it was taken")
        assert door.once(article("a"))[0] == 202
    assert "refused: 413" in newsroom.output()


INJECTED = {
    "a line in a header": "X-A: b\r\n c",
    "a bare carriage return": "X-A: b\rAuthorization: Bearer x",
    "two lengths": "Content-Length: 5\r\nContent-Length: 6",
    "length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "two keys": "Authorization: Bearer x",
    "a huge header": "X-A: " + "b" * 100_000,
    "many headers": "\r\n".join(f"X-{n}: b" for n in range(10_000)),
    "a null": "X-A: \0",
}


@pytest.mark.parametrize("case", INJECTED)
def test_headers_that_mean_harm(newsroom: Newsroom, case: str) -> None:
    body = json.dumps(article("harm")).encode()
    with ingest(newsroom) as door, door.raw() as client:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.key}\r\n{INJECTED[case]}\r\n"
        head += f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        try:
            client.sendall(head.encode() + body)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        except ConnectionResetError:
            answer = b"HTTP/1.1 400 "
        assert re.match(rb"HTTP/1.1 4\d\d ", answer) or case == "a line in a header", answer
        assert door.once(article("a"))[0] == 202
    assert ("harm-1" in in_the_log(newsroom)) is answer.startswith(b"HTTP/1.1 202")
    assert door.key.rpartition("_")[2] not in newsroom.output()
