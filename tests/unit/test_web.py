"""The server on a socket."""

import asyncio
import contextlib
import http.client
import os
import re
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom import web as module
from wireroom.asgi import Receive, Scope, Send
from wireroom.errors import Red
from wireroom.serve import create_app
from wireroom.store.memory import MemoryStore
from wireroom.web import WebServer


@pytest.fixture
def server() -> Iterator[WebServer]:
    store = MemoryStore()
    fill(store)
    server = WebServer(create_app(store, SETTINGS), port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def connect(server: WebServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)


def test_several_requests_go_over_one_connection(server: WebServer) -> None:
    connection = connect(server)
    for method, length in (("GET", 1400), ("HEAD", 0), ("GET", 1400)):
        connection.request(method, "/feeds/harbour-post/latest.rss")
        answer = connection.getresponse()
        assert (answer.status, len(answer.read())) == (200, length)
        assert answer.headers["Content-Length"] == "1400"
        assert answer.headers["Server"] is None
        assert answer.headers["Date"]
    connection.close()


def test_dots_in_a_raw_path_lead_nowhere(server: WebServer) -> None:
    for path in (
        "/feeds/../editions/feeds/harbour-post/latest.json",
        "/../../etc/passwd",
        "/feeds/%2e%2e/%2e%2e/etc/passwd",
    ):
        connection = connect(server)
        connection.request("GET", path)
        assert connection.getresponse().status == 404
        connection.close()


def test_who_asks_nothing_is_let_go(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    for asked in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with socket.create_connection(server._socket.getsockname(), timeout=10) as slow:
            slow.sendall(asked)
            assert slow.recv(1) == b""


def test_a_head_without_end_is_refused(server: WebServer) -> None:
    with socket.create_connection(server._socket.getsockname(), timeout=10) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * module.HEAD)
        assert endless.recv(100).startswith(b"HTTP/1.1 431 ")


def test_a_body_may_be_longer_than_a_head(server: WebServer) -> None:
    connection = connect(server)
    connection.request("GET", "/robots.txt", b"x" * 2 * module.HEAD)
    assert connection.getresponse().status == 200
    connection.close()


def test_readers_leave_descriptors_to_the_workers(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    first = connect(server)
    first.connect()
    with socket.create_connection(server._socket.getsockname(), timeout=10) as second:
        assert second.recv(1) == b""
    first.request("GET", "/robots.txt")
    assert first.getresponse().status == 200
    first.close()


def test_a_taken_port_is_told_at_once(server: WebServer) -> None:
    port = urlsplit(server.address).port or 0
    with pytest.raises(Red, match=f"port {port}"):
        WebServer(create_app(MemoryStore(), SETTINGS), port=port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stay_with_the_command(number: signal.Signals) -> None:
    server = WebServer(create_app(MemoryStore(), SETTINGS), port=0)
    handled = threading.Event()
    answers: list[int] = []

    def interrupt() -> None:
        answers.append(status(server))
        os.kill(os.getpid(), number)
        if handled.wait(10):
            answers.append(status(server))
        server.stop()

    before = signal.signal(number, lambda *_: handled.set())
    try:
        threading.Thread(target=interrupt).start()
        server.run()
    finally:
        signal.signal(number, before)
    assert answers == [200, 200]


def status(server: WebServer) -> int:
    connection = connect(server)
    connection.request("GET", "/robots.txt")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_small_answers_do_not_wait_for_an_acknowledgement(server: WebServer) -> None:
    """Nagle's algorithm and delayed ACKs together cost 40 ms each time; accepted sockets inherit the option."""
    assert server._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_whoever_only_begins_a_head_is_let_go_soon(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKING", 0.05)
    with socket.create_connection(server._socket.getsockname(), timeout=10) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert slow.recv(1) == b""


def test_a_large_head_that_comes_at_once_is_refused(server: WebServer) -> None:
    with socket.create_connection(server._socket.getsockname(), timeout=10) as client:
        client.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * module.HEAD + b"\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_bodies_are_no_heads(server: WebServer) -> None:
    connection = connect(server)
    for _ in range(3):
        connection.request("GET", "/robots.txt", body=b"x" * module.HEAD)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()


def test_a_request_on_an_open_connection_is_answered_when_the_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()
    inherited = module._Connection.shutdown

    def shutdown(connection: module._Connection) -> None:
        inherited(connection)
        ending.set()

    monkeypatch.setattr(module._Connection, "shutdown", shutdown)
    monkeypatch.setattr(module, "LINGERING", 1.0)
    server = WebServer(create_app(MemoryStore(), SETTINGS), port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    connection = connect(server)
    connection.request("GET", "/robots.txt")
    connection.getresponse().read()
    server.stop()
    assert ending.wait(10)
    connection.request("GET", "/robots.txt")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    connection.close()
    thread.join(10)
    assert not thread.is_alive()


def raw(server: WebServer, *parts: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with socket.create_connection(server._socket.getsockname(), timeout=10) as client:
        for part in parts:
            client.sendall(part)
        received = b""
        while more := client.recv(100_000):
            received += more
        return received


RSS = b"/feeds/harbour-post/latest.rss"
LAST = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def heads(answers: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)


def test_answers_at_once_and_others_keep_their_order(server: WebServer) -> None:
    asked = [(b"GET", RSS, b"200"), (b"HEAD", RSS, b"200"), (b"GET", RSS + b"x", b"404"), (b"POST", RSS, b"405")]
    asked = [*asked[:1], *asked * 20]
    lines = b"".join(b"%b %b HTTP/1.1\r\nHost: x\r\n\r\n" % (method, path) for method, path, _ in asked)
    received = raw(server, lines + LAST)
    assert heads(received) == [*(status for *_, status in asked), b"200"]
    assert received.count(b"<feed/>" * 200) == 21


def test_a_body_that_comes_with_get_is_no_request(server: WebServer) -> None:
    body = b"GET /articles/harbour-post.json HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"GET %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (RSS, len(body))
    assert heads(raw(server, head + body + LAST)) == [b"200", b"200"]
    chunked = b"GET %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % RSS
    assert heads(raw(server, chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) + LAST)) == [b"200", b"200"]


@pytest.mark.parametrize("head", [b"HTTP/1.0\r\n", b"HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"])
def test_who_wants_one_answer_gets_one(server: WebServer, head: bytes) -> None:
    raw(server, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % RSS + LAST)  # now it is at hand
    received = raw(server, b"GET %b %b\r\n" % (RSS, head))
    assert heads(received) == [b"200"]
    assert received.endswith(b"<feed/>")


def test_whoever_says_no_more_still_gets_the_answer(server: WebServer) -> None:
    for path in (RSS, RSS, b"/robots.txt"):
        with socket.create_connection(server._socket.getsockname(), timeout=10) as client:
            client.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            client.shutdown(socket.SHUT_WR)
            received = b""
            while more := client.recv(100_000):
                received += more
        assert heads(received) == [b"200"]


def test_a_connection_that_rests_is_closed(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTING", 0.05)
    one = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % RSS
    raw(server, one + LAST)  # now it is at hand
    assert heads(raw(server, one, one, one)) == [b"200"] * 3


def test_who_asks_much_and_takes_nothing_costs_little(server: WebServer) -> None:
    """Answers wait for the reader, not in memory: what is at hand goes out at once only while the reader takes it."""
    with socket.create_connection(server._socket.getsockname(), timeout=10) as greedy:
        one = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % RSS
        greedy.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 50_000_000:
                sent += greedy.send(one * 1000)
                time.sleep(0.001)
    assert sent < 50_000_000


LARGE = 20_000_000  # bytes; more than the kernel holds for a connection


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes long to be taken."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
    await send({"type": "http.response.body", "body": bytes(LARGE)})


def test_of_those_who_do_not_take_their_answer_the_first_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNREAD", 2 * LARGE)
    server = WebServer(large, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    with contextlib.ExitStack() as stack:
        greedy = []
        for _ in range(5):
            client = stack.enter_context(socket.create_connection(server._socket.getsockname(), timeout=10))
            client.sendall(LAST)
            assert client.recv(9) == b"HTTP/1.1 ", "it has been asked before the next one is"
            greedy.append(client)
        assert taken(greedy[-1]) > LARGE
        assert taken(greedy[0]) < LARGE
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def taken(client: socket.socket) -> int:
    """Bytes until the end, whichever it is."""
    count = 0
    with contextlib.suppress(ConnectionResetError):
        while more := client.recv(1_000_000):
            count += len(more)
    return count


def test_no_header_ends_early() -> None:
    with pytest.raises(ValueError, match="line break"):
        module.message(200, [(b"location", b"/x\r\nSet-Cookie: a=b")])


class Halting:
    """An application that waits between head and body, or fails there."""

    def __init__(self, fails: bool) -> None:
        self._fails = fails
        self.begun, self.go_on = threading.Event(), threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        self.begun.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)
        if self._fails:
            raise RuntimeError("between head and body")
        await send({"type": "http.response.body", "body": b"body"})


@pytest.mark.parametrize(("fails", "body"), [(False, b"body"), (True, b"")])
def test_a_head_goes_out_with_its_body_or_alone_when_there_is_none(fails: bool, body: bytes) -> None:
    app = Halting(fails)
    server = WebServer(app, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert app.begun.wait(10)
        waiting, _, _ = select.select([client], [], [], 0)
        app.go_on.set()
        answer = b"".join(iter(lambda: client.recv(1000), b""))
    server.stop()
    thread.join(10)
    assert not waiting
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == body
