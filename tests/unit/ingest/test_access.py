"""Keys are read again, beside the event loop, and a store that is away does not stop who is known."""

import asyncio
from collections.abc import Mapping
from threading import Event

import pytest

from tests.unit.events import NOW
from tests.unit.ingest.asking import Answer, Desk, ask, event, run
from wireroom import keyring
from wireroom.errors import RetryAfter
from wireroom.keys import Key, KeyList
from wireroom.token_bucket import Bucket


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(keyring, "FRESH", 0.02)
    return Desk()


async def until(desk: Desk, key: str, status: int) -> Answer:
    """The first answer with this status."""
    while (answer := await ask(desk.ingest, key, event())).status != status:
        await asyncio.sleep(0.005)
    return answer


def test_a_key_is_revoked_and_another_comes_while_it_runs(desk: Desk) -> None:
    first, kept = desk.kept_key("daily")

    async def rotate() -> None:
        assert (await ask(desk.ingest, first, event())).status == 202
        second = desk.key("daily")
        await until(desk, second, 202)
        assert (await ask(desk.ingest, first, event())).status == 202
        desk.keys.revoke(kept.id, NOW)
        answer = await until(desk, first, 401)
        assert "revoked" in answer.json["detail"]
        assert (await ask(desk.ingest, second, event())).status == 202

    run(desk, rotate)


class Reading:
    """A list of keys that can be made to hang or to fail."""

    def __init__(self, keys: KeyList) -> None:
        self.keys = keys
        self.may_read = Event()
        self.may_read.set()
        self.fails = False
        self.reads = 0

    def read(self) -> Mapping[str, Key]:
        self.reads += 1
        self.may_read.wait(10)
        if self.fails:
            raise RetryAfter("away")
        return self.keys.read()


def test_while_the_store_is_away_who_is_known_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(desk.keys)
    monkeypatch.setattr(desk.ingest._access._keyring, "_list", reading)
    known = desk.key()

    async def lose() -> None:
        assert (await ask(desk.ingest, known, event())).status == 202
        reading.fails = True
        unknown = desk.key()
        for _ in range(20):
            assert (await ask(desk.ingest, known, event())).status == 202
            assert (await ask(desk.ingest, unknown, event())).status == 401
            await asyncio.sleep(0.005)
        assert reading.reads < 20, "it is not asked at every request"
        monkeypatch.setattr(keyring, "STALE", 0.0)
        answer = await ask(desk.ingest, known, event())
        assert (answer.status, answer.problem) == (503, "unavailable")
        reading.fails = False
        await until(desk, unknown, 202)

    run(desk, lose)


def test_a_store_that_hangs_does_not_stop_the_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(desk.keys)
    monkeypatch.setattr(desk.ingest._access._keyring, "_list", reading)
    monkeypatch.setattr(keyring, "ASKING", 0.01)
    known = desk.key()

    async def hang() -> None:
        assert (await ask(desk.ingest, known, event())).status == 202
        reading.may_read.clear()
        await asyncio.sleep(0.03)
        assert (await ask(desk.ingest, known, event())).status == 202
        assert (await ask(desk.ingest, None, b"", "/problems/", "GET")).status == 200
        assert not reading.may_read.is_set()
        reading.may_read.set()

    run(desk, hang)


def test_without_ever_having_read_the_keys_nobody_is_let_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(desk.keys)
    reading.fails = True
    monkeypatch.setattr(desk.ingest._access._keyring, "_list", reading)
    key = desk.key()
    assert run(desk, lambda: ask(desk.ingest, key, event())).problem == "unavailable"


def test_a_bucket() -> None:
    bucket = Bucket(rate=2, burst=3, now=0)
    assert bucket.wait(0) == 0
    bucket.take(7)  # into debt: 4 tokens below nothing
    assert bucket.wait(0) == pytest.approx(2.5)
    assert bucket.wait(2.5) == 0
    bucket.take(1)
    assert bucket.wait(3) == 0
    assert bucket.wait(1e9) == 0
    bucket.take(3)
    assert bucket.wait(1e9) > 0, "no more than the burst is saved up"


def test_another_scope_takes_effect_with_a_bucket_of_its_own(desk: Desk) -> None:
    text, key = desk.kept_key(rate=0.001, burst=1)

    async def widen() -> None:
        assert (await ask(desk.ingest, text, event())).status == 202
        assert (await ask(desk.ingest, text, event())).status == 429
        wider = key.model_copy(update={"scope": {**key.scope, "burst": 50}})
        desk.keys._change(lambda keys: [wider] if key in keys else None)
        await until(desk, text, 202)

    run(desk, widen)
