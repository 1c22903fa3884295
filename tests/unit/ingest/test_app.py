"""What is answered, route by route."""

import asyncio
import gzip
import json
from collections.abc import Sequence
from threading import Event

import pytest

from tests.unit.ingest.asking import BASE, BATCH, BODIES, JSON, LINES, Answer, Desk, ask, asked, event, lines, run
from wireroom.codec import MEDIA_TYPE, decode, encode
from wireroom.errors import Red, RetryAfter
from wireroom.event import ArticleEvent
from wireroom.ingest import app
from wireroom.log import BACKFILL, Message, Position
from wireroom.log.memory import MemoryLog


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_event_is_in_the_log_before_it_is_answered(desk: Desk) -> None:
    answer = asked(desk, desk.key("daily"), event(event_id="e1"))
    assert (answer.status, answer.headers["content-type"]) == (202, JSON)
    assert answer.json == {"event_id": "e1", "topic": "articles", "partition": 0, "offset": 0}
    [record] = desk.records()
    assert decode(record.value) == ArticleEvent.parse(event(event_id="e1"))


def test_an_event_without_an_id_gets_one(desk: Desk) -> None:
    answer = asked(desk, desk.key("daily"), event())
    assert answer.json["event_id"] == decode(desk.records()[0].value).event_id


def test_an_event_in_avro(desk: Desk) -> None:
    sent = ArticleEvent.parse(event())
    assert asked(desk, desk.key("daily"), encode(sent).value, content_type=MEDIA_TYPE).status == 202
    assert decode(desk.records()[0].value) == sent


@pytest.mark.parametrize("path", ["/v1/events", BATCH])
def test_an_archive_goes_to_its_own_topic(desk: Desk, path: str) -> None:
    media = LINES if path == BATCH else JSON
    answer = asked(desk, desk.key("daily"), event(), f"{path}?backfill=true", content_type=media)
    assert answer.json["topic"] == BACKFILL
    assert (len(desk.records(BACKFILL)), len(desk.records())) == (1, 0)


@pytest.mark.parametrize(
    "query", ["backfil=true", "backfill=yes", "backfill=true&backfill=true", "backfill", "x=%0d%0a"]
)
def test_what_the_address_may_not_say(desk: Desk, query: str) -> None:
    answer = asked(desk, desk.key(), event(), f"/v1/events?{query}")
    assert (answer.status, answer.problem) == (400, "invalid-request")
    assert not desk.records()


def test_shards_of_a_publication() -> None:
    site = {"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/", "shards": 4}
    desk = Desk(publications=[site])
    asked(desk, desk.key(), event())
    assert desk.records()[0].key.startswith("daily/")


def with_revision(text: str) -> bytes:
    return json.dumps(event()).replace('"revision": 1', f'"revision": {text}').encode()


FAULTY = {
    "no object": (b"[]", "an object"),
    "no JSON": (b"{", "JSON"),
    "nothing": (b"", "JSON"),
    "a key twice": (with_revision('1, "revision": 2'), "once"),
    "NaN": (with_revision("NaN"), "a number"),
    "a huge number": (with_revision("1" + "0" * 400), "a whole number"),
    "a number without end": (with_revision("1" * 5000), "JSON"),
    "an exponent": (with_revision("1e999"), "a whole number"),
    "bytes": (b'{"kind": "\xff"}', "UTF-8"),
    "a lone surrogate": (json.dumps(event(note="\ud800")).encode(), "lone surrogates"),
    "deep": (b"[" * 200_000, "JSON"),
    "deep objects": (b'{"a":' * 200_000, "JSON"),
    "many lists": (b"[" + b"[]," * 100_001 + b"[]]", "at most 100000"),
    "wide": (b"{" + b",".join(b'"%d":1' % n for n in range(50_000)) + b"}", "JSON"),
    "two events": (lines(event(), event()), "nothing after"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_what_is_no_event_is_told(desk: Desk, case: str) -> None:
    body, expected = FAULTY[case]
    answer = asked(desk, desk.key(), body)
    assert (answer.status, answer.problem) == (422, "invalid-event")
    assert any(expected in fault["expected"] for fault in answer.json["errors"]), answer.json
    assert not desk.records()


def test_every_fault_is_told_at_once(desk: Desk) -> None:
    answer = asked(desk, desk.key(), event(revision=0, url="x", titel=1))
    assert {fault["path"] for fault in answer.json["errors"]} == {"revision", "url", "titel"}
    assert all(set(fault) == {"path", "found", "expected"} for fault in answer.json["errors"])


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x00\x00\x00\x01", b"\xc3\x01" + b"x" * 8, encode(ArticleEvent.parse(event())).value + b"x"]
)
def test_what_is_no_avro_is_told(desk: Desk, body: bytes) -> None:
    answer = asked(desk, desk.key(), body, content_type=MEDIA_TYPE)
    assert (answer.status, answer.problem) == (422, "invalid-event")
    assert answer.json["errors"]


def test_too_large_an_event(desk: Desk) -> None:
    long = event()
    long["article"]["body_html"] = "x" * 900_001
    answer = asked(desk, desk.key(), long)
    assert (answer.status, answer.problem) == (413, "too-large")
    assert "bytes of Avro" in answer.json["errors"][0]["found"]
    desk = Desk()
    assert asked(desk, desk.key(), b"x" * 4_000_001).problem == "too-large"


@pytest.mark.parametrize(
    ("path", "media"), [("/v1/events", LINES), (BATCH, JSON), ("/v1/events", "text/plain"), ("/v1/events", "")]
)
def test_another_type_of_body(desk: Desk, path: str, media: str) -> None:
    answer = asked(desk, desk.key(), event(), path, content_type=media)
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
    assert answer.json["errors"][0]["path"] == "Content-Type"


def test_parameters_of_the_type_do_not_matter(desk: Desk) -> None:
    assert asked(desk, desk.key(), event(), content_type="Application/JSON; charset=utf-8").status == 202


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/events/", "/v1/events:batch/x", "/V1/events", "/problems/../x"]
)
def test_nothing_is_elsewhere(desk: Desk, path: str) -> None:
    assert asked(desk, desk.key(), event(), path).problem == "not-found"


def test_another_method(desk: Desk) -> None:
    answer = asked(desk, None, b"", method="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.problem == "method-not-allowed"
    desk = Desk()
    assert asked(desk, None, b"", "/problems/forbidden", method="POST").headers["allow"] == "GET, HEAD"


# ---- batches ---------------------------------------------------------------------------------------------------


def test_accepted_and_refused_lines_side_by_side(desk: Desk) -> None:
    large = event("large")
    large["article"]["body_html"] = "x" * 900_001
    body = lines(event("a", event_id="a"), event("b", publication="other"), {"kind": 1}) + b"\n{\r\n"
    body += lines(event("c"), large)
    answer = asked(desk, desk.key("daily"), body, BATCH, content_type=LINES)
    assert (answer.status, answer.headers["content-type"]) == (200, LINES)
    told = answer.lines
    statuses = {1: 202, 2: 403, 3: 422, 5: 422, 6: 202, 7: 413}
    assert {each["line"]: each["status"] for each in told} == statuses
    assert told[0] == {"line": 1, "status": 202, "event_id": "a", "topic": "articles", "partition": 0, "offset": 0}
    assert told[1]["type"] == f"{BASE}problems/forbidden"
    assert len(told[2]["errors"]) == 6
    assert [decode(record.value).article_id for record in desk.records()] == ["a", "c"]


def test_a_batch_of_nothing_and_one_of_too_much(desk: Desk) -> None:
    key = desk.key()

    async def both() -> list[Answer]:
        return [
            await ask(desk.ingest, key, body, BATCH, content_type=LINES)
            for body in (b"", b" \n\r\n", b"\n" * 1001, b"\n" * 15_000_000, b"{}\n" * 1000)
        ]

    assert [answer.status for answer in run(desk, both)] == [422, 422, 413, 413, 200]
    assert not desk.records()


def test_the_faults_of_a_batch_have_an_end(desk: Desk) -> None:
    bad = {f"key{n}": n for n in range(900)}
    answer = asked(desk, desk.key(), lines(*[bad] * 10), BATCH, content_type=LINES)
    counts = [len(line["errors"]) for line in answer.lines]
    assert counts[0] > 900
    assert counts[2:] == [2] * 8
    assert "faults" in answer.lines[5]["errors"][1]["found"]


# ---- compressed ------------------------------------------------------------------------------------------------


def test_gzip_in_pieces_and_members(desk: Desk) -> None:
    whole = json.dumps(event("ü" * 20)).encode()
    packed = gzip.compress(whole[:50]) + gzip.compress(whole[50:])
    pieces = [packed[at : at + 7] for at in range(0, len(packed), 7)]
    assert asked(desk, desk.key(), pieces, content_encoding="GZIP").status == 202


def test_gzip_of_much_that_is_alike(desk: Desk) -> None:
    long = event("a", note="x" * 300_000)
    assert asked(desk, desk.key(), gzip.compress(json.dumps(long).encode()), content_encoding="gzip").status == 202
    assert decode(desk.records()[0].value).note == long["note"]


@pytest.mark.parametrize("body", [b"", b"x", gzip.compress(b"{}", mtime=0)[:-1], gzip.compress(b"{}", mtime=0) + b"x"])
def test_what_is_no_gzip(desk: Desk, body: bytes) -> None:
    assert asked(desk, desk.key(), body, content_encoding="gzip").problem == "invalid-request"


def test_a_bomb_in_gzip_is_unpacked_no_further_than_the_limit(desk: Desk) -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert asked(desk, desk.key(), bomb, content_encoding="gzip").problem == "too-large"
    desk = Desk()
    assert asked(desk, desk.key(), bomb, BATCH, content_type=LINES, content_encoding="gzip").problem == "too-large"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "deflate", "x"])
def test_another_encoding(desk: Desk, encoding: str) -> None:
    assert asked(desk, desk.key(), event(), content_encoding=encoding).problem == "unsupported-media-type"


# ---- what is unwell --------------------------------------------------------------------------------------------


class Broken(MemoryLog):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        raise self.error


@pytest.mark.parametrize("error", [RetryAfter("broker-7 is away", 2.5), Red("/srv/log is gone", "put it back")])
@pytest.mark.parametrize("path", BODIES)
def test_while_the_log_cannot_be_written(error: Exception, path: str) -> None:
    desk = Desk(Broken(error))
    body, media = BODIES[path]
    answer = asked(desk, desk.key(), body, path, content_type=media)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert answer.headers["retry-after"] == ("3" if isinstance(error, RetryAfter) else "60")
    assert str(error).split()[0] not in answer.body.decode(), "where our log is does not concern a sender"


class Hanging(MemoryLog):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        self.gate.wait(10)
        return super().append(topic, messages)


@pytest.mark.parametrize("path", BODIES)
def test_while_the_log_hangs(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PATIENCE", 0.05)
    log = Hanging()
    desk = Desk(log)
    body, media = BODIES[path]
    answer = asked(desk, desk.key(), body, path, content_type=media)
    log.gate.set()
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_a_line_of_a_batch_is_no_longer_than_an_event(desk: Desk) -> None:
    body = lines(event("a"), event("b", note="x" * 4_000_000), event("c"))
    answer = asked(desk, desk.key(), body, BATCH, content_type=LINES)
    assert [line["status"] for line in answer.lines] == [202, 413, 202]


def test_a_bug_is_told_as_one_and_is_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Broken(ZeroDivisionError("inside")))
    answer = asked(desk, desk.key(), event())
    assert (answer.status, answer.problem) == (500, "internal-error")
    assert b"inside" not in answer.body
    assert "ZeroDivisionError" in caplog.text


def test_memory_has_an_end() -> None:
    desk = Desk(memory=1000)
    answer = asked(desk, desk.key(), [b"x" * 600] * 2)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert desk.ingest._memory._free == 1000


def test_memory_comes_back(desk: Desk) -> None:
    key, before = desk.key(), desk.ingest._memory._free

    async def several() -> None:
        await ask(desk.ingest, key, event())
        await ask(desk.ingest, key, lines(event(), {}), BATCH, content_type=LINES)
        await ask(desk.ingest, key, b"[")
        while desk.ingest._memory._free < before:  # it comes a moment after the answer
            await asyncio.sleep(0.001)

    run(desk, several)


# ---- the pages of problems -------------------------------------------------------------------------------------


def test_each_type_has_its_page(desk: Desk) -> None:
    async def both() -> list[Answer]:
        refused = await ask(desk.ingest, None, event())
        path = refused.json["type"].removeprefix(BASE.rstrip("/"))
        return [
            await ask(desk.ingest, None, b"", path, method="GET"),
            await ask(desk.ingest, None, b"", "/problems/", "GET"),
        ]

    page, index = run(desk, both)
    assert page.status == index.status == 200
    assert page.body.startswith(b"# unauthorized")
    assert b"## forbidden" in index.body
