"""Two members feed one edition, the other one from a partition that is not the publication's: in any order."""

from collections.abc import Sequence

import pytest

from tests.protocol.schedule import Schedule, all_schedules
from tests.unit.events import NOW, put, wd
from tests.unit.worker.newsroom import Newsroom, run_to_rest, settle, settle_together
from tests.unit.worker.test_partitions import OTHER, misroute, two
from wireroom.clock import DAY
from wireroom.event import ArticleEvent

LEAVES = "an article elsewhere that leaves here"
STORIES: dict[str, tuple[Sequence[ArticleEvent], Sequence[ArticleEvent]]] = {
    "a withdrawal elsewhere": ([put("b"), put("a", 2), put("c")], [wd("a", 3)]),
    "an article elsewhere, withdrawn here": ([wd("a", 2), put("c")], [put("a"), put("d")]),
    LEAVES: ([put("a", 2, sections=OTHER)], [put("a")]),
    "an article here that leaves elsewhere": ([put("a")], [put("a", 2, sections=OTHER)]),
    "an old article that leaves here": (
        [put("a", 2, sections=OTHER, published=NOW - 2 * DAY)],
        [put("a", published=NOW - 2 * DAY)],
    ),
}


@pytest.mark.parametrize("known", [False, True], ids=["the first", "not the first"])
@pytest.mark.parametrize("name", STORIES)
def test_any_order_of_two_members(name: str, known: bool) -> None:
    """`known`: events came by the other partition before, so both know that they share the edition."""
    here, elsewhere = STORIES[name]
    calm = Newsroom()
    calm.publish(put("z"), *here, *elsewhere, *([put("y")] if known else []))
    run_to_rest(calm.worker())

    def play(schedule: Schedule) -> None:
        room = Newsroom(partitions=2)
        room.publish(put("z"))
        sessions = two(room)
        if known:
            misroute(room, put("y"))
            settle_together(*sessions)
        for session in sessions:
            session.close()
        owner, other = two(room, faults=schedule.turns)
        room.publish(*here)

        def second(_: object) -> None:
            misroute(room, *elsewhere)
            settle(other)

        schedule.run(lambda _: settle(owner), second)
        settle_together(owner, other)
        assert room.contents() == calm.contents(), schedule
        room.oracle.check_formats()

    assert all_schedules(play) > 10
