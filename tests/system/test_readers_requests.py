"""What clients of all kinds send: each gets an answer that it understands."""

import gzip
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import brotli
import pytest

from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for, withdrawal
from tests.system.readers import SETTINGS

RSS = "/feeds/daily/latest.rss"
PAGES = ("/", "/feeds/daily/latest", "/feeds.opml", "/.well-known/feed-menu.json", "/robots.txt")
DOCUMENTS = (RSS, "/articles/daily/n1.json", "/sitemaps/daily/news.xml", "/feeds/daily/whole/2026-02-03.atom")
OTHERS = ("/rss.xml", "/articles/daily/n3.json", "/private/feeds/daily/wire.rss", "/favicon.ico")


class Answer(NamedTuple):
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Server:
    """`wireroom up`, spoken to byte by byte."""

    def __init__(self, room: Newsroom, address: str) -> None:
        self.room = room
        parts = urlsplit(address)
        self.at = (parts.hostname or "", parts.port or 0)

    def sent(self, request: str) -> bytes:
        """All that comes back until the server closes the connection."""
        with socket.create_connection(self.at, timeout=PATIENCE) as client:
            client.sendall(request.encode("latin-1"))
            return b"".join(iter(lambda: client.recv(100_000), b""))

    def ask(self, path: str = RSS, begin: str = "GET {} HTTP/1.1", **headers: str) -> Answer:
        """One request that asks for the connection to be closed after it."""
        lines = [begin.format(path), "Host: x", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return read(self.sent("\r\n".join([*lines, "", ""])))


def read(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    return Answer(int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in fields}, body)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    room = Newsroom(tmp_path_factory.mktemp("daily"))
    (room.folder / "wireroom.yaml").write_text(SETTINGS.format(public_url="https://feeds.example/"))
    room.publish(*(article(f"n{at}", body_html=f"<p>{'word ' * 300}{at}</p>") for at in range(20)))
    room.publish(withdrawal("n3", 2))
    with room.up() as address:
        found = Server(room, address)
        wait_for(lambda: len(room.titles("feeds/daily/latest.json")) == 19)
        wait_for(lambda: all("last-modified" in found.ask(path).headers for path in DOCUMENTS))
        yield found


CODINGS = {  # what clients send -> what is best for them
    "gzip": "gzip",  # Go, Feedly
    "gzip, deflate": "gzip",  # Inoreader, newsboat
    "deflate, gzip, br, zstd": "br",  # curl --compressed
    "identity": "",  # wget, Python
    "gzip, deflate, br, zstd": "br",  # Chrome
    "gzip, deflate, br": "br",  # Apple
    "br, gzip": "br",  # Miniflux
    "gzip,deflate": "gzip",  # Java
    "gzip;q=1.0,deflate;q=0.6,identity;q=0.3": "gzip",  # Ruby
    "compress, gzip": "gzip",
    "GZIP": "gzip",
    "br;q=0.1, gzip": "gzip",
    "gzip;q=0, *;q=0": "",
    "gzip;q=high, , ;q=1": "",
    "deflate": "",
    "*": "br",
    "": "",
}
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}


@pytest.mark.parametrize("accepted", CODINGS)
def test_each_gets_a_coding_that_it_understands(server: Server, accepted: str) -> None:
    answer = server.ask(Accept_Encoding=accepted)
    coding = answer.headers.get("content-encoding", "")
    assert (answer.status, coding) == (200, CODINGS[accepted])
    assert UNPACK[coding](answer.body) == server.ask().body
    assert len(answer.body) == int(answer.headers["content-length"])
    assert server.ask(Accept_Encoding=accepted, If_None_Match=answer.headers["etag"]).status == 304
    assert server.ask(Accept_Encoding=accepted, If_None_Match=f"W/{answer.headers['etag']}").status == 304


@pytest.mark.parametrize(
    "accepted", ["text/html", "application/atom+xml;q=0.1", "image/*", "*/*;q=0", "", "//;;", "x" * 9000]
)
def test_the_address_decides_which_format_not_what_is_accepted(server: Server, accepted: str) -> None:
    """So a CDN needs one copy of it, and a client that accepts the wrong thing gets what it asked for."""
    answer = server.ask(Accept=accepted)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    assert answer.headers["vary"] == "Accept-Encoding"


DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y")  # RFC 9110, 5.6.7


@pytest.mark.parametrize("form", DATES)
def test_a_date_is_understood_in_each_of_its_three_forms(server: Server, form: str) -> None:
    known = parsedate_to_datetime(server.ask().headers["last-modified"])
    assert server.ask(If_Modified_Since=known.strftime(form)).status == 304
    assert server.ask(If_Modified_Since=datetime(2020, 1, 2).strftime(form)).status == 200


NO_DATES = ("0", "-1", "yesterday", "2026-11-24T16:24:19Z", "Mon, 01 Jan 0001 00:00:00 +2359")


@pytest.mark.parametrize("date", [*NO_DATES, "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_a_date_that_is_none_or_still_to_come_is_as_if_it_were_not_sent(server: Server, date: str) -> None:
    assert server.ask(If_Modified_Since=date).status == 200


SPELLINGS = {
    "HTTP/1.0 without a host": f"GET {RSS} HTTP/1.0\r\n\r\n",
    "HTTP/1.0 that would stay": f"GET {RSS} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "as to a proxy": f"GET http://x{RSS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "as to a proxy, over TLS": f"GET HTTPS://feeds.example{RSS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a query": f"GET {RSS}?utm_source=a&b[]=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a dot that is written in hex": "GET /feeds/daily/latest%2Erss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "empty lines first": f"\r\n\r\nGET {RSS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a range": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nConnection: close\r\n\r\n",
    "100-continue": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    "HTTP/2": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n",
    "a large cookie": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nCookie: {'c' * 8000}\r\nConnection: close\r\n\r\n",
    "a name in UTF-8": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nUser-Agent: Lekt\xc3\xbcr\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_it_is_asked_for_it_is_the_same_feed(server: Server, spelling: str) -> None:
    answer, usual = read(server.sent(SPELLINGS[spelling])), server.ask()
    assert (answer.status, answer.body) == (200, usual.body)
    assert answer.headers["etag"] == usual.headers["etag"]


REFUSED = {
    "no host": f"GET {RSS} HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": f"GET {RSS} HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n",
    "a tunnel": "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel to a path": f"CONNECT {RSS} HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/2 at once": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another method": f"get {RSS} HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("shape", REFUSED)
def test_what_is_no_request_is_refused(server: Server, shape: str) -> None:
    """RFC 9112, section 3.2, for hosts: whoever stands before must not understand another one."""
    assert server.ask().status == 200, "it is at hand"
    assert read(server.sent(REFUSED[shape])).status == 400
    assert server.sent(REFUSED[shape]).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("path", DOCUMENTS + PAGES + OTHERS)
def test_head_tells_what_get_would(server: Server, path: str) -> None:
    get, head = server.ask(path), server.ask(path, "HEAD {} HTTP/1.1")
    assert (head.status, head.body) == (get.status, b"")
    assert get.body
    passing = ("date", "age")
    assert {k: v for k, v in head.headers.items() if k not in passing} == {
        k: v for k, v in get.headers.items() if k not in passing
    }


def test_one_client_that_asks_without_a_pause_gets_each_answer_and_leaves_nothing(server: Server) -> None:
    """Over one connection and over many, beside which another reader is served."""
    before = server.room.output()
    known = server.ask().headers["etag"]
    request = f"GET {RSS} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {known}\r\n"
    received = server.sent(f"{request}\r\n" * 2000 + f"{request}Connection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+) ", received) == [b"304"] * 2001
    assert server.ask().status == 200
    for _ in range(1000):
        assert server.ask(If_None_Match=known).status == 304
    assert server.room.output() == before
