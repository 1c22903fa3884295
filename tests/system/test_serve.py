"""`wireroom serve` before readers that mean harm, readers that are slow, and its own end."""

import http.client
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for

RSS = "/feeds/daily/latest.rss"
EDITION = b'"applied"'  # stands in every edition, and in no document
OLD = "/rss.xml"
SETTINGS = f"""
publications: [{{id: daily, name: Daily, language: en, url: "https://daily.example/"}}]
feeds: [{{id: latest, publication: daily, moved_from: [{OLD}]}}]
"""


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    newsroom = Newsroom(tmp_path_factory.mktemp("newsroom"))
    (newsroom.folder / "wireroom.yaml").write_text(SETTINGS)
    newsroom.publish(*(article(f"n{k}", body_html=f"<p>{'word ' * 900}{k}</p>") for k in range(20)))
    newsroom.run("up", "--drain")
    edition = newsroom.folder / "data/store/editions/feeds/daily/latest.json"
    assert EDITION in edition.read_bytes()
    return newsroom


@pytest.fixture(scope="module")
def address(newsroom: Newsroom) -> Iterator[tuple[str, int]]:
    with newsroom.running("serve", "--port", "0"):
        parts = urlsplit(wait_for(newsroom.address))
        yield parts.hostname or "", parts.port or 0


def sent(address: tuple[str, int], request: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    received = b""
    with socket.create_connection(address, timeout=PATIENCE) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        while more := client.recv(100_000):
            received += more
    return received


def heads(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def get(address: tuple[str, int], path: str = RSS) -> int:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


EDITIONS = [
    "/editions/feeds/daily/latest.json",
    "//editions/feeds/daily/latest.json",
    "/./editions/feeds/daily/latest.json",
    "/feeds/../editions/feeds/daily/latest.json",
    "/feeds/daily/../../editions/feeds/daily/latest.json",
    "/feeds/%2e%2e/editions/feeds/daily/latest.json",
    "/feeds/%2E%2E%2Feditions/feeds/daily/latest.json",
    "/feeds/%252e%252e/editions/feeds/daily/latest.json",
    "/feeds/..;/editions/feeds/daily/latest.json",
    "/feeds/..%5ceditions/feeds/daily/latest.json",
    "/feeds/..\\editions\\feeds\\daily\\latest.json",
    "/feeds/%c0%ae%c0%ae/editions/feeds/daily/latest.json",
    "/feeds/%u002e%u002e/editions/feeds/daily/latest.json",
    "/feeds/daily/latest.json/../../../editions/feeds/daily/latest.json",
    "/editions%2ffeeds%2fdaily%2flatest.json",
    "/%65ditions/feeds/daily/latest.json",
    "/EDITIONS/feeds/daily/latest.json",
    "/editions/feeds/daily/latest.json%00.rss",
    "/feeds/editions/feeds/daily/latest.json",
    "/private/../editions/feeds/daily/latest.json",
    "/articles/../editions/feeds/daily/latest.json",
    "/.wireroom/locks/1",
    "/feeds/.new-1",
    "http://x/editions/feeds/daily/latest.json",
    "http://x/feeds/../editions/feeds/daily/latest.json",
    "/feeds/../../wireroom.yaml",
    "/feeds/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_spelling_leads_to_an_edition_or_out_of_the_store(address: tuple[str, int], method: str) -> None:
    for target in EDITIONS:
        received = sent(address, f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert heads(received) in ([204], [400], [404], [405]), target
        assert not any(secret in received for secret in (EDITION, b"root:", b"publications:")), target
    assert get(address) == 200


@pytest.mark.parametrize(
    "head",
    [
        f"GET {OLD}%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n",
        f"GET {OLD}?%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n",
        f"GET {RSS}%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n",
        f'GET {RSS} HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a%0d%0aSet-Cookie: a=b"\r\n',
        f"GET {OLD} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n",
        f"GET {OLD} HTTP/1.1\r\nHost: x\r\nX-Original-URL: /editions/feeds/daily/latest.json\r\n",
    ],
)
def test_nothing_that_was_sent_comes_back_in_a_header(address: tuple[str, int], head: str) -> None:
    received = sent(address, f"{head}Connection: close\r\n\r\n".encode())
    told = received.partition(b"\r\n\r\n")[0].lower()
    assert len(heads(received)) == 1
    assert b"set-cookie" not in told
    assert b"evil" not in told
    assert EDITION not in received


SMUGGLED = "GET /articles/daily.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
SHAPES = {
    "length and chunks": f"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks and length": f"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a list of lengths": f"Content-Length: 0, {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a signed length": f"Content-Length: +{len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a length in hex": f"Content-Length: 0x{len(SMUGGLED):x}\r\n\r\n{SMUGGLED}",
    "a space before the colon": f"Content-Length : {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a folded header": f"Content-Length:\r\n {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "chunks of another name": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks that are not last": f"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a vertical tab": f"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a chunk too large to count": f"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{SMUGGLED}",
    "a bare carriage return": f"X: a\rContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a null": f"X: a\0b\r\n\r\n{SMUGGLED}",
    "a body that is a request": f"Content-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "an upgrade": f"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_request_is_smuggled_in_another(address: tuple[str, int], shape: str) -> None:
    assert get(address) == 200  # it is at hand, so that it could be answered before the body is looked at
    received = sent(address, f"GET {RSS} HTTP/1.1\r\nHost: x\r\n{SHAPES[shape]}".encode("latin-1"))
    assert b"application/feed+json" not in received, "what was smuggled was answered"
    assert heads(received) in ([400], [200], [200, 400]), shape


def test_nobody_fills_the_disk_with_bad_requests(newsroom: Newsroom, address: tuple[str, int]) -> None:
    before = newsroom.output()
    for request in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", b"\xff" * 100):
        assert heads(sent(address, request)) == [400]
    assert newsroom.output() == before


def test_slow_readers_do_not_stop_the_others(address: tuple[str, int]) -> None:
    """Some never end their request, some never take their answer."""
    with ExitStack() as stack:
        for number in range(200):
            slow = stack.enter_context(socket.create_connection(address, timeout=PATIENCE))
            slow.sendall(f"GET {RSS} HTTP/1.1\r\nHost: x\r\n".encode())
            if number % 2:
                slow.sendall(f"\r\nGET {RSS} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 100)
        for _ in range(20):
            assert get(address) == 200


class Reader(threading.Thread):
    """Reads over and over on one connection, and anew when it is told that the connection ends."""

    def __init__(self, address: tuple[str, int], method: str) -> None:
        super().__init__()
        self._address, self._method = address, method
        self.whole = 0
        self.dropped: list[Exception] = []

    def run(self) -> None:
        while not self.dropped:
            connection = http.client.HTTPConnection(*self._address, timeout=PATIENCE)
            try:
                connection.connect()
            except OSError:  # it is gone
                return
            try:
                self._read(connection)
            except (OSError, http.client.HTTPException) as error:
                self.dropped.append(error)
            finally:
                connection.close()

    def _read(self, connection: http.client.HTTPConnection) -> None:
        while True:
            connection.request(self._method, RSS)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            self.whole += 1
            if answer.headers["Connection"] == "close":
                return


def test_no_request_is_dropped_when_it_is_told_to_end(newsroom: Newsroom, tmp_path: Path) -> None:
    again = Newsroom(tmp_path, WIREROOM_STORE__URL=f"file:///{newsroom.folder}/data/store")
    server = again.start("serve", "--port", "0")
    parts = urlsplit(wait_for(again.address))
    readers = [Reader((parts.hostname or "", parts.port or 0), method) for method in ("GET", "GET", "HEAD")]
    for reader in readers:
        reader.start()
    wait_for(lambda: all(reader.whole > 50 for reader in readers))
    server.send_signal(signal.SIGTERM)
    for reader in readers:
        reader.join(PATIENCE)
    assert [reader.dropped for reader in readers] == [[], [], []]
    assert server.wait(PATIENCE) == 0
