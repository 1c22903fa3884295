"""The access log as it is written: bounded, and nothing is lost without saying so."""

from collections.abc import Iterator

import pytest

from tests.unit.partners.story import RSS, access
from tests.unit.serve.partnership import START, rss
from wireroom.clock import DAY, ManualClock
from wireroom.errors import RetryAfter
from wireroom.partners.records import Access, Lost, State
from wireroom.partners.segments import FOLDER, read
from wireroom.serve import access as module
from wireroom.serve.access import AccessLog
from wireroom.serve.documents import Served
from wireroom.store import Metadata, Stored
from wireroom.store.memory import MemoryStore
from wireroom.store.naming import etag


class Away(MemoryStore):
    away = False

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if self.away:
            raise RetryAfter("away")
        return super().put(key, body, if_match, metadata)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store(clock: ManualClock) -> Away:
    return Away(clock)


@pytest.fixture
def log(store: Away, clock: ManualClock) -> Iterator[AccessLog]:
    log = AccessLog(store, clock, days=3)
    yield log
    log.close()


def served(generation: int) -> Served:
    return Served(RSS, Stored(rss(generation, "urn:a"), f'"tag{generation}"', START))


def test_a_state_is_told_once_before_the_first_answer_about_it(log: AccessLog, store: Away) -> None:
    for generation in (1, 1, 2, 1):
        log.note(access(1, None), served(generation))
        log.write()
    told = [(type(record), getattr(record, "generation", None)) for record in read(store)]
    once = [(State, 1), (Access, 1), (Access, 1), (State, 2), (Access, 2), (State, 1), (Access, 1)]
    assert told == once
    [first, *_] = (record for record in read(store) if isinstance(record, State))
    assert first.etag == etag(rss(1, "urn:a")), "the one that readers get, whatever the store's is"


def test_each_day_tells_the_state_again(log: AccessLog, store: Away) -> None:
    for second in (1, DAY // 1_000_000 + 1):
        log.note(access(second, None), served(1))
    log.write()
    assert [type(record) for record in read(store, "1970-01-02")] == [State, Access]


def test_while_the_store_is_away_records_wait(log: AccessLog, store: Away) -> None:
    store.away = True
    for second in range(3):
        log.note(access(second, None, 404))
        log.write()
    store.away = False
    log.write()
    assert [record.time // 1_000_000 for record in read(store)] == [0, 1, 2]


def test_what_is_too_much_is_counted(log: AccessLog, store: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    store.away = True
    for _ in range(9):
        log.note(access(1, None, 404))
        log.write()
    store.away = False
    log.write()
    records = list(read(store))
    assert [type(record) for record in records].count(Access) == 5
    assert sum(record.count for record in records if isinstance(record, Lost)) == 4
    log.note(access(1, None, 404))
    log.write()
    assert len(list(read(store))) == len(records) + 1, "it goes on"


def test_a_document_that_cannot_be_read_is_logged_all_the_same(log: AccessLog, store: Away) -> None:
    log.note(access(1, None), Served(RSS, Stored(b"damaged", '"x"', START)))
    log.write()
    assert [type(record) for record in read(store)] == [Access]


def test_old_days_go_as_days_pass(log: AccessLog, store: Away, clock: ManualClock) -> None:
    for day in range(6):
        clock.time = START + day * DAY
        log.note(access(clock.time // 1_000_000, None, 404))
        log.write()
    days = {key.split("/")[2] for key in store.keys(FOLDER)}
    assert sorted(days) == ["2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"]


def test_what_is_in_hand_is_written_at_the_end(log: AccessLog, store: Away) -> None:
    log.note(access(1, None), served(1))
    log.close()
    assert [record.document for record in read(store) if isinstance(record, Access)] == [RSS]
