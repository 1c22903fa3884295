"""What a worker does when nothing goes wrong."""

from collections.abc import Sequence

import pytest

from tests.unit.events import NOW, put, wd
from tests.unit.worker.newsroom import (
    NEWS,
    SETTINGS,
    SPORT,
    Faults,
    Newsroom,
    WatchedConsumer,
    live_through,
    run_to_rest,
    settle,
)
from tests.unit.worker.toy import Section, ToySink
from wireroom import codec
from wireroom.clock import DAY, EARLIEST, HOUR, SECOND, ManualClock
from wireroom.config import Settings
from wireroom.document import generation_of
from wireroom.edition import Window
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Message, Partition, Record
from wireroom.store import STATE
from wireroom.worker.replay import Difference, Replay


def test_events_become_documents() -> None:
    room = Newsroom()
    room.publish(put("a"), put("b", sections=("sport",)), put("a", 2))
    run_to_rest(room.worker(NEWS, SPORT))
    assert room.shown("news") == {"a": 2}
    assert room.shown("sport") == {"b": 1}
    room.oracle.check_formats()


def test_a_document_says_when_only_another_one_changed_nothing() -> None:
    room = Newsroom()
    room.publish(put("a"))
    run_to_rest(room.worker())
    before = room.documents()["toy/daily/news.ids"]
    room.publish(put("a", 2))
    run_to_rest(room.worker())
    assert room.documents()["toy/daily/news.ids"] == before, "the same articles: not written again"
    assert room.shown() == {"a": 2}


def test_the_first_change_goes_out_at_once_and_the_next_after_the_interval() -> None:
    room = Newsroom()
    session = room.worker(settings=SETTINGS.model_copy(update={"flush_interval": 1.0})).join()
    room.publish(put("a"))
    for _ in range(5):
        session.step(wait=False)
    assert room.shown() == {"a": 1}
    room.publish(put("b"))
    for _ in range(5):
        session.step(wait=False)
    assert room.shown() == {"a": 1}
    room.clock.time += SECOND
    for _ in range(5):
        session.step(wait=False)
    assert room.shown() == {"b": 1, "a": 1}


def test_a_window_that_was_emptied_is_filled_again_from_the_log() -> None:
    room = Newsroom()
    room.publish(*[put(i) for i in "abcdefgh"])
    run_to_rest(room.worker())
    assert list(room.shown()) == ["h", "g", "f"]
    room.publish(*[wd(i, 2) for i in "hgfe"])
    run_to_rest(room.worker())
    assert list(room.shown()) == ["d", "c", "b"]


def test_an_archive_fills_a_window_and_brings_nothing_withdrawn_back() -> None:
    room = Newsroom()
    old = NOW - 400 * DAY
    room.publish(put("a", published=old), wd("a", 2, published=old))
    run_to_rest(room.worker())
    room.archive(put("a", published=old), put("b", published=old + 1), put("c", published=old + 2))
    run_to_rest(room.worker())
    assert room.shown() == {"c": 1, "b": 1}


def test_articles_of_the_year_1_are_shown_and_an_older_revision_is_not() -> None:
    room = Newsroom()
    gone = put("b", 2, published=EARLIEST, sections=("sport",))
    room.publish(put("a", published=EARLIEST), gone, put("b", published=EARLIEST))
    run_to_rest(room.worker(NEWS))
    assert room.shown() == {"a": 1}


def test_a_new_feed_fills_itself_while_the_others_stay_fresh() -> None:
    room = Newsroom()
    room.publish(put("a"), put("b", sections=("sport",)), put("c", sections=("sport",)), wd("b", 2))
    run_to_rest(room.worker(NEWS))
    assert room.shown("sport") == {}
    session = room.worker(NEWS, SPORT).join()
    room.publish(put("d"))
    settle(session)
    assert room.shown("news") == {"d": 1, "a": 1}
    assert room.shown("sport") == {"c": 1}


def test_a_changed_definition_is_built_again() -> None:
    room = Newsroom()
    room.publish(put("a"), put("b", sections=("news2",)), put("c", sections=("news2",)), wd("c", 2))
    run_to_rest(room.worker(NEWS))
    assert room.shown() == {"a": 1}
    run_to_rest(room.worker(Section("daily", "news", version=2)))
    assert room.shown() == {"b": 1, "a": 1}


def test_a_feed_that_was_taken_out_of_the_configuration_for_a_while_misses_nothing() -> None:
    room = Newsroom()
    room.publish(put("a", sections=("sport",)))
    run_to_rest(room.worker(NEWS, SPORT))
    room.publish(put("b", sections=("sport",)), wd("a", 2))
    run_to_rest(room.worker(NEWS))
    room.publish(put("c", sections=("sport",)))
    run_to_rest(room.worker(NEWS, SPORT))
    assert room.shown("sport") == {"c": 1, "b": 1}


def test_an_archive_after_an_interrupted_build_brings_nothing_withdrawn_back() -> None:
    """The build goes on from what lies in the store, and does not read again what that contains."""
    at = 0
    while True:
        at += 1
        room, faults = Newsroom(), Faults(at)
        room.publish(put("b", sections=("sport",)), put("a", sections=("sport",)), wd("a", 2))
        run_to_rest(room.worker(NEWS))
        live_through(room.worker(NEWS, SPORT, faults=faults))
        room.archive(put("a", sections=("sport",)))
        run_to_rest(room.worker(NEWS, SPORT))
        assert room.shown("sport") == {"b": 1}, faults.trace[-1]
        if faults.count < at:
            break


def test_a_slower_clock_hides_nothing_again() -> None:
    room = Newsroom()
    room.publish(put("a", embargo=NOW + 30 * SECOND), put("b"))
    fast, slow = ManualClock(NOW + 30 * SECOND), ManualClock(NOW)
    room.clock.time = fast.time  # for the oracle
    run_to_rest(room.worker(clock=fast))
    assert room.shown() == {"b": 1, "a": 1}
    room.publish(put("c"))
    run_to_rest(room.worker(clock=slow))
    assert room.shown() == {"c": 1, "b": 1, "a": 1}


def test_an_embargo_lifts_and_an_article_expires_without_an_event() -> None:
    room = Newsroom()
    session = room.worker().join()
    room.publish(put("a", embargo=NOW + HOUR), put("b", expires=NOW + 2 * HOUR))
    settle(session)
    assert room.shown() == {"b": 1}
    room.clock.time = NOW + HOUR
    settle(session)
    assert room.shown() == {"b": 1, "a": 1}
    session.close()
    room.clock.time = NOW + 2 * HOUR + 5
    run_to_rest(room.worker())
    assert room.shown() == {"a": 1}, "also after a restart that slept past it"


def test_it_sleeps_until_something_is_due_and_publishes_it_at_that_very_time(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom()
    session = room.worker().join()
    due = NOW + 1_700_000
    room.publish(put("a", embargo=due), put("b"))
    settle(session)
    slept: list[float] = []

    def poll(self: WatchedConsumer, timeout: float, limit: int) -> Sequence[Record]:
        slept.append(timeout)
        room.clock.time += round(timeout * SECOND)
        return self.inner.poll(0, limit)

    monkeypatch.setattr(WatchedConsumer, "poll", poll)
    while "a" not in room.shown():
        assert room.clock.time < due, "it slept past the time"
        session.step()
    assert room.clock.time == due
    assert sum(slept) == pytest.approx(1.7)
    assert len([timeout for timeout in slept if timeout]) <= 4, "nor did it wake for nothing"


def test_the_first_change_at_once_then_one_flush_an_interval_and_withdrawals_at_once() -> None:
    room = Newsroom()
    session = room.worker(settings=SETTINGS.model_copy(update={"flush_interval": 1.0})).join()
    settle(session)
    room.clock.time += 2 * SECOND
    room.publish(put("a"))
    session.step(wait=False)
    assert room.shown() == {"a": 1}
    room.publish(put("b"))
    session.step(wait=False)
    assert room.shown() == {"a": 1}, "not twice within an interval"
    room.publish(wd("a", 2))
    session.step(wait=False)
    assert room.shown() == {"b": 1}, "a withdrawal does not wait"
    room.publish(put("c"))
    session.step(wait=False)
    room.clock.time += SECOND
    session.step(wait=False)
    assert room.shown() == {"c": 1, "b": 1}


def test_bad_records_go_to_the_dead_letters_with_their_origin_and_their_neighbours_go_through() -> None:
    room = Newsroom()
    room.publish(put("a"))
    room.log.append("articles", [Message("daily", b"nonsense")])
    room.publish(put("b", title="bad"), put("c"))
    run_to_rest(room.worker())
    assert room.shown() == {"c": 1, "a": 1}
    letters = room.log.read(Partition(DEAD_LETTERS, 0), 0, 10)
    assert [(r.headers["wireroom.rule"], r.headers["wireroom.offset"]) for r in letters] == [
        (b"not-single-object", b"1"),
        (b"bad-title", b"2"),
    ]
    assert letters[0].value == b"nonsense"


def test_an_event_of_a_publication_that_the_settings_do_not_name_is_a_dead_letter() -> None:
    room = Newsroom()
    room.publish(put("a", publication="weekly"), put("b"))
    run_to_rest(room.worker())
    assert [r.headers["wireroom.rule"] for r in room.log.read(Partition(DEAD_LETTERS, 0), 0, 10)] == [
        b"unknown-publication"
    ]


def test_publications_are_discovered_and_kept() -> None:
    room = Newsroom()
    weekly = Section("weekly", "news")
    room.publish(put("a"), put("b", publication="weekly"))
    run_to_rest(room.worker(NEWS, weekly, settings=Settings(flush_interval=0)))
    assert room.shown("news", "weekly") == {"b": 1}
    room.publish(put("c", publication="weekly"))
    run_to_rest(room.worker(NEWS, weekly, settings=Settings(flush_interval=0)))
    assert room.shown("news", "weekly") == {"c": 1, "b": 1}


def test_what_became_durable_is_announced() -> None:
    room = Newsroom()
    room.publish(put("a"), wd("a", 2), put("b"))
    run_to_rest(room.worker())
    changes = [codec.decode_change(r.value) for r in room.log.read(Partition(DOCUMENTS, 0), 0, 10)]
    last = {change.key: (change.generation, change.etag) for change in changes}
    assert last == {k: (generation_of(d.body), d.etag) for k, d in room.documents().items()}
    assert len(last) == 2


def test_several_partitions_feed_one_edition() -> None:
    room = Newsroom(partitions=4)
    settings = SETTINGS.model_copy(
        update={"publications": (SETTINGS.publications[0].model_copy(update={"shards": 4}),)}
    )
    events = [put(i) for i in "abcdefgh"]
    room.log.append("articles", [codec.encode(event, shards=4) for event in events])
    big = Section("daily", "news", Window(entries=10))
    first, second = (room.worker(big, settings=settings).join() for _ in range(2))
    for _ in range(60):
        first.step(wait=False)
        second.step(wait=False)
    assert sorted(room.shown()) == list("abcdefgh")


def replay(room: Newsroom) -> tuple[Replay, list[Difference]]:
    found = Replay(ToySink((NEWS,)), room.log, room.store, SETTINGS, room.clock)
    return found, [*found.find(lambda _: None), *found.find_direct(lambda _: None)]


def test_a_replay_of_what_is_right_finds_nothing_and_touches_nothing() -> None:
    room = Newsroom()
    room.publish(*[put(i) for i in "abcdef"], wd("f", 2))
    run_to_rest(room.worker())
    before = room.documents()
    rebuilt, differences = replay(room)
    assert differences == []
    rebuilt.publish(lambda _: None)
    assert room.documents() == before


def test_a_replay_mends_one_document_and_leaves_the_other_alone() -> None:
    room = Newsroom()
    room.publish(*[put(i) for i in "abcdef"])
    session = room.worker().join()
    settle(session)
    before, key = room.documents(), "toy/daily/news.json"
    room.store.put(key, before[key].body.replace(b"daily/f", b"daily/x"), before[key].etag, STATE)
    rebuilt, differences = replay(room)
    assert [difference.key for difference in differences] == [key]
    rebuilt.publish(lambda _: None)
    after = room.documents()
    assert room.shown() == {"f": 1, "e": 1, "d": 1}
    assert generation_of(after[key].body) > generation_of(before[key].body)
    assert after["toy/daily/news.ids"] == before["toy/daily/news.ids"]
    room.publish(put("g"))
    settle(session)
    assert room.shown() == {"g": 1, "f": 1, "e": 1}, "the worker at work goes on from there"
