"""Who may do what, and how much; no secret is told."""

import logging
from typing import Any

import pytest

from tests.unit.events import NOW
from tests.unit.ingest.asking import (
    BASE,
    BATCH,
    BODIES,
    LINES,
    Answer,
    Desk,
    ask,
    asked,
    counted,
    event,
    lines,
    run,
    withdrawal,
)
from wireroom import seldom
from wireroom.clock import SECOND


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("path", BODIES)
def test_without_a_good_key_nothing_is_taken(desk: Desk, path: str) -> None:
    body, media = BODIES[path]
    good, kept = desk.kept_key("daily")
    revoked, lost = desk.kept_key("daily")
    desk.keys.revoke(lost.id, NOW)
    sent = {
        "none": None,
        "no key": "x",
        "empty": " ",
        "wrong secret": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "wrong id": good.replace(kept.id, "0" * 12),
        "more": good + "0",
        "revoked": revoked,
        "expired": desk.key("daily", expires_at=NOW),
        "not Unicode": "wr_\xff",
    }

    async def all_of_them() -> dict[str, Answer]:
        return {name: await ask(desk.ingest, key, body, path, content_type=media) for name, key in sent.items()}

    for name, answer in run(desk, all_of_them).items():
        assert (answer.status, answer.problem) == (401, "unauthorized"), name
        assert answer.headers["www-authenticate"].startswith("Bearer "), name
    assert not desk.records()
    assert counted(desk)['wireroom_ingest_refused_total{problem="unauthorized"}'] == len(sent)


@pytest.mark.parametrize("value", ["Basic {}", "{}", "Bearer{}", "Bearer {} x"])
def test_another_scheme_is_no_key(desk: Desk, value: str) -> None:
    assert asked(desk, None, event(), authorization=value.format(desk.key())).status == 401


def test_a_key_that_expires_later_is_good(desk: Desk) -> None:
    assert asked(desk, desk.key("daily", expires_at=NOW + SECOND), event()).status == 202


FORBIDDEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another publication": ({}, event(publication="other")),
    "no right to withdraw": ({"rights": ("publish",)}, withdrawal()),
    "no right to publish": ({"rights": ("withdraw",)}, event()),
}


@pytest.mark.parametrize("case", FORBIDDEN)
@pytest.mark.parametrize("path", BODIES)
def test_a_key_does_no_more_than_it_may(desk: Desk, case: str, path: str) -> None:
    scope, sent = FORBIDDEN[case]
    answer = asked(desk, desk.key("daily", **scope), sent, path, content_type=BODIES[path][1])
    assert answer.json["status"] == 403
    assert answer.json["type"] == f"{BASE}problems/forbidden"
    assert not desk.records()


def test_a_key_does_what_it_may(desk: Desk) -> None:
    assert asked(desk, desk.key("other", "daily", rights=("withdraw",)), withdrawal()).status == 202


def test_who_sends_too_much_waits(desk: Desk) -> None:
    slow, other = desk.key(rate=0.01, burst=2), desk.key(rate=0.01, burst=2)

    async def several() -> list[Answer]:
        sent = [await ask(desk.ingest, slow, event()) for _ in range(3)]
        batch = await ask(desk.ingest, other, lines(*[event()] * 5), BATCH, content_type=LINES)
        return [*sent, batch, await ask(desk.ingest, other, event())]

    answers = run(desk, several)
    assert [answer.status for answer in answers] == [202, 202, 429, 200, 429]
    assert answers[2].problem == "too-many-requests"
    assert 0 < int(answers[2].headers["retry-after"]) <= 100
    assert 300 < int(answers[4].headers["retry-after"]) <= 400, "a batch runs into debt"


CANARY = "c0ffee" * 10 + "beef"


def test_no_secret_is_told(desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seldom, "EVERY", 0)
    key, kept = desk.kept_key("daily")
    wrong = f"wr_{kept.id}_{CANARY}"

    async def several() -> list[Answer]:
        return [
            await ask(desk.ingest, wrong, event()),
            await ask(desk.ingest, wrong[:60], event()),
            await ask(desk.ingest, key, event(), f"/v1/{key}"),
            await ask(desk.ingest, key, event(), f"/v1/events?{key}={key}"),
            await ask(desk.ingest, key, {"kind": 1}),
            await ask(desk.ingest, key, event(publication="x")),
            await ask(desk.ingest, key, event(), method="wr\r\n" + wrong),
            await ask(desk.ingest, key, lines({}, event(publication="x")), BATCH, content_type=LINES),
        ]

    with caplog.at_level(logging.DEBUG, "wireroom"):
        told = "".join(f"{answer.headers}{answer.body.decode()}" for answer in run(desk, several))
    secret = key.rpartition("_")[2]
    for text in (told, caplog.text, *(str(record.value) for record in desk.records())):
        for part in (secret, secret[:16], CANARY[:16]):
            assert part not in text
    assert kept.id in caplog.text
    assert len(caplog.records) == 8, "every refusal is logged, each in a line of its own"
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_who_has_no_key_cannot_fill_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seldom, "EVERY", 3600)

    async def several() -> list[Answer]:
        return [await ask(desk.ingest, None, event(), path) for path in ("/v1/events", "/x") for _ in range(50)]

    assert {answer.status for answer in run(desk, several)} == {401, 404}
    assert [message[:12] for message in caplog.messages] == ["refused: 401", "refused: 404"]
