"""An edition with an archive: every article that was ever shown is found from it, and none that went."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from tests.unit.events import NOW, put, wd
from tests.unit.worker.archiving import ARCHIVED, SELECTS_MORE, newest_page, pages, walk
from tests.unit.worker.newsroom import SETTINGS, Faults, Newsroom, run_to_rest, settle
from tests.unit.worker.toy import Section, ToySink
from wireroom.archive import day_of
from wireroom.clock import DAY, HOUR, SECOND
from wireroom.edition import Window
from wireroom.errors import RetryAfter
from wireroom.event import ArticleEvent
from wireroom.store import STATE, Metadata
from wireroom.worker.replay import Replay

T = TypeVar("T")
INDEX = "editions/toy/daily/news/index.json"


def aged(ident: str, days: int, revision: int = 1, **given: object) -> ArticleEvent:
    """An article that was published so many days ago."""
    return put(ident, revision, published=NOW - days * DAY + ord(ident[0]) * SECOND, **given)  # type: ignore[arg-type]


def gone(ident: str, days: int, revision: int = 2) -> ArticleEvent:
    return wd(ident, revision, published=NOW - days * DAY + ord(ident[0]) * SECOND)


def at_rest(*events: ArticleEvent) -> Newsroom:
    room = Newsroom()
    room.publish(*events)
    run_to_rest(room.worker(ARCHIVED))
    return room


def more(room: Newsroom, *events: ArticleEvent) -> None:
    room.publish(*events)
    run_to_rest(room.worker(ARCHIVED))


def test_what_is_shown_waits_for_its_page() -> None:
    room = at_rest(put("a"), put("b"), put("c"))
    assert pages(room) == {}
    assert newest_page(room) is None


def test_what_is_shown_no_more_is_found_in_pages() -> None:
    room = at_rest(*[put(ident) for ident in "abcdefgh"])
    assert room.shown() == {"f": 1, "g": 1, "h": 1}
    assert walk(room) == dict.fromkeys("abcdefgh", 1)


def test_articles_that_are_old_when_they_come_go_to_the_page_of_their_day() -> None:
    days = {"a": 400, "b": 400, "c": 90, "d": 35, "e": 2, "f": 1, "g": 1}
    room = at_rest(*[aged(ident, ago) for ident, ago in days.items()])
    assert walk(room) == dict.fromkeys(days, 1)
    assert len(pages(room)) == 3  # the last three are shown, and wait


def test_a_page_between_two_others_is_linked_by_both() -> None:
    room = at_rest(aged("a", 400), aged("b", 300))
    more(room, aged("c", 350))
    assert walk(room) == {"a": 1, "b": 1, "c": 1}


def test_a_withdrawal_reaches_a_page_however_old() -> None:
    room = at_rest(aged("a", 400), aged("b", 400))
    more(room, gone("a", 400))
    assert walk(room) == {"b": 1}
    more(room, aged("a", 400, 1))
    assert walk(room) == {"b": 1}
    more(room, aged("a", 400, 3))
    assert walk(room) == {"a": 3, "b": 1}


def test_a_withdrawal_may_come_first() -> None:
    room = at_rest(gone("a", 400))
    assert pages(room) == {}
    more(room, aged("a", 400), aged("b", 400))
    assert walk(room) == {"b": 1}


def undated(ident: str, days: int, revision: int = 2) -> ArticleEvent:
    """As a hook makes it of a deletion that says nothing of the first publication."""
    found = gone(ident, days, revision)
    return found.model_copy(update={"published_at": found.occurred_at})


def test_a_withdrawal_that_does_not_know_the_page_reaches_it() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), aged("c", 90), *[put(ident) for ident in "defgh"])
    more(room, undated("a", 0))
    assert walk(room) == dict.fromkeys("bcdefgh", 1)
    more(room, aged("a", 400, 1))
    assert walk(room) == dict.fromkeys("bcdefgh", 1)
    more(room, aged("a", 400, 3))
    assert walk(room)["a"] == 3


def test_a_withdrawal_with_a_date_that_moved_reaches_every_page() -> None:
    room = at_rest(
        aged("a", 400), aged("b", 400), aged("a", 300, 2), aged("c", 300), *[put(ident) for ident in "defgh"]
    )
    assert sum("daily/a" in shown for shown in pages(room).values()) == 2, "the date moved, though it must not"
    more(room, gone("a", 200, 3))
    assert walk(room) == dict.fromkeys("bcdefgh", 1)
    assert not any("daily/a" in shown for shown in pages(room).values())


def test_an_index_of_before_says_nothing_of_articles_so_pages_are_read() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), *[put(ident) for ident in "defgh"])
    index = room.store.get(INDEX)
    assert index
    lines = json.loads(index.body)["pages"]
    assert all(len(line) == 5 for line in lines.values())
    before = {"format": 1, "pages": {day: line[:4] for day, line in lines.items()}}
    room.store.put(INDEX, json.dumps(before).encode(), index.etag, STATE)
    more(room, gone("a", 200, 3))
    assert walk(room) == dict.fromkeys("bdefgh", 1)


def test_pages_without_the_article_are_not_read() -> None:
    room = at_rest(*[aged(ident, 400 + number) for number, ident in enumerate("abcdefgh")], *[put(i) for i in "xyz"])
    faults = Faults()
    room.publish(gone("a", 200, 3))
    run_to_rest(room.worker(ARCHIVED, faults=faults))
    read = {line for line in faults.trace if line.startswith("GET editions/toy/daily/news/2")}
    assert len(read) == 2, "its own, and the one that its date names"


def test_a_withdrawal_that_does_not_know_the_page_is_not_forgotten_by_a_build() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), *[put(ident) for ident in "defgh"])
    more(room, *[put("o", revision, sections=("other",)) for revision in range(1, 300)], undated("a", 0))
    room.clock.time += 40 * DAY  # after which nothing is remembered as seen
    run_to_rest(room.worker(SELECTS_MORE))
    assert walk(room) == dict.fromkeys("bdefgh", 1)


@pytest.mark.parametrize("before", [ARCHIVED, Section("daily", "news", Window(entries=3, reserve=1))])
def test_what_is_withdrawn_is_not_shown_while_pages_are_built(monkeypatch: pytest.MonkeyPatch, before: Section) -> None:
    """The pages of a large archive are written before all of the log is read, and so before the withdrawal."""
    monkeypatch.setattr("wireroom.worker.archive.PAGES", 0)
    room = Newsroom()
    room.publish(aged("a", 400), aged("b", 400), *[put(ident) for ident in "defgh"])
    room.publish(*[put("o", revision, sections=("other",)) for revision in range(1, 300)], gone("a", 400))
    run_to_rest(room.worker(before))
    room.clock.time += 40 * DAY  # after which nothing is remembered as seen
    written, put_ = [], room.store.put
    monkeypatch.setattr(room.store, "put", lambda *given: written.append(given) or put_(*given))  # type: ignore[func-returns-value]
    run_to_rest(room.worker(SELECTS_MORE))
    assert walk(room) == dict.fromkeys("bdefgh", 1)
    assert not [body for key, body, *_ in written if key.startswith("toy/") and b"daily/a" in body]


def test_a_correction_of_what_a_page_has_reaches_it_at_once() -> None:
    room = at_rest(*[put(ident) for ident in "abcdefgh"])
    assert any("daily/a" in shown for shown in pages(room).values())
    more(room, put("a", 2), put("h", 2))
    assert walk(room)["a"] == 2
    assert all(shown.get("daily/a", 2) == 2 for shown in pages(room).values())


def test_what_moves_to_another_section_leaves_its_page() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), aged("c", 400, sections=("sport",)))
    more(room, aged("a", 400, 2, sections=("sport",)))
    assert walk(room) == {"b": 1}
    more(room, aged("c", 400, 2))
    assert walk(room) == {"b": 1, "c": 2}


def test_a_page_that_was_emptied_stays_in_the_chain() -> None:
    room = at_rest(aged("a", 400), aged("b", 350), aged("c", 300))
    more(room, gone("b", 350))
    assert walk(room) == {"a": 1, "c": 1}
    assert len(pages(room)) == 3


def test_an_embargo_keeps_an_article_out_of_its_page_and_lifts_by_the_clock() -> None:
    room = at_rest(aged("a", 400), aged("b", 400, embargo=NOW + HOUR))
    assert walk(room) == {"a": 1}
    session = room.worker(ARCHIVED).join()
    settle(session)
    room.clock.time = NOW + HOUR
    settle(session)
    assert walk(room) == {"a": 1, "b": 1}


def test_an_article_expires_in_its_page_by_the_clock() -> None:
    room = at_rest(aged("a", 400), aged("b", 400, expires=NOW + HOUR))
    assert walk(room) == {"a": 1, "b": 1}
    room.clock.time = NOW + 2 * HOUR
    run_to_rest(room.worker(ARCHIVED))
    assert walk(room) == {"a": 1}


def test_another_definition_fills_the_pages_anew() -> None:
    room = at_rest(aged("a", 400), aged("b", 400, sections=("news1",)), aged("c", 300, sections=("news1",)))
    assert walk(room) == {"a": 1}
    run_to_rest(room.worker(SELECTS_MORE))
    assert walk(room) == {"a": 1, "b": 1, "c": 1}
    run_to_rest(room.worker(ARCHIVED))
    assert walk(room) == {"a": 1}


def test_pages_that_were_lost_are_made_anew() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), aged("c", 300))
    more(room, gone("c", 300))
    before = room.contents()
    for key in list(room.store.keys("editions/toy/daily/news")):
        room.store.delete(key, room.store.get(key).etag)  # type: ignore[union-attr]
    run_to_rest(room.worker(ARCHIVED))
    assert room.contents() == before


def test_a_page_whose_state_was_lost_is_made_anew_when_it_is_needed() -> None:
    room = at_rest(aged("a", 400), aged("b", 400), aged("c", 300))
    key = next(key for key in room.store.keys("editions/toy/daily/news/") if not key.endswith("index.json"))
    room.store.delete(key, room.store.get(key).etag)  # type: ignore[union-attr]
    more(room, aged("d", 400))
    assert walk(room) == dict.fromkeys("abcd", 1)


def test_without_its_index_everything_is_read_again() -> None:
    room = at_rest(aged("a", 400), aged("b", 300))
    room.store.delete(INDEX, room.store.get(INDEX).etag)  # type: ignore[union-attr]
    more(room, aged("c", 200))
    assert walk(room) == dict.fromkeys("abc", 1)


def test_a_page_is_written_seldom() -> None:
    room = at_rest(*[put(ident) for ident in "abcdefghijklmnopqrst"])
    page = room.store.get(f"editions/toy/daily/news/{day_of((NOW - DAY, ''))}.json")
    assert page
    assert json.loads(page.body)["generation"] < 7


def test_an_article_whose_date_moves_stays_withdrawn() -> None:
    """Dates never move, but if one does, nothing that was withdrawn may come back."""
    room = at_rest(put("b"), put("a"), wd("a", 2), aged("a", 3))
    more(room, aged("a", 5))
    assert walk(room) == {"b": 1}
    run_to_rest(room.worker(SELECTS_MORE))
    assert walk(room) == {"b": 1}


def test_a_withdrawal_with_another_date_takes_back_what_the_feed_holds() -> None:
    room = at_rest(*[put(ident) for ident in "abcd"])
    assert any("daily/d" in shown for shown in pages(room).values())
    more(room, gone("d", 9))
    assert walk(room) == dict.fromkeys("abc", 1)
    assert not any("daily/d" in shown for shown in pages(room).values())


def test_what_expired_before_a_page_had_it_does_not_come_back() -> None:
    room = at_rest(put("a", 2, expires=NOW + HOUR), put("b"))
    room.clock.time = NOW + 40 * DAY
    run_to_rest(room.worker(ARCHIVED))
    more(room, put("a"), *[aged(ident, 0) for ident in "cdef"])
    assert walk(room) == dict.fromkeys("bcdef", 1)


@pytest.mark.parametrize("what", ["GET", "PUT"])
def test_a_build_that_the_store_interrupts_misses_nothing(what: str) -> None:
    expected = {"a": 1, "b": 1, "c": 1, "d": 1}
    at = 0
    while True:
        at += 1
        room = at_rest(aged("a", 400), aged("b", 300, sections=("news1",)), put("c"), put("d"))
        unwell = Unwell(at, what)
        settle(room.worker(SELECTS_MORE, faults=unwell).join())
        assert walk(room) == expected, unwell.trace[-1]
        if unwell.met < at:
            break
    assert at > 5


@dataclass
class Unwell(Faults):
    """The store is away once, at one access."""

    nth: int = 0
    what: str = ""
    met: int = 0

    def __init__(self, nth: int, what: str) -> None:
        super().__init__()
        self.nth, self.what = nth, what

    def access(self, what: str, act: Callable[[], T], write: bool = False) -> T:
        self.met += what.startswith(self.what)
        if self.met == self.nth and what.startswith(self.what):
            self.trace.append(what)
            raise RetryAfter("the store is away", seconds=0)
        return super().access(what, act, write)


def test_a_replay_finds_nothing_to_mend_and_leaves_the_pages_alone() -> None:
    room = at_rest(*[put(ident) for ident in "abcdefgh"], aged("z", 400))
    before = room.contents()
    replay = Replay(ToySink((ARCHIVED,)), room.log, room.store, SETTINGS, room.clock)
    assert replay.find(lambda _: None) == []
    damaged = room.store.get("toy/daily/news.json")
    assert damaged
    room.store.put("toy/daily/news.json", b"{}", damaged.etag, Metadata("application/json"))
    replay = Replay(ToySink((ARCHIVED,)), room.log, room.store, SETTINGS, room.clock)
    assert [found.key for found in replay.find(lambda _: None)] == ["toy/daily/news.json"]
    replay.publish(lambda _: None)
    assert room.contents() == before
    more(room, put("i"))
    assert walk(room) == dict.fromkeys("abcdefghiz", 1)
