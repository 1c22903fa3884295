"""The client of a service, against one that says whatever a test wants."""

import json
import logging
import socket
import ssl
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import SSLError

from tests.servers.ingest import KEY, URN, Ingest, address, problem, serving
from tests.servers.scripted import RESET, SILENCE, Scripted, reply
from tests.unit.client.conftest import Rig
from tests.unit.event_strategies import events
from tests.unit.events import put, wd
from wireroom.client import service as module
from wireroom.client.service import FIRST, LONGEST, Service, as_json, pause
from wireroom.errors import ConfigurationError, Fault, Red, Refused, Reject, RetryAfter, WireroomError
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, Message, Partition, Position

EVENTS = [as_json(put("a")), as_json(wd("b", 2)), as_json(put("c"))]
IDS = [json.loads(message.value)["event_id"] for message in EVENTS]


@given(events)
def test_json_says_all_of_an_event(event: ArticleEvent) -> None:
    line = as_json(event).value
    assert b"\n" not in line
    assert ArticleEvent.parse(json.loads(line)) == event


def test_an_event_that_got_its_id_here_is_sent_with_it() -> None:
    event = ArticleEvent.parse(
        {name: value for name, value in json.loads(EVENTS[0].value).items() if name != "event_id"}
    )
    assert json.loads(as_json(event).value)["event_id"] == event.event_id


class KeepAlive(BaseHTTPRequestHandler):
    """Takes one event a request, and keeps its connections open."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"line": 1, "status": 202, "topic": "articles", "partition": 0, "offset": 0}\n'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_connection_is_used_again() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), KeepAlive) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        service = Service(f"http://127.0.0.1:{server.server_port}/", KEY)
        for _ in range(5):
            service.append(ARTICLES, EVENTS[:1])
        service.close()
        server.shutdown()
        thread.join()
    assert KeepAlive.connections == 1


def test_what_is_too_large_is_not_sent() -> None:
    with pytest.raises(Reject, match="too-large"):
        as_json(put("a", title="x" * 900_000))


def test_events_and_where_they_are(rig: Rig) -> None:
    assert rig.service().append(ARTICLES, EVENTS) == [Position(Partition(ARTICLES, 0), at) for at in range(3)]
    assert rig.ingest.ids == IDS
    (request,) = rig.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.body == b"".join(message.value + b"\n" for message in EVENTS)


def test_an_archive(rig: Rig) -> None:
    assert rig.service().append(BACKFILL, EVENTS[:1]) == [Position(Partition(BACKFILL, 0), 0)]
    assert (len(rig.ingest.taken[BACKFILL]), rig.ingest.ids) == (1, [])


def test_a_service_may_be_in_a_folder_of_its_host() -> None:
    with (
        Scripted(reply(404)) as server,
        pytest.raises(ConfigurationError, match="the address of a Wireroom"),
    ):
        Service(f"http://127.0.0.1:{server.port}/wireroom", KEY).append(ARTICLES, EVENTS)
    assert server.requests[0].path == "/wireroom/v1/events:batch"


AWAY = [
    problem(429, "too-many-requests"), problem(503, "unavailable"), reply(502), reply(504), reply(408),
    RESET, b"", b"HTTP/1.1 200 OK\r\nContent-Le", reply(200, b"x")[:-1], b"HTTP/1.1 200 OK\r\n\r\n{}",
]  # fmt: skip


@pytest.mark.parametrize("answer", AWAY)
def test_what_may_pass_is_tried_again(rig: Rig, answer: bytes) -> None:
    rig.ingest.answers = [answer, answer]
    assert len(rig.service().append(ARTICLES, EVENTS)) == 3
    assert rig.ingest.ids == IDS
    assert (len(rig.requests), len(rig.waits)) == (3, 2)
    assert {request.body for request in rig.requests} == {rig.requests[0].body}


@pytest.mark.parametrize("answer", AWAY)
def test_once_is_once(rig: Rig, answer: bytes) -> None:
    rig.ingest.answers = [answer]
    with pytest.raises(RetryAfter):
        rig.service().append(ARTICLES, EVENTS, once=True)
    assert (len(rig.requests), rig.ingest.ids) == (1, [])


def test_an_answer_cut_short_anywhere_is_no_answer(waits: list[float]) -> None:
    ingest = Ingest()
    with serving(ingest) as server:
        Service(address(server), KEY).append(ARTICLES, EVENTS[:1])
        whole = ingest(server.requests[0])
        for length in range(len(whole)):
            ingest.answers = [whole[:length]]
            before = len(server.requests)
            Service(address(server), KEY).append(ARTICLES, EVENTS[:1])
            assert len(server.requests) == before + 2


def test_what_fails_so_fails_again(rig: Rig) -> None:
    rig.ingest.answers = [problem(500, "internal-error", "A bug.")]
    with pytest.raises(RetryAfter, match=r"500: A bug\."):
        rig.service().append(ARTICLES, EVENTS)
    assert len(rig.requests) == 1


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(SILENCE) as server, pytest.raises(RetryAfter, match="does not answer"):
        Service(address(server), KEY, timeout=0.3).append(ARTICLES, EVENTS)


def test_silence_is_tried_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", 0.1)
    rig.ingest.answers = [SILENCE]
    assert len(rig.service().append(ARTICLES, EVENTS)) == 3


def test_nobody_there_ends() -> None:
    with pytest.raises(RetryAfter, match="does not answer"):
        Service("http://127.0.0.1:1/", KEY, timeout=0.3).append(ARTICLES, EVENTS)


def test_a_body_that_nobody_reads_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT", 0.2)
    large = Message("k", b"x" * 20_000_000)
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(RetryAfter, match="does not answer"):
        Service(f"http://127.0.0.1:{deaf.getsockname()[1]}/", KEY, timeout=0.5).append(ARTICLES, [large])


def drip(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" ")
            Event().wait(0.02)


def test_an_answer_that_drips_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=drip, args=(listener,))
        server.start()
        with pytest.raises(RetryAfter, match="takes too long"):
            Service(f"http://127.0.0.1:{listener.getsockname()[1]}/", KEY, timeout=0.3).append(ARTICLES, EVENTS)
        server.join(10)
    assert not server.is_alive()


def test_retry_after_is_kept(rig: Rig) -> None:
    rig.ingest.answers = [
        problem(503, "unavailable", Retry_After="7"),
        problem(429, "too-many-requests", Retry_After="9"),
    ]
    rig.service().append(ARTICLES, EVENTS)
    assert [int(wait) for wait in rig.waits] == [7, 9]


def test_retry_after_may_be_a_date(rig: Rig) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    rig.ingest.answers = [problem(503, "unavailable", Retry_After=at)]
    rig.service().append(ARTICLES, EVENTS)
    assert rig.waits[0] > 10


@pytest.mark.parametrize("said", ["soon", "-1", "9" * 5000, "1e3", ""])
def test_what_is_no_time_is_passed_over(rig: Rig, said: str) -> None:
    rig.ingest.answers = [problem(503, "unavailable", Retry_After=said)]
    rig.service().append(ARTICLES, EVENTS)
    assert rig.waits[0] <= FIRST


def test_who_is_told_to_wait_for_longer_than_there_is_time_is_not_kept_waiting(rig: Rig) -> None:
    rig.ingest.answers = [problem(429, "too-many-requests", "Less.", Retry_After="3600")]
    with pytest.raises(RetryAfter, match=r"429: Less\.") as caught:
        rig.service().append(ARTICLES, EVENTS)
    assert caught.value.seconds == 3600
    assert rig.waits == []


@given(st.integers(0, 10_000), st.none() | st.floats(0, 100), st.floats(0.1, 100), st.floats(0, 1))
def test_pauses(attempt: int, asked: float | None, left: float, chance: float) -> None:
    seconds = pause(attempt, asked, left, chance)
    if seconds is None:
        assert max(asked or 0.0, LONGEST) + LONGEST >= left
    else:
        assert (asked or 0.0) <= seconds < left
        assert FIRST / 2 <= seconds <= max(asked or 0.0, LONGEST / 2) + LONGEST / 2


def test_pauses_grow_and_differ() -> None:
    assert [pause(attempt, None, 100, 0.5) for attempt in range(6)] == pytest.approx([0.15, 0.3, 0.6, 1.2, 2.4, 3.75])
    assert pause(3, None, 100, 0.1) != pause(3, None, 100, 0.2)


def refuse(event: dict[str, object]) -> dict[str, object] | None:
    if event["article_id"] == "b":
        errors = [
            {"path": "article.title", "found": "' '", "expected": "text"},
            {"path": "url", "found": "x", "expected": "y"},
        ]
        return {"status": 422, "type": f"{URN}invalid-event", "title": "Invalid", "errors": errors}
    if event["article_id"] == "c":
        return {"status": 403, "type": f"{URN}forbidden", "title": "Forbidden", "detail": "The key is another's."}
    return None


def test_every_refused_event_is_told_with_its_faults_and_the_others_are_published(rig: Rig) -> None:
    rig.ingest.refuse = refuse  # type: ignore[assignment]
    with pytest.raises(Refused) as caught:
        rig.service().append(ARTICLES, EVENTS)
    second, third = caught.value.refusals
    assert (second.index, second.event_id, second.rule) == (1, IDS[1], "invalid-event")
    assert second.faults == (Fault("article.title", "' '", "text"), Fault("url", "x", "y"))
    assert (third.index, third.rule, third.faults[0].found) == (2, "forbidden", "The key is another's.")
    assert caught.value.positions == (Position(Partition(ARTICLES, 0), 0), None, None)
    assert rig.ingest.ids == IDS[:1]
    assert len(rig.requests) == 1


def test_who_takes_less_at_once_gets_less(rig: Rig) -> None:
    rig.ingest.answers = [reply(413, b"<html>nginx"), reply(413), problem(413, "too-large", "Too large.")]
    with pytest.raises(Refused) as caught:
        rig.service().append(ARTICLES, EVENTS)
    assert [each.index for each in caught.value.refusals] == [0]  # [a b c], [a], then [b c] in two
    assert rig.ingest.ids == IDS[1:]


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (problem(401, "unauthorized", "Revoked."), ConfigurationError, r"key: .*Revoked"),
        (problem(403, "forbidden", "Not from here."), Red, "Not from here"),
        (problem(400, "invalid-request", "No gzip."), Reject, r"invalid-request; .*No gzip"),
        (
            problem(422, "invalid-event", "", {"path": "a", "found": "b", "expected": "c"}),
            Reject,
            "a: found b, expected c",
        ),
        (reply(404, b"<html>"), ConfigurationError, "404 from"),
        (reply(405), ConfigurationError, "405 from"),
        (reply(200, b"<html>Sign in"), ConfigurationError, "something else at"),
        (reply(202, b"{}", Content_Type="application/json"), ConfigurationError, "202 from"),
        (reply(302, Location="https://elsewhere.example/"), ConfigurationError, r"redirection.*elsewhere.*not sent on"),
        (reply(307, Location="http://127.0.0.1:1/"), ConfigurationError, "redirection"),
        (reply(308, Location="/v2/"), ConfigurationError, "redirection"),
    ],
)
def test_what_a_person_must_mend(rig: Rig, answer: bytes, error: type[WireroomError], told: str) -> None:
    rig.ingest.answers = [answer]
    with pytest.raises(error, match=told):
        rig.service().append(ARTICLES, EVENTS)
    assert len(rig.requests) == 1


def test_a_redirection_takes_the_key_nowhere(waits: list[float]) -> None:
    with Scripted(reply(200)) as other, Scripted(b"") as server:
        for status in (301, 302, 303, 307, 308):
            server.answer = reply(status, Location=address(other))
            with pytest.raises(ConfigurationError):
                Service(address(server), KEY).append(ARTICLES, EVENTS)
    assert other.requests == []


@pytest.mark.parametrize(
    "lines",
    [[], [{"line": 1, "status": 202}], [{"line": 2, "status": 422}], ["x"], [[]], [{"line": 1}],
     [{"line": 1, "status": 503}], [{"line": 1, "status": 429}], [{"line": 1, "status": True}],
     [{"line": 1, "status": 422}] * 2, [{"line": 1, "status": 202, "topic": 1, "partition": 0, "offset": 0}]],
)  # fmt: skip
def test_results_that_are_none_leave_it_open(rig: Rig, lines: list[object]) -> None:
    text = "\n".join(map(json.dumps, lines)).encode()
    rig.ingest.answers = [reply(200, text, Content_Type="application/x-ndjson")]
    with pytest.raises(RetryAfter):
        rig.service().append(ARTICLES, EVENTS[:1])


HOSTILE = [
    "[" * 100_000,
    "null",
    '{"errors": 7, "detail": [1], "type": {}}',
    json.dumps({"errors": [1, {}, {"path": "\x1b[31m"}], "type": "\x1b[31m", "detail": "\x1b[31m"}),
    json.dumps({"errors": [{"path": "x" * 100_000}], "type": "x" * 100_000, "detail": "x" * 100_000}),
    "\xff",
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("status", [400, 401, 403, 413, 422, 503])
def test_a_hostile_answer_is_told_all_the_same(rig: Rig, status: int, body: str) -> None:
    rig.ingest.answers = [reply(status, body.encode("latin-1"))]
    with pytest.raises(WireroomError) as caught:
        rig.service().append(ARTICLES, EVENTS[:1], once=True)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 3000


def test_an_answer_without_end_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    rig.ingest.answers = [reply(200, b"{}\n" * 100_000, Content_Type="application/x-ndjson")]
    with pytest.raises(RetryAfter, match="answers for"):
        rig.service().append(ARTICLES, EVENTS)


def test_the_key_is_told_nowhere(rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(module, "READ", 0.1)
    service = rig.service()
    told = [repr(service), repr(vars(service))]
    for answer in (problem(401, "unauthorized"), RESET, SILENCE, reply(302, Location="/x"), b"nonsense"):
        rig.ingest.answers = [answer] * 50
        with pytest.raises(WireroomError) as caught:
            service.append(ARTICLES, EVENTS)
        told += traceback.format_exception(caught.value)
    assert KEY.rpartition("_")[2] not in "".join([*told, caplog.text])
    assert "/v1/events:batch" in caplog.text


def test_a_certificate_that_nobody_vouches_for_is_for_a_person(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ssl.SSLCertVerificationError("self-signed")
    error.verify_message = "self-signed certificate"
    service = rig.service()

    def refuse_it(*_: object, **__: object) -> None:
        raise SSLError(error)

    monkeypatch.setattr(service._http, "request", refuse_it)
    with pytest.raises(ConfigurationError, match="not trusted: self-signed"):
        service.append(ARTICLES, EVENTS)
