"""Requests byte for byte, as no client should send them: each is answered as it must be, and does nothing else.

What a head may hold beside is in test_ingest.py, and secrets are in test_ingest_secrets.py.
"""

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.golden.hooks.deliveries import CASES, CONFIGURATION, signed
from tests.system.door import JSON, Door, in_the_log, ingest
from tests.system.newsroom import Newsroom, article
from wireroom.clock import MINUTE, SystemClock

NUMBERS = count()
MORE = 200_000  # bytes, more than any head may have


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One ingest for all of them: what one does to it, the next one notices."""
    folder: Path = tmp_path_factory.mktemp("attacks")
    (folder / "wireroom.yaml").write_text(json.dumps(CONFIGURATION))  # JSON is YAML
    with ingest(Newsroom(folder)) as door:
        yield door


class Attack:
    """Builds requests; `ids` are of the events in them."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.key = f"Authorization: Bearer {door.key}\r\n".encode()
        self.ids: list[str] = []

    def body(self) -> bytes:
        number = next(NUMBERS)
        self.ids.append(f"e{number}-1")
        return json.dumps(article(f"e{number}")).encode()

    def post(self, more: bytes = b"", *, line: bytes = b"POST /v1/events HTTP/1.1", key: bytes | None = None) -> bytes:
        """An event as it should be sent, but for what a test has otherwise."""
        body = self.body()
        return self.head(more, line=line, key=key) + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def chunked(self, more: bytes = b"", *, key: bytes | None = None, rest: bytes = b"") -> bytes:
        """The same in a chunk, and what follows it in place of trailers."""
        body = self.body()
        return self.head(more, key=key) + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n%b\r\n" % (
            len(body), body, rest,
        )  # fmt: skip

    def head(self, more: bytes = b"", *, line: bytes = b"POST /v1/events HTTP/1.1", key: bytes | None = None) -> bytes:
        return b"%b\r\nHost: x\r\n%bContent-Type: %b\r\n%b" % (
            line, self.key if key is None else key, JSON.encode(), more,
        )  # fmt: skip

    def statuses(self, sent: bytes) -> list[int]:
        """Of all answers until the connection ends, which it does after the last request by itself."""
        with self.door.raw() as client:
            try:
                client.sendall(sent)
                answer = b"".join(iter(lambda: client.recv(65536), b""))
            except ConnectionResetError:
                return [431]  # the rest was not read
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer) if status != b"100"]

    def last(self) -> bytes:
        """A request after which the connection ends."""
        return b"GET /problems/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    def taken(self) -> list[str]:
        there = in_the_log(self.door.newsroom)
        return [ident for ident in self.ids if ident in there]


@pytest.fixture
def attack(door: Door) -> Iterator[Attack]:
    yield Attack(door)
    assert door.once(article("after"))[0] == 202


UPGRADES = [
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    b"Connection: Upgrade, HTTP2-Settings\r\nUPGRADE: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
]


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_who_would_rather_speak_another_protocol_is_taken_in_this_one(attack: Attack, upgrade: bytes) -> None:
    """Java's client asks for HTTP/2 so with every first request in the clear."""
    assert attack.statuses(attack.post(upgrade) + attack.post() + attack.last()) == [202, 202, 200]
    assert attack.taken() == attack.ids


def test_a_protocol_that_is_asked_for_in_pieces_is_to_be_sent_again(attack: Attack) -> None:
    first, second = attack.post(UPGRADES[0]).split(b"grade: ")
    with attack.door.raw() as client:
        client.sendall(first)
        wait = client.recv  # nothing is answered to half a head
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            wait(1)
        client.settimeout(10)
        client.sendall(b"grade: " + second)
        assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
    assert attack.taken() == []


def test_many_at_once_over_one_connection(attack: Attack) -> None:
    many = [attack.post() for _ in range(50)]
    assert attack.statuses(b"".join(many) + attack.last()) == [202] * 50 + [200]
    assert attack.taken() == attack.ids


def test_what_follows_a_refusal_is_a_request_of_its_own(attack: Attack) -> None:
    refused = attack.post(key=b"")
    assert attack.statuses(refused + attack.post() + attack.last()) == [401, 202, 200]
    assert attack.taken() == attack.ids[1:]


@pytest.mark.parametrize("length", [b"Content-Length: 5000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_is_refused_hides_no_request(attack: Attack, length: bytes) -> None:
    inside = attack.post()
    assert attack.statuses(attack.head(length) + b"\r\n" + inside + b"x" * 100)[:1] in ([413], [400])
    assert attack.taken() == []


def test_who_waits_for_a_nod_gets_it_only_with_a_key(attack: Attack) -> None:
    assert attack.statuses(attack.post(b"Expect: 100-continue\r\nConnection: close\r\n")) == [202]
    nothing = attack.head(b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", key=b"")
    with attack.door.raw() as client:
        client.sendall(nothing)
        assert b"".join(iter(lambda: client.recv(65536), b"")).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("target", [b"http://elsewhere.example/v1/events", b"http://user:word@x/v1/events"])
def test_a_whole_address_is_a_path(attack: Attack, target: bytes) -> None:
    assert attack.statuses(attack.post(line=b"POST %b HTTP/1.1" % target) + attack.last()) == [202, 200]


def test_what_follows_a_body_is_no_header(attack: Attack) -> None:
    assert attack.statuses(attack.chunked(key=b"", rest=attack.key) + attack.last()) == [401, 200]
    trailers = b"X-Sum: 1\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n"
    assert attack.statuses(attack.chunked(rest=trailers) + attack.last()) == [202, 200]
    assert attack.taken() == attack.ids[1:]


@pytest.mark.parametrize("key", [True, False])
def test_what_follows_a_body_without_end(attack: Attack, key: bool) -> None:
    for rest in (b"X-A: " + b"y" * MORE, b"".join(b"X-%d: %b\r\n" % (n, b"y" * 90) for n in range(MORE // 90))):
        assert attack.statuses(attack.chunked(key=None if key else b"", rest=rest))[-1] == 431
    begun = attack.head(b"Transfer-Encoding: chunked\r\n\r\n5;", key=None if key else b"")
    assert attack.statuses(begun + b"a" * MORE)[-1] == 431
    assert attack.taken() == []


def test_chunks_of_one_byte_are_a_body(attack: Attack) -> None:
    body = attack.body()
    pieces = b"".join(b"1;a=b\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    padding = b"".join(b"1\r\n \r\n" for _ in range(MORE // 6))
    sent = attack.head(b"Transfer-Encoding: chunked\r\n\r\n") + padding + pieces
    assert attack.statuses(sent + attack.last()) == [202, 200]


NO_HTTP = {
    "a key in two lines": lambda a: a.post(key=a.key.replace(b"Bearer ", b"Bearer\r\n ")),
    "a null in the key": lambda a: a.post(key=a.key.replace(b"wr_", b"wr_\0")),
    "a chunk of 2**68": lambda a: a.head(b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\nabc"),
    "a chunk below 0": lambda a: a.head(b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc"),
    "chunked that is not": lambda a: a.head(b"Transfer-Encoding: xchunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
    "a space before the colon": lambda a: a.head(b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "a length with a sign": lambda a: a.head(b"Content-Length: +5\r\n\r\nabcde"),
    "a list of lengths": lambda a: a.head(b"Content-Length: 5, 5\r\n\r\nabcde"),
    "a length of 2**80": lambda a: a.head(b"Content-Length: 1208925819614629174706176\r\n\r\n"),
    "lines that end with LF": lambda a: a.post().replace(b"\r\n", b"\n"),
    "bytes in the path": lambda a: a.post(line=b"POST /v1/ev\xc0\xa5nts HTTP/1.1"),
    "a method in lower case": lambda a: a.post(line=b"post /v1/events HTTP/1.1"),
    "no path": lambda a: a.post(line=b"POST x:80 HTTP/1.1"),
    "a tunnel": lambda a: b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "another version": lambda a: a.post(line=b"POST /v1/events HTTP/1.2"),
    "HTTP/2": lambda a: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": lambda a: bytes.fromhex("16030100c8010000c40303") + b"x" * 190,
}


@pytest.mark.parametrize("case", NO_HTTP)
def test_what_is_no_http_ends_the_connection(attack: Attack, case: str) -> None:
    assert attack.statuses(NO_HTTP[case](attack)) == [400]  # type: ignore[no-untyped-call]
    assert attack.taken() == []


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"POST /v1/ev%C1%A5nts HTTP/1.1", 404),
        (b"POST /v1/events%00 HTTP/1.1", 404),
        (b"POST /v1/x/../events HTTP/1.1", 404),
        (b"POST //v1/events HTTP/1.1", 404),
        (b"OPTIONS * HTTP/1.1", 404),
        (b"HEAD /v1/events HTTP/1.1", 405),
        (b"POST /v1/events?backfill=true%0a HTTP/1.1", 400),
        (b"POST /v1/events?" + b"&".join(b"a=%d" % n for n in range(8000)) + b" HTTP/1.1", 400),
        (b"POST /v1/hooks/ghost/fjordposten?" + b"a=b&" * 15_000 + b" HTTP/1.1", 401),
    ],
    ids=lambda given: given[:50].decode() if isinstance(given, bytes) else str(given),
)
def test_odd_targets(attack: Attack, line: bytes, status: int) -> None:
    assert attack.statuses(attack.post(line=line) + attack.last()) == [status, 200]
    assert attack.taken() == []


def test_a_key_in_overlong_utf_8_is_none(attack: Attack) -> None:
    overlong = attack.key.replace(b"wr_", b"wr\xc1\x9f")
    assert attack.statuses(attack.post(key=overlong) + attack.last()) == [401, 200]


@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0_is_answered_and_ended(attack: Attack, more: bytes) -> None:
    assert attack.statuses(attack.post(more, line=b"POST /v1/events HTTP/1.0")) == [202]
    assert attack.taken() == attack.ids


@pytest.mark.parametrize(("minutes", "status"), [(-4, 202), (4, 202), (-6, 401), (6, 401)])
def test_a_signature_by_a_clock_that_is_off(attack: Attack, minutes: int, status: int) -> None:
    assert attack.statuses(ghost(SystemClock().now() + minutes * MINUTE)) == [status]


def test_a_delivery_that_is_sent_again_by_whoever_heard_it_changes_nothing(attack: Attack) -> None:
    before = len(in_the_log(attack.door.newsroom))
    heard = ghost(SystemClock().now())
    assert [attack.statuses(heard) for _ in range(3)] == [[202]] * 3
    assert len(in_the_log(attack.door.newsroom)) <= before + 1, "it is the same event each time"
    other = heard.replace(b"/ghost/fjordposten/", b"/wordpress/teluk/")
    assert attack.statuses(other) == [401]


def ghost(at: int) -> bytes:
    """What Ghost sends at a time of its own."""
    [case] = [case for case in CASES if case.name == "ghost-published"]
    delivery = signed(case.delivery._replace(received_at=at))
    lines = [f"POST /v1/hooks/ghost/{case.publication}/{case.event} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in delivery.headers.items()]
    lines += [f"Content-Length: {len(delivery.body)}", "", ""]
    return "\r\n".join(lines).encode() + delivery.body
