"""Pages and their index, pure: any order, any number of times, the same page."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events import NOW, put, wd
from wireroom.archive import Arrival, Line, arrival, day_of, join, joined, marks, may_hold, neighbours, to_look_at
from wireroom.clock import DAY, HOUR, micros
from wireroom.edition import Change, Edition, Entry, Window
from wireroom.event import ArticleEvent

WINDOW, EMPTY = Window(forget=None, tombstones=72 * HOUR), Edition("d", epoch="")
SHOWN = ("b", "d", "r")


def told(event: ArticleEvent) -> Arrival:
    key = (micros(event.published_at), event.id)
    entry = None
    if event.article and "news" in event.article.sections:
        entry = Entry(event.id, event.order, key, event.visible_from, event.expires, event.guid, {})
    return arrival(Change("s", 0, event.facts, entry), key)


@st.composite
def events(draw: st.DrawFn) -> ArticleEvent:
    ident, revision = draw(st.sampled_from("abc")), draw(st.integers(1, 3))
    if draw(st.booleans()):
        return wd(ident, revision)
    sections = draw(st.sampled_from([("news",), ("other",)]))
    ends = draw(st.sampled_from([None, NOW - HOUR, NOW + HOUR]))
    return put(ident, revision, sections=sections, expires=ends, event_id=f"{ident}{revision}{sections}{ends}")


@given(st.lists(events(), max_size=8), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_page(given: Sequence[ArticleEvent], dice: object) -> None:
    arrivals = [told(event) for event in given]
    at_once = join(EMPTY, WINDOW, arrivals, NOW)
    mixed = [*arrivals, *arrivals]
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    page = EMPTY
    for each in mixed:
        page = join(page, WINDOW, [each], NOW)
    assert (page.entries, page.gone) == (at_once.entries, at_once.gone)
    assert join(page, WINDOW, arrivals, NOW) == page, "merging again changes nothing"


def test_a_day_ends_at_midnight_utc() -> None:
    midnight = NOW - NOW % DAY
    assert day_of((midnight - 1, "")) == "2026-09-20"
    assert day_of((midnight, "")) == "2026-09-21"


def test_a_tombstone_leaves_the_page_and_the_memory_of_it_stays() -> None:
    page = join(EMPTY, WINDOW, [told(put("a")), told(wd("a", 2))], NOW)
    assert page.tombstones.keys() == {"daily/a"}
    later = join(page, WINDOW, [], NOW + 4 * DAY)
    assert not later.tombstones
    assert later.gone.keys() == {"daily/a"}


def test_links_lead_from_page_to_page() -> None:
    assert neighbours("abc") == {"a": (None, "b"), "b": ("a", "c"), "c": ("b", None)}
    assert neighbours([]) == {}


def test_a_page_with_wrong_links_or_another_rendering_or_due_is_to_be_looked_at() -> None:
    right = {"a": Line(1, NOW, None, (None, "b", "r")), "b": Line(1, NOW, None, ("a", None, "r"))}
    assert list(to_look_at(right, "r", NOW)) == []
    assert list(to_look_at(right, "s", NOW)) == ["a", "b"]
    assert list(to_look_at({**right, "c": Line(1, NOW, None, ("b", None, "r"))}, "r", NOW)) == ["b"]
    assert list(to_look_at({**right, "a": right["a"]._replace(due=NOW)}, "r", NOW)) == ["a"]
    assert list(to_look_at({"a": Line(0, NOW, NOW + 1, None)}, "r", NOW)) == []


def test_of_two_lines_the_later_state_holds_and_of_one_state_the_earlier_time() -> None:
    early, late = Line(1, NOW, NOW + 1, SHOWN), Line(2, NOW, None, SHOWN)
    assert joined({"a": early}, {"a": late}) == joined({"a": late}, {"a": early}) == {"a": late}
    same = late._replace(due=NOW + 9)
    assert joined({"a": late}, {"a": same}) == joined({"a": same}, {"a": late}) == {"a": same}
    assert joined({"a": early}, {"b": late}) == {"a": early, "b": late}


def test_time_alone_changes_a_page_only_when_something_is_due() -> None:
    page = join(EMPTY, WINDOW, [told(put("a", embargo=NOW + HOUR))], NOW)
    assert join(page, WINDOW, [], NOW + 1) is page
    assert join(page, WINDOW, [], NOW + HOUR) == replace(page, clock=NOW + HOUR)


def test_the_index_tells_which_pages_may_have_an_article() -> None:
    line, ids = Line(1, NOW, None, None), [f"daily/{number}" for number in range(50)]
    index = {"b": line._replace(marks=marks(ids)), "a": line._replace(marks=marks(["daily/x"]))}
    assert all(may_hold(index, ["daily/other", ident]) == ["b"] for ident in ids)
    assert may_hold(index, ["daily/x", ids[7]]) == ["a", "b"]
    assert may_hold(index, ["daily/other"]) == may_hold(index, []) == []
    assert may_hold({**index, "c": line}, ["daily/other"]) == ["c"], "it does not tell"
