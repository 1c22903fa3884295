"""Two workers whose steps interleave: after any schedule the outputs are those of an undisturbed run.

All schedules in which each worker is interrupted once, then, by hypothesis, longer ones, with deaths and lost replies.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.schedule import Schedule, Turn, all_schedules
from tests.protocol.test_faults import SCENARIOS, begun, check, fresh
from tests.unit.events import put, wd
from tests.unit.worker.newsroom import (
    NEWS,
    SETTINGS,
    SPORT,
    Killed,
    Newsroom,
    member,
    run_to_rest,
    settle,
    settle_together,
)
from tests.unit.worker.toy import Section
from wireroom.errors import Fenced
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, Partition
from wireroom.worker.session import Session

Body = Callable[[Turn], None]
SHARDS = 4
SHARDED = SETTINGS.model_copy(
    update={"publications": (SETTINGS.publications[0].model_copy(update={"shards": SHARDS}),)}
)
OTHER = ("other",)


# ---- one partition: the second takes over, the first goes on as a zombie ---------------------------------------------


def take_over(room: Newsroom, *sections: Section) -> Body:
    """Join, take both partitions, work until nothing is left."""

    def body(turn: Turn) -> None:
        session = room.worker(*sections, faults=turn).join()
        for topic in (ARTICLES, BACKFILL):
            room.log.move(Partition(topic, 0), member(session))
        live_out(session)

    return body


def live_out(session: Session) -> None:
    """Step until nothing is left, the process dies or another member took over."""
    try:
        settle(session)
    except (Killed, Fenced):
        pass
    finally:
        session.close()


def hand_over(name: str, build: Callable[[str], Newsroom], schedule: Schedule) -> Newsroom:
    room = build(name)

    def second(turn: Turn) -> None:
        room.publish(SCENARIOS[name][-1])
        take_over(room, NEWS, SPORT)(turn)

    schedule.run(lambda turn: live_out(room.worker(NEWS, SPORT, faults=turn).join()), second)
    return room


@pytest.mark.parametrize("name", ["two editions", "a quiet end"])
def test_every_hand_over(name: str) -> None:
    def play(schedule: Schedule) -> None:
        check(hand_over(name, begun, schedule), name, str(schedule))

    assert all_schedules(play) > 200


def test_every_hand_over_where_the_zombie_dies_after_writing_once_more() -> None:
    """It meets the claim, reads edition and memory, writes, and has written no document yet."""

    def play(schedule: Schedule) -> None:
        check(hand_over("a quiet end", begun, schedule), "a quiet end", str(schedule))

    assert all_schedules(play, 5, deadly=True) > 200


LENGTHS = st.lists(st.integers(0, 20), max_size=7)
FAULT = st.tuples(st.integers(0, 1), st.integers(1, 40), st.sampled_from(["die", "lost", "fail"]))


@settings(max_examples=60)
@given(st.sampled_from(sorted(SCENARIOS)), st.sampled_from([begun, fresh]), LENGTHS, st.lists(FAULT, max_size=2))
def test_any_hand_over_with_faults(
    name: str, build: Callable[[str], Newsroom], lengths: Sequence[int], faults: Sequence[tuple[int, int, str]]
) -> None:
    schedule = Schedule(lengths, faults=faults)
    room = hand_over(name, build, schedule)
    run_to_rest(room.worker(NEWS, SPORT))
    check(room, name, str(schedule))


def archived_zombie(schedule: Schedule) -> Newsroom:
    """The first has an archived article in hand when its successor reads of the withdrawal."""
    room = Newsroom()
    room.publish(put("b"))
    run_to_rest(room.worker())
    room.archive(put("a"), put("c"))

    def second(turn: Turn) -> None:
        room.publish(wd("a", 2))
        take_over(room, NEWS)(turn)

    schedule.run(lambda turn: live_out(room.worker(faults=turn).join()), second)
    return room


def test_a_zombie_does_not_bring_an_archived_article_back() -> None:
    def play(schedule: Schedule) -> None:
        assert archived_zombie(schedule).shown() == {"c": 1, "b": 1}, schedule

    assert all_schedules(play) > 200


# ---- several partitions, two members at work: one edition with two writers -------------------------------------------


class Story(NamedTuple):
    """What is published before the two begin, before the first one goes on, and before the second one does.

    Of four shards two belong to each member: b, d, k, m, o, p to the first, a, c, e to the second.
    """

    before: Sequence[ArticleEvent]
    first: Sequence[ArticleEvent]
    second: Sequence[ArticleEvent]
    started: tuple[Section, ...] = (NEWS,)  # what was fed before the two begin
    sections: tuple[Section, ...] = (NEWS,)


FULL = [put(i) for i in "akmop"]
STORIES = {
    "each writes": Story([put("a"), put("b")], [put("d"), wd("b", 2)], [put("c"), put("a", 2)]),
    "a refill while an article is withdrawn": Story(FULL, [wd(i, 2) for i in "pom"], [wd("a", 2)]),
    "a refill while an article leaves": Story(FULL, [wd(i, 2) for i in "pom"], [put("a", 2, sections=OTHER)]),
    "a new feed": Story(
        [put(i, sections=("sport",)) for i in "ab"], [wd("b", 2)], [wd("a", 2), put("c")], sections=(NEWS, SPORT)
    ),
    "a changed definition": Story(
        [put("a"), put("b", sections=("news2",))],
        [put("d", sections=("news2",)), wd("b", 2)],
        [wd("a", 2)],
        sections=(Section("daily", "news", version=2),),
    ),
}


def sharded(*events: ArticleEvent) -> Newsroom:
    room = Newsroom(partitions=2, shards=SHARDS)
    room.publish(*events)
    return room


def alone(room: Newsroom, *sections: Section) -> None:
    run_to_rest(room.worker(*sections, settings=SHARDED))


def expected(story: Story) -> dict[str, object]:
    room = sharded(*story.before, *story.first, *story.second)
    alone(room, *story.sections)
    return room.contents()


def together(story: Story, schedule: Schedule) -> Newsroom:
    room = sharded(*story.before)
    alone(room, *story.started)
    sessions = [room.worker(*story.sections, faults=turn, settings=SHARDED).join() for turn in schedule.turns]
    if story.sections == story.started:
        settle_together(*sessions)
    room.publish(*story.first)

    def second(_: Turn) -> None:
        room.publish(*story.second)
        settle(sessions[1])

    schedule.run(lambda _: settle(sessions[0]), second)
    settle_together(*sessions)
    return room


@pytest.mark.parametrize("name", STORIES)
def test_two_members_feed_one_edition(name: str) -> None:
    want = expected(STORIES[name])

    def play(schedule: Schedule) -> None:
        room = together(STORIES[name], schedule)
        assert room.contents() == want, schedule
        room.oracle.check_formats()

    assert all_schedules(play) > 100


@settings(max_examples=60)
@given(st.sampled_from(sorted(STORIES)), LENGTHS)
def test_any_schedule_of_two_members(name: str, lengths: Sequence[int]) -> None:
    room = together(STORIES[name], Schedule(lengths))
    assert room.contents() == expected(STORIES[name])


def apart(schedule: Schedule) -> Newsroom:
    """One member has the live log, the other one the archive."""
    room = Newsroom()
    room.publish(put("b"))
    run_to_rest(room.worker())
    room.publish(wd("a", 2))
    room.archive(put("a"), put("c"))
    sessions = [room.worker(faults=turn).join() for turn in schedule.turns]
    for topic, session in zip((ARTICLES, BACKFILL), sessions, strict=True):
        room.log.move(Partition(topic, 0), member(session))
    schedule.run(lambda _: settle(sessions[0]), lambda _: settle(sessions[1]))
    settle_together(*sessions)
    return room


def test_live_log_and_archive_may_belong_to_two() -> None:
    def play(schedule: Schedule) -> None:
        assert apart(schedule).shown() == {"c": 1, "b": 1}, schedule

    assert all_schedules(play) > 200


def test_members_do_not_drop_each_others_rosters() -> None:
    room = sharded(*FULL)
    alone(room, NEWS)
    first, second = (room.worker(NEWS, settings=SHARDED).join() for _ in range(2))
    settle_together(first, second)
    room.publish(*[wd(i, 2) for i in "pom"])  # a refill: a new roster for both
    settle_together(first, second)
    for topic in (ARTICLES, BACKFILL):
        for partition in room.log.partitions(topic):
            commit = room.log.committed("toy", partition)
            assert commit is not None
            assert not commit.metadata or room.store.get(f"editions/toy/_rosters/{commit.metadata}.json")
