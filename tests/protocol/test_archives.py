"""An archive whose worker dies, is not answered or goes on as a zombie at every step; two workers; any events.

What a page has beside what is shown depends on when the feed let go of it; what a reader finds in all of them does not.
"""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.schedule import Schedule, all_schedules
from tests.protocol.test_faults import Stopped, take_over
from tests.protocol.test_interleavings import LENGTHS, SHARDED, live_out, sharded
from tests.protocol.test_interleavings import take_over as take_over_in_turn
from tests.protocol.test_random import FAULTS
from tests.unit.events import NOW, put, wd
from tests.unit.worker.archiving import ARCHIVED, SELECTS_MORE, pages, walk
from tests.unit.worker.newsroom import Faults, Newsroom, live_through, run_to_rest, settle, settle_together
from wireroom.clock import DAY, HOUR
from wireroom.event import ArticleEvent

OLD, OLDER = NOW - 400 * DAY, NOW - 500 * DAY
UNDATED = wd("a", 2).model_copy(update={"published_at": wd("a", 2).occurred_at})
SCENARIOS: dict[str, Sequence[ArticleEvent]] = {
    "the feed lets go": [*[put(ident) for ident in "abcd"], put("e")],
    "old articles": [put("a", published=OLD), put("b", published=OLDER), put("c", published=OLD)],
    "an old one is withdrawn": [put("a", published=OLD), put("b", published=OLD), wd("a", 2, published=OLD)],
    "an old one is withdrawn, undated": [put("a", published=OLD), *[put(ident) for ident in "bcdefgh"], UNDATED],
    "one that was let go is corrected": [*[put(ident) for ident in "abcd"], put("a", 2), put("e")],
    "one that was let go is withdrawn": [*[put(ident) for ident in "abcd"], wd("a", 2)],
}


def begun(name: str, upto: int = -1) -> Newsroom:
    room = Newsroom()
    room.publish(*SCENARIOS[name][:1])
    run_to_rest(room.worker(ARCHIVED))
    room.publish(*SCENARIOS[name][1:upto])
    return room


@cache
def undisturbed(name: str) -> object:
    room = begun(name)
    room.publish(SCENARIOS[name][-1])
    run_to_rest(room.worker(ARCHIVED))
    return walk(room)


def check(room: Newsroom, name: str, what: str) -> None:
    assert walk(room) == undisturbed(name), what
    at = walk(room)
    for day, shown in pages(room).items():
        assert shown.keys() <= {f"daily/{ident}" for ident in at}, f"{what}: {day} shows what is withdrawn"
        assert all(at[ident.partition("/")[2]] == revision for ident, revision in shown.items()), f"{what}: {day}"


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("kind", ["die", "lost"])
def test_a_fault_at_every_step(name: str, kind: str) -> None:
    at = 0
    while True:
        at += 1
        room, faults = begun(name), Faults(at, kind)
        live_through(room.worker(ARCHIVED, faults=faults))
        if faults.count < at:
            break
        room.publish(SCENARIOS[name][-1])
        run_to_rest(room.worker(ARCHIVED))
        check(room, name, f"{kind} at {faults.trace[at - 1]}")
    assert at > 10


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_zombie_at_every_step(name: str) -> None:
    at = 0
    while True:
        at += 1
        room = begun(name)
        zombie = Stopped(room, at, ARCHIVED)
        if zombie.faults.count < at:
            zombie.resume()
            break
        room.publish(SCENARIOS[name][-1])
        take_over(room, ARCHIVED)
        zombie.resume()
        check(room, name, f"zombie at {zombie.faults.trace[at - 1]}")
    assert at > 10


@pytest.mark.parametrize("name", ["an old one is withdrawn"])
def test_every_hand_over(name: str) -> None:
    def play(schedule: Schedule) -> None:
        room = begun(name)

        def second(turn: Faults) -> None:
            room.publish(SCENARIOS[name][-1])
            take_over_in_turn(room, ARCHIVED)(turn)  # type: ignore[arg-type]

        schedule.run(lambda turn: live_out(room.worker(ARCHIVED, faults=turn).join()), second)
        check(room, name, str(schedule))

    assert all_schedules(play) > 100


def test_a_death_at_every_step_of_a_change_of_definition() -> None:
    given = [put("a", published=OLD), put("b", published=OLDER, sections=("news1",)), put("c", sections=("news1",))]
    at = 0
    while True:
        at += 1
        room, faults = Newsroom(), Faults(at)
        room.publish(*given, put("d", published=OLD))
        run_to_rest(room.worker(ARCHIVED))
        room.publish(wd("d", 2, published=OLD))
        live_through(room.worker(SELECTS_MORE, faults=faults))
        run_to_rest(room.worker(SELECTS_MORE))
        assert walk(room) == dict.fromkeys("abc", 1), faults.trace[-1]
        if faults.count < at:
            break
    assert at > 20


LETTERS = {ident: NOW - 40 * DAY + at * 5 * HOUR for at, ident in enumerate("abcdefghijkl")}


@st.composite
def old_events(draw: st.DrawFn) -> ArticleEvent:
    ident, revision = draw(st.sampled_from(sorted(LETTERS))), draw(st.integers(1, 3))
    if draw(st.integers(0, 3)) == 0:
        return wd(ident, revision, published=LETTERS[ident])
    sections = draw(st.sampled_from([("news",), ("news",), ("other",)]))
    hour = draw(st.sampled_from([None, None, None, -HOUR, HOUR]))
    named = f"{ident}-{revision}-{sections}-{hour}"
    embargo = hour and NOW + hour
    return put(ident, revision, sections=sections, published=LETTERS[ident], embargo=embargo, event_id=named)


def winners(told: Sequence[ArticleEvent]) -> dict[str, int]:
    last: dict[str, ArticleEvent] = {}
    for event in told:
        if event.id not in last or last[event.id].order < event.order:
            last[event.id] = event
    return {e.article_id: e.revision for e in last.values() if e.article and "news" in e.article.sections}


@settings(max_examples=40, deadline=None)
@given(st.lists(old_events(), max_size=16), st.lists(old_events(), max_size=6), FAULTS)
def test_any_events_in_any_order_with_faults(
    live: Sequence[ArticleEvent], archived: Sequence[ArticleEvent], faults: Sequence[tuple[int, str]]
) -> None:
    room = Newsroom()
    room.publish(*live[:8])
    room.archive(*archived)
    for at, kind in faults[:2]:
        live_through(room.worker(ARCHIVED, faults=Faults(at, kind)))
    room.publish(*live[8:], *live[:3])
    for at, kind in faults[2:]:
        live_through(room.worker(ARCHIVED, faults=Faults(at, kind)))
    run_to_rest(room.worker(ARCHIVED))
    room.clock.time += 2 * HOUR
    run_to_rest(room.worker(ARCHIVED))
    expected = winners([*live, *archived])
    assert walk(room) == expected
    for shown in pages(room).values():
        assert all(expected.get(ident.partition("/")[2]) == revision for ident, revision in shown.items())


# ---- two members write the pages of one archive ----------------------------------------------------------------------

STORY = {
    "both let go": ([put(i) for i in "akm"], [put(i) for i in "bdop"], [put(i) for i in "ce"]),
    "one page": ([put(i) for i in "ab"], [put("d", published=OLD), put("k", published=OLD)], [put("c", published=OLD)]),
    "a new page beside another": ([put("a"), put("b")], [put("d", published=OLD)], [put("c", published=OLDER)]),
    "withdrawn meanwhile": (
        [put("a", published=OLD), put("b", published=OLD)],
        [wd("b", 2, published=OLD)],
        [wd("a", 2, published=OLD), put("c", published=OLD)],
    ),
}


def play(name: str, schedule: Schedule) -> None:
    before, first, last = STORY[name]
    room = sharded(*before)
    run_to_rest(room.worker(ARCHIVED, settings=SHARDED))
    sessions = [room.worker(ARCHIVED, faults=turn, settings=SHARDED).join() for turn in schedule.turns]
    settle_together(*sessions)
    room.publish(*first)

    def second(_: Faults) -> None:
        room.publish(*last)
        settle(sessions[1])

    schedule.run(lambda _: settle(sessions[0]), second)
    settle_together(*sessions)
    expected = winners([*before, *first, *last])
    assert walk(room) == expected, schedule
    for shown in pages(room).values():
        assert all(expected.get(ident.partition("/")[2]) == at for ident, at in shown.items()), schedule


def test_two_members_write_one_archive_by_turns() -> None:
    assert all_schedules(lambda schedule: play("withdrawn meanwhile", schedule)) > 100


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(STORY)), LENGTHS)
def test_two_members_write_one_archive(name: str, lengths: Sequence[int]) -> None:
    play(name, Schedule(lengths))
