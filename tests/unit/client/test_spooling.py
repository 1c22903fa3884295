"""A service that goes away and comes back: nothing is lost, everything is told."""

import json
import logging
from pathlib import Path

import pytest

from tests.servers.ingest import KEY, URN, problem
from tests.servers.scripted import RESET, reply
from tests.unit.client.conftest import Rig
from tests.unit.events import put
from wireroom.client import spool as spool_module
from wireroom.client.service import Service, as_json
from wireroom.client.spool import Spool
from wireroom.client.spooling import Spooling
from wireroom.errors import ConfigurationError, Refused, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, Message

DOWN = [RESET] * 1000
A, B, C, D = (as_json(put(name)) for name in "abcd")


def ids(*messages: Message) -> list[str]:
    return [json.loads(message.value)["event_id"] for message in messages]


@pytest.fixture
def spooling(rig: Rig, tmp_path: Path) -> Spooling:
    return Spooling(rig.service(), Spool(tmp_path))


def other_process(rig: Rig, folder: Path) -> Spooling:
    return Spooling(Service(rig.url, KEY), Spool(folder))


def away(rig: Rig, is_away: bool = True) -> None:
    rig.ingest.answers = list(DOWN) if is_away else []


def test_what_finds_the_service_away_is_sent_after_what_finds_it_back(rig: Rig, spooling: Spooling) -> None:
    away(rig)
    assert all(position.spooled for position in spooling.append(ARTICLES, [A, B]))
    assert all(position.spooled for position in spooling.append(BACKFILL, [C]))
    away(rig, False)
    (position,) = spooling.append(ARTICLES, [D])
    assert not position.spooled
    assert rig.ingest.ids == ids(D, A, B)
    assert [event["event_id"] for event in rig.ingest.taken[BACKFILL]] == ids(C)
    spooling.flush()
    assert len(rig.ingest.ids) == 3


def test_flush_sends_what_another_process_left(rig: Rig, spooling: Spooling, tmp_path: Path) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    other_process(rig, tmp_path).append(ARTICLES, [B])
    away(rig, False)
    other_process(rig, tmp_path).flush()
    assert rig.ingest.ids == ids(A, B)


def test_flush_says_when_the_service_is_away_still(rig: Rig, spooling: Spooling) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    with pytest.raises(RetryAfter, match="does not answer"):
        spooling.flush()
    away(rig, False)
    spooling.flush()
    assert rig.ingest.ids == ids(A)


def test_while_something_waits_nobody_is_kept_waiting(rig: Rig, spooling: Spooling) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    before = len(rig.requests)
    assert before > 1
    spooling.append(ARTICLES, [B])
    assert len(rig.requests) == before + 1


def test_without_a_service_that_is_away_the_folder_stays_empty(rig: Rig, spooling: Spooling, tmp_path: Path) -> None:
    spooling.append(ARTICLES, [A])
    spooling.flush()
    assert list(tmp_path.glob("*.ndjson")) == []
    assert len(rig.requests) == 1


def test_what_is_refused_at_once_is_not_spooled(rig: Rig, spooling: Spooling, tmp_path: Path) -> None:
    rig.ingest.answers = [problem(401, "unauthorized", "Revoked.")]
    with pytest.raises(ConfigurationError):
        spooling.append(ARTICLES, [A])
    rig.ingest.refuse = lambda event: {"status": 403, "type": f"{URN}forbidden"}
    with pytest.raises(Refused):
        spooling.append(ARTICLES, [A])
    assert list(tmp_path.glob("*.ndjson")) == []


def refuse_a(rig: Rig) -> None:
    rig.ingest.refuse = lambda event: (
        {"status": 422, "type": f"{URN}invalid-event", "detail": "No."} if event["article_id"] == "a" else None
    )


def test_what_is_refused_later_is_kept_aside_and_told_and_the_rest_is_sent(
    rig: Rig, spooling: Spooling, tmp_path: Path
) -> None:
    away(rig)
    for message in (A, B):
        spooling.append(ARTICLES, [message])
    spooling.append(BACKFILL, [C])
    away(rig, False)
    refuse_a(rig)
    with pytest.raises(Refused, match=r"invalid-event.*No\."):
        spooling.flush()
    assert (rig.ingest.ids, len(rig.ingest.taken[BACKFILL])) == (ids(B), 1)
    assert (tmp_path / "refused.ndjson").read_bytes() == A.value + b"\n"
    spooling.flush()


def test_who_publishes_something_else_is_told_of_it_in_the_log(
    rig: Rig, spooling: Spooling, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    away(rig, False)
    refuse_a(rig)
    (position,) = spooling.append(ARTICLES, [B])
    assert not position.spooled
    assert caplog.records[-1].levelno == logging.ERROR
    assert str(tmp_path) in caplog.text


def test_a_service_that_goes_away_again_takes_nothing_with_it(
    rig: Rig, spooling: Spooling, caplog: pytest.LogCaptureFixture
) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    spooling.append(BACKFILL, [B])
    taken = b'{"line":1,"status":202,"topic":"articles","partition":0,"offset":9}'
    good = reply(200, taken, Content_Type="application/x-ndjson")
    rig.ingest.answers = [good, good, RESET]
    (position,) = spooling.append(ARTICLES, [C])
    assert position.offset == 9
    assert "wait still" in caplog.text
    away(rig, False)
    spooling.flush()
    assert (rig.ingest.ids, len(rig.ingest.taken[BACKFILL])) == ([], 1)  # the first of the two was sent before


def test_while_another_process_sends_what_waits_nothing_is_told(
    rig: Rig, spooling: Spooling, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    away(rig, False)
    with Spool(tmp_path).sending():
        spooling.append(ARTICLES, [B])
    assert (rig.ingest.ids, caplog.messages) == (ids(B), [])


def test_a_spool_that_is_full_is_told_with_why_it_is_needed(
    rig: Rig, spooling: Spooling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "MOST", 10)
    rig.ingest.answers = [problem(503, "unavailable", "The log is down.", Retry_After="40")]
    with pytest.raises(RetryAfter, match=r"is full.*The log is down\.") as caught:
        spooling.append(ARTICLES, [A])
    assert caught.value.seconds == 40


def test_who_dies_between_sending_and_forgetting_sends_again(
    rig: Rig, spooling: Spooling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(rig)
    spooling.append(ARTICLES, [A])
    away(rig, False)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "remove", die)
        with pytest.raises(Killed):
            spooling.flush()
    other_process(rig, tmp_path).flush()
    assert rig.ingest.ids == ids(A, A)


def test_a_file_with_nothing_whole_in_it_is_no_obstacle(rig: Rig, spooling: Spooling, tmp_path: Path) -> None:
    (tmp_path / "000000001.articles.ndjson").write_bytes(A.value[:10])
    spooling.flush()
    assert (list(tmp_path.glob("*.ndjson")), rig.requests) == ([], [])
