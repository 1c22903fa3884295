"""The fold: any order and any repetition of revisions, windows, floors, time."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events import NOW, put, wd
from wireroom.clock import DAY, HOUR, MINUTE, micros
from wireroom.edition import Change, Edition, Entry, Window, due, fold, needs_refill, shown, stamp
from wireroom.event import ArticleEvent, Order

EMPTY = Edition("d", epoch="e", clock=NOW)


def change(event: ArticleEvent, offset: int = 0, selected: bool = True) -> Change:
    entry = Entry(
        id=event.id,
        order=event.order,
        key=(micros(event.published_at), event.id),
        visible_from=event.visible_from,
        leaves=micros(event.article.expires_at) if event.article and event.article.expires_at else None,
        guid=event.guid,
        content={},
    )
    return Change("t/0", offset, event.facts, entry if event.article and selected else None)


def run(events: Sequence[ArticleEvent], window: Window, edition: Edition = EMPTY, now: int = NOW) -> Edition:
    """One at a time, with the memory that a worker has beside its editions."""
    newest: dict[str, Order] = {}
    for event in events:
        newest[event.id] = max(newest.get(event.id, event.order), event.order)
        edition = fold(edition, window, [change(event)], {}, now, newest.get)
    return edition


def visible(edition: Edition, window: Window) -> list[tuple[str, int]]:
    return [(entry.id.partition("/")[2], entry.order.revision) for entry in shown(edition, window)]


REVISIONS = st.tuples(st.sampled_from("abcd"), st.integers(1, 4), st.booleans(), st.sampled_from("xy"))


@given(st.lists(REVISIONS, max_size=8), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_shows_the_same(facts: list[tuple[str, int, bool, str]], random: object) -> None:
    events = [wd(i, r) if gone else put(i, r, event_id=f"{i}{r}{tie}") for i, r, gone, tie in facts]
    shuffled = events + events[: len(events) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    window = Window(entries=10, reserve=2)
    assert visible(run(events, window), window) == visible(run(shuffled, window), window)


def test_replay_below_applied_changes_nothing() -> None:
    window = Window(entries=2, reserve=1)
    first = fold(EMPTY, window, [change(put("a"), 0), change(put("b"), 1), change(wd("a", 2), 2)], {"t/0": 3}, NOW)
    assert fold(first, window, [change(put("a"), 0), change(put("b"), 1)], {"t/0": 2}, NOW) is first


def test_at_equal_revision_a_withdrawal_wins_then_the_later_then_the_greater_id() -> None:
    window = Window(entries=5)
    early, late = put("a", 2, occurred=NOW - 5, title="early"), put("a", 2, occurred=NOW - 4, title="late")
    for events in ([early, late], [late, early]):
        assert [e.order.occurred_at for e in shown(run(events, window), window)] == [NOW - 4]
    assert visible(run([late, wd("a", 2)], window), window) == []
    assert visible(run([wd("a", 2), late], window), window) == []


def test_window_keeps_the_newest_and_a_withdrawal_brings_the_next_one_in() -> None:
    window = Window(entries=2, reserve=1)
    edition = run([put(i) for i in "badc"], window)
    assert visible(edition, window) == [("d", 1), ("c", 1)]
    edition = run([wd("d", 2)], window, edition)
    assert visible(edition, window) == [("c", 1), ("b", 1)]
    assert not needs_refill(edition, window)
    edition = run([wd("c", 2)], window, edition)
    assert visible(edition, window) == [("b", 1)]
    assert needs_refill(edition, window), "a was evicted and could be shown"


def test_nothing_new_is_taken_below_the_floor() -> None:
    window = Window(entries=1)
    edition = run([put("c"), put("b")], window)
    assert edition.floor[1] == "daily/b"
    edition = run([wd("c", 2), put("a"), put("b")], window, edition)
    assert visible(edition, window) == []
    assert needs_refill(edition, window)


def test_an_article_older_than_it_remembers_waits_for_a_refill() -> None:
    window = Window(entries=2)
    edition = run([put("a", published=NOW - 31 * DAY)], window)
    assert visible(edition, window) == []
    assert needs_refill(edition, window)
    rebuilt = run([put("a", published=NOW - 31 * DAY)], replace(window, forget=None))
    assert visible(rebuilt, window) == [("a", 1)]
    assert not needs_refill(rebuilt, window)
    assert visible(run([put("a", 2, published=NOW - 31 * DAY)], window, rebuilt), window) == [("a", 2)]


def test_a_burst_does_not_push_out_what_is_young() -> None:
    window = Window(entries=2, younger_than=10 * MINUTE)
    events = [put(i, published=NOW - k * MINUTE) for k, i in enumerate("abcdefghijklmnop")]
    edition = run(events, window)
    assert len(visible(edition, window)) == 10, "what is younger than ten minutes, up to 5 x 2"
    later = fold(edition, window, (), {}, NOW + 5 * MINUTE)
    assert len(visible(later, window)) == 5
    assert due(edition, window) == NOW + MINUTE


def test_embargo_hides_until_it_lifts_and_lifts_without_an_event() -> None:
    window = Window(entries=2)
    edition = run([put("a", embargo=NOW + HOUR), put("b")], window)
    assert visible(edition, window) == [("b", 1)]
    assert due(edition, window) == NOW + HOUR
    assert visible(fold(edition, window, (), {}, NOW + HOUR - 1), window) == [("b", 1)]
    assert visible(fold(edition, window, (), {}, NOW + HOUR), window) == [("b", 1), ("a", 1)]


def test_a_slower_clock_does_not_hide_again() -> None:
    window = Window(entries=2)
    edition = fold(run([put("a", embargo=NOW + HOUR)], window), window, (), {}, NOW + HOUR)
    edition = replace(edition, clock=NOW + HOUR)
    assert visible(fold(edition, window, [change(put("b"))], {}, NOW), window) == [("b", 1), ("a", 1)]


def test_embargo_on_a_public_article_hides_it_at_once() -> None:
    window = Window(entries=2)
    assert visible(run([put("a"), put("a", 2, embargo=NOW + HOUR)], window), window) == []


def test_expiry_is_a_withdrawal_by_the_clock_and_leaves_a_tombstone() -> None:
    window = Window(entries=2, tombstones=72 * HOUR)
    edition = run([put("a", expires=NOW + HOUR)], window)
    gone = fold(edition, window, (), {}, NOW + HOUR)
    assert visible(gone, window) == []
    assert [(t.when, t.note) for t in gone.tombstones.values()] == [(NOW + HOUR, "expired")]
    assert not fold(gone, window, (), {}, NOW + 73 * HOUR).tombstones


def test_tombstones_are_for_what_was_public() -> None:
    window = Window(entries=2, tombstones=72 * HOUR)
    public = run([put("a"), wd("a", 2)], window)
    assert list(public.tombstones) == ["daily/a"]
    assert visible(run([put("a", 3)], window, public), window) == [("a", 3)]
    assert not run([put("a", 3)], window, public).tombstones
    secret = run([put("a", embargo=NOW + HOUR), wd("a", 2)], window)
    assert not secret.tombstones


def test_a_withdrawal_in_the_batch_of_the_secret_leaves_no_tombstone() -> None:
    gone = wd("a", 2)
    changes = [change(put("a", embargo=NOW + HOUR), 0), change(gone, 1)]
    edition = fold(EMPTY, Window(entries=2, tombstones=72 * HOUR), changes, {"t/0": 2}, NOW, lambda _: gone.order)
    assert not edition.tombstones
    assert not edition.entries


def test_an_older_revision_behind_one_that_is_not_selected_in_its_batch_is_not_taken() -> None:
    later = put("a", 2)
    changes = [change(later, 0, selected=False), change(put("a"), 1)]
    assert not fold(EMPTY, Window(entries=2), changes, {"t/0": 2}, NOW, lambda _: later.order).entries


def test_a_tombstone_goes_by_the_clock_alone() -> None:
    window = Window(entries=2, tombstones=72 * HOUR)
    gone = run([put("a"), wd("a", 2)], window)
    [when] = [grave.when for grave in gone.tombstones.values()]
    assert due(gone, window) == when + 72 * HOUR
    assert not fold(gone, window, (), {}, when + 72 * HOUR).tombstones


def test_an_older_revision_does_not_stay_when_the_latest_cannot_be_taken() -> None:
    window = Window(entries=2)
    held, refused = run([put("a", 1)], window), Order(3, False, 0, "")
    late = fold(held, window, [change(put("a", 2))], {}, NOW, lambda _: refused)
    assert visible(late, window) == []


def test_a_change_of_section_is_remembered_whatever_the_order() -> None:
    window = Window(entries=2)
    left = Order(2, False, 0, "")
    moved = fold(EMPTY, window, [change(put("a", 1))], {}, NOW, lambda _: left)
    assert visible(moved, window) == [], "revision 2, not selected, was seen before"


def test_slots_are_stable_and_filled_from_the_first() -> None:
    window = Window(slot_size=2)
    edition = run([put(i) for i in "abcde"], window)
    assert {e.id[-1]: e.slot for e in edition.entries.values()} == {"a": 0, "b": 0, "c": 1, "d": 1, "e": 2}
    edition = run([wd("a", 2), put("c", 2), put("f")], window, edition)
    assert {e.id[-1]: e.slot for e in edition.entries.values()} == {"b": 0, "c": 1, "d": 1, "e": 2, "f": 0}


def test_the_generation_rises_once_when_any_document_changed() -> None:
    from wireroom.document import Document

    documents = [Document("a", "x", b"1", b""), Document("b", "x", b"2", b"")]
    first = stamp(EMPTY, documents)
    assert (first.generation, first.documents["a"].generation, first.documents["b"].generation) == (1, 1, 1)
    assert stamp(first, documents) is first
    second = stamp(first, [documents[0], Document("b", "x", b"3", b"")])
    assert (second.generation, second.documents["a"].generation, second.documents["b"].generation) == (2, 1, 2)
