"""Articles are cleaned when an edition is to show them: once, and none that went before."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.events import NOW, put, wd
from tests.unit.worker.newsroom import NEWS, SPORT, Killed, Newsroom, live_through, run_to_rest
from tests.unit.worker.toy import ToySink
from wireroom.clock import DAY
from wireroom.edition import Edition, Window, fold, newest_first
from wireroom.errors import Red, Reject
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, DEAD_LETTERS, Message, Partition, Record
from wireroom.sink import Content
from wireroom.worker import reader
from wireroom.worker.cleaning import cleaned
from wireroom.worker.intake import Arrival, Intake

BOTH = ("news", "sport")


@dataclass(slots=True)
class Counting(ToySink):
    """Remembers what was cleaned."""

    cleaned: list[str] = field(default_factory=list)

    def content(self, event: ArticleEvent) -> Content:
        self.cleaned.append(event.article_id)
        return ToySink.content(self, event)


def counting() -> Counting:
    return Counting((NEWS, SPORT))


def letters(room: Newsroom) -> list[Record]:
    partition = Partition(DEAD_LETTERS, 0)
    return list(room.log.read(partition, 0, room.log.end(partition)))


def test_of_a_backlog_only_what_stays_is_cleaned_and_once_for_all_editions() -> None:
    room, sink = Newsroom(), counting()
    room.publish(*[put(i, sections=BOTH) for i in "abcdefghijkl"])
    run_to_rest(room.with_sink(sink))
    assert room.shown() == {"l": 1, "k": 1, "j": 1}
    assert sorted(sink.cleaned) == ["i", "j", "k", "l"], "the window, and the reserve"


def test_nothing_that_lies_below_the_floor_is_cleaned_as_it_comes() -> None:
    room, sink = Newsroom(), counting()
    room.publish(*[put(i) for i in "abcd"])
    run_to_rest(room.with_sink(sink))
    room.archive(*[put(i, published=NOW - 60 * DAY) for i in "xyz"])
    run_to_rest(room.with_sink(sink))
    assert sorted(sink.cleaned) == ["a", "b", "c", "d"]


def test_what_is_rejected_has_evicted_nothing() -> None:
    room, sink = Newsroom(), counting()
    room.publish(*[put(i) for i in "abcd"], *[put(i, title="bad") for i in "wxyz"], put("a", 2))
    run_to_rest(room.with_sink(sink))
    assert room.shown() == {"d": 1, "c": 1, "b": 1}
    assert [letter.headers["wireroom.offset"] for letter in letters(room)] == [b"4", b"5", b"6", b"7"]
    assert "a" in sink.cleaned, "the reserve is as large as ever"


def test_of_a_backlog_of_many_batches_only_what_is_shown_is_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 5)
    room, sink = Newsroom(), counting()
    room.publish(*[put(chr(97 + n), sections=BOTH) for n in range(20)])
    run_to_rest(room.with_sink(sink))
    assert room.shown() == {"t": 1, "s": 1, "r": 1}
    assert sorted(sink.cleaned) == ["q", "r", "s", "t"]


def test_what_turns_out_bad_many_batches_later_has_evicted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 2)
    room, sink = Newsroom(), counting()
    room.publish(*[put(i) for i in "abcd"], *[put(i, title="bad") for i in "wxyz"], put("A"), put("B"), put("C"))
    run_to_rest(room.with_sink(sink))
    assert room.shown() == {"d": 1, "c": 1, "b": 1}
    assert [letter.headers["wireroom.offset"] for letter in letters(room)] == [b"4", b"5", b"6", b"7"]
    assert "a" in sink.cleaned, "the reserve is as large as ever"


def test_what_turns_out_bad_evicts_nothing_from_an_edition() -> None:
    window = Window(entries=3, reserve=1)
    sink = counting()
    events = [*[put(i) for i in "abcd"], *[put(i, title="bad") for i in "wxyz"]]
    changes = [
        Arrival("t/0", at, event, partial(content_or_none, sink)).change(NEWS) for at, event in enumerate(events)
    ]
    edition = cleaned(fold(Edition(NEWS.digest, epoch="e"), window, changes, {}, NOW), window)
    assert [entry.id for entry in newest_first(edition.entries.values())] == [f"daily/{i}" for i in "dcba"]
    assert not edition.more


def content_or_none(sink: ToySink, event: ArticleEvent) -> Content | None:
    with suppress(Reject):
        return sink.content(event)
    return None


def test_few_articles_wait_to_be_cleaned_however_long_the_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 2)
    monkeypatch.setattr(reader, "UNCLEANED", 4)
    room, sink = Newsroom(), counting()
    room.publish(*[put(i) for i in "abcdefgh"])
    run_to_rest(room.with_sink(sink))
    assert sorted(sink.cleaned) == ["a", "b", "c", "d", "e", "f", "g", "h"]


def test_what_waits_in_many_editions_counts_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 2)
    monkeypatch.setattr(reader, "UNCLEANED", 8)
    room, sink = Newsroom(), counting()
    room.publish(*[put(i, sections=BOTH) for i in "abcdefgh"])
    run_to_rest(room.with_sink(sink))
    assert sorted(sink.cleaned) == ["a", "b", "c", "d", "e", "f", "g", "h"]


def test_after_a_death_what_kills_as_it_is_cleaned_does_so_while_its_batch_is_suspected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "BATCH", 60)

    class Deadly(ToySink):
        def content(self, event: ArticleEvent) -> Content:
            if event.article_id == "~killer":
                raise Killed
            return super().content(event)

    room = Newsroom()
    room.publish(*[put("~killer" if n == 120 else f"a{n}") for n in range(250)])
    lives = [live_through(room.with_sink(Deadly((NEWS,)))) for _ in range(5)]
    assert lives[-1], "it was found, and given up"
    assert [letter.headers["wireroom.offset"] for letter in letters(room)] == [b"120"]


def test_a_rejected_revision_hides_the_earlier_one_in_the_same_batch() -> None:
    room = Newsroom()
    room.publish(put("a"), put("b"), put("a", 2, title="bad"))
    run_to_rest(room.worker())
    assert room.shown() == {"b": 1}


def test_what_a_withdrawal_in_the_same_batch_takes_out_is_not_cleaned() -> None:
    room, sink = Newsroom(), counting()
    room.publish(put("a", title="bad"), put("b"), wd("a", 2))
    run_to_rest(room.with_sink(sink))
    assert sink.cleaned == ["b"]
    assert room.shown() == {"b": 1}


def test_what_only_the_second_reader_takes_is_told_of_all_the_same() -> None:
    room = Newsroom()
    room.publish(put("a"))
    run_to_rest(room.worker())
    room.publish(put("y", sections=("sport",), title="bad"), put("z", sections=("sport",)))
    run_to_rest(room.worker(NEWS, SPORT))
    assert room.shown("sport") == {"z": 1}
    assert len(letters(room)) == 1


def test_it_stops_when_most_of_what_is_cleaned_is_bad_though_all_could_be_read() -> None:
    room = Newsroom()
    room.publish(*[put(chr(97 + n % 26) + str(n), title="bad") for n in range(300)])
    with pytest.raises(Red, match="more than half"):
        run_to_rest(room.worker())
    assert letters(room) == [], "nothing was skipped"


def test_what_is_read_and_not_cleaned_is_no_reason_to_stop() -> None:
    """A third of the records cannot be read, which is more than are cleaned."""
    room = Newsroom()
    for n in range(100):
        room.publish(put(f"a{n}"), put(f"b{n}"))
        room.log.append(ARTICLES, [Message("daily", b"nonsense")])
    run_to_rest(room.worker())
    assert len(letters(room)) == 100


TITLES = st.sampled_from([None, None, None, "bad"])
EVENTS = st.lists(
    st.builds(
        lambda ident, revision, sections, title: (
            wd(ident, revision)
            if sections is None
            else put(ident, revision, sections=sections, title=title, event_id=f"{ident}{revision}{sections}{title}")
        ),
        st.sampled_from("abcdefghijkl"),
        st.integers(1, 3),
        st.sampled_from([("news",), ("sport",), BOTH, ("other",), None]),
        TITLES,
    ),
    max_size=25,
)


def outcome(batches: Sequence[Sequence[ArticleEvent]], archive: Sequence[ArticleEvent]) -> dict[str, object]:
    room = Newsroom()
    for batch in batches:
        room.publish(*batch)
        run_to_rest(room.with_sink(counting()))
    room.archive(*archive)
    run_to_rest(room.with_sink(counting()))
    return room.contents()


def clean_at_once(patch: pytest.MonkeyPatch) -> None:
    real = Intake._arrival

    def arrival(self: Intake, *of: Any) -> Arrival:  # noqa: ANN401
        found = real(self, *of)
        found.clean()
        return found

    patch.setattr(Intake, "_arrival", arrival)


@settings(max_examples=80)
@given(st.lists(EVENTS, max_size=3), EVENTS, st.sampled_from([3, 500]))
def test_documents_are_those_of_a_worker_that_cleans_everything(
    batches: Sequence[Sequence[ArticleEvent]], archive: Sequence[ArticleEvent], batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BATCH", batch)
        lazy = outcome(batches, archive)
        clean_at_once(patch)
        assert outcome(batches, archive) == lazy
