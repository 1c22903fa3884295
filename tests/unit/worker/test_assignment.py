"""Partitions come and go: what is lost is forgotten, what is retained goes on, also while store or log are unwell."""

from collections.abc import Mapping

import pytest

from tests.contract.broken_logs import LeavesGaps
from tests.unit.events import put, wd
from tests.unit.worker.newsroom import (
    NEWS,
    SETTINGS,
    SPORT,
    Faults,
    Newsroom,
    member,
    run_to_rest,
    settle,
    settle_together,
)
from tests.unit.worker.toy import Section
from wireroom.clock import SECOND
from wireroom.config import Settings
from wireroom.edition import Window
from wireroom.errors import RetryAfter
from wireroom.log import ARTICLES, BACKFILL, Commit, Partition
from wireroom.log.member import LEASE
from wireroom.worker import assignment
from wireroom.worker.loop import Worker

LIVE = Partition(ARTICLES, 0)


def test_a_partition_lost_and_regained_within_one_turn_is_another_one() -> None:
    room = Newsroom()
    room.publish(put("x", sections=("other",)))
    sleeper = room.worker().join()
    settle(sleeper)
    room.clock.time += LEASE + 1
    room.publish(put("a", 3, sections=("other",)))
    run_to_rest(room.worker())
    room.publish(put("a", 2))
    settle(sleeper)
    assert sleeper.assignment.owned[LIVE].assigned == member(sleeper).assignment()[LIVE]
    assert room.shown() == {}, "what the other one had seen is known"


def test_a_lost_partition_is_not_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom()
    first, second = room.worker().join(), room.worker().join()
    settle_together(first, second)
    room.log.move(LIVE, member(second))
    with monkeypatch.context() as patch:
        patch.setattr(room.log, "end", unwell)
        assert first.step(wait=False) is False
    room.publish(put("a"))
    settle_together(first, second)
    assert room.shown() == {"a": 1}


def unwell(*_: object) -> int:
    raise RetryAfter("busy", 0)


@pytest.mark.parametrize("at", range(1, 16))
def test_an_assignment_that_the_store_interrupts_is_finished_later(at: int) -> None:
    room, faults = Newsroom(partitions=2), Faults(at, "fail")
    room.publish(put("a"))
    session = room.worker(NEWS, SPORT, faults=faults).join()
    settle(session)
    assert set(session.quarantine._watched) == set(session.assignment.owned)
    assert sorted(session.assignment.editions) == ["editions/toy/daily/news.json", "editions/toy/daily/sport.json"]
    assert room.shown() == {"a": 1}


def test_what_a_retained_partition_has_in_hand_is_not_lost() -> None:
    """Four shards on two partitions; the second partition goes while articles wait for the next flush."""
    waiting = SETTINGS.model_copy(
        update={
            "flush_interval": 5.0,
            "publications": (SETTINGS.publications[0].model_copy(update={"shards": 4}),),
        }
    )
    big = Section("daily", "news", Window(entries=20))
    room = Newsroom(partitions=2, shards=4)
    room.publish(put("a"), put("b"))
    first = room.worker(big, settings=waiting).join()
    settle(first)
    room.clock.time += 10 * SECOND
    room.publish(put("c"), put("d"))
    first.step(wait=False)
    room.publish(put("e"), put("k"))
    first.step(wait=False)
    assert sorted(room.shown()) == list("abcd"), "the others wait"
    second = room.worker(big, settings=waiting).join()
    for topic in (ARTICLES, BACKFILL):
        room.log.move(Partition(topic, 1), member(second))
    room.clock.time += 10 * SECOND
    settle_together(first, second)
    assert {partition.number for partition in first.assignment.owned} == {0}
    assert sorted(room.shown()) == list("abcdek")


def test_editions_are_loaded_some_at_a_time_with_a_poll_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "LOADS", 3)
    sections = [Section("daily", f"s{number}") for number in range(8)]
    room = Newsroom()
    room.publish(put("a", sections=tuple(section.name for section in sections)))
    session = room.worker(*sections).join()
    loaded = []
    for _ in range(4):
        session.step(wait=False)
        loaded.append(len(session.assignment.editions))
        assert not session.assignment.loading or not room.documents().get("toy/daily/s0.json") or not room.shown("s0")
    assert loaded == [3, 6, 8, 8]
    settle(session)
    assert all(room.shown(section.name) == {"a": 1} for section in sections)


def test_a_commit_that_cannot_be_made_now_does_not_end_the_membership() -> None:
    room = Newsroom()
    worker = room.worker()
    session = worker.join()
    settle(session)
    room.publish(put("a"))
    inner, refusals = member(session).membership, iter([True, True])
    real = inner.commit

    def commit(offsets: Mapping[Partition, Commit]) -> None:
        if next(refusals, False):
            raise RetryAfter("the group is being shared out anew", 0)
        real(offsets)

    inner.commit = commit  # type: ignore[method-assign]
    settle(session)
    assert room.log.committed("toy", LIVE) == session.assignment.owned[LIVE].committed
    assert session.assignment.owned[LIVE].committed.offset == room.log.end(LIVE)
    assert next(refusals, None) is None


def test_a_publication_whose_record_was_not_written_is_taken_up_again() -> None:
    tried = 0
    for at in range(1, 30):
        room, faults = Newsroom(), Faults(at, "fail")
        room.publish(put("a"))
        settle(room.worker(faults=faults, settings=Settings(flush_interval=0)).join())
        assert room.shown() == {"a": 1}
        tried += len(faults.trace) >= at and "editions/publications" in faults.trace[at - 1]
    assert tried == 1


def test_members_keep_the_rosters_that_the_other_names() -> None:
    room = Newsroom()
    room.publish(put("a"))
    room.archive(put("b"))
    run_to_rest(room.worker())
    first, second = (room.worker(NEWS, SPORT).join() for _ in range(2))
    archive = Partition(BACKFILL, 0)
    room.log.move(archive, member(second))
    for _ in range(6):
        first.step(wait=False)
    settle(first)
    committed = room.log.committed("toy", archive)
    assert committed is not None
    assert room.store.get(f"editions/toy/_rosters/{committed.metadata}.json")


def test_offsets_may_have_gaps() -> None:
    room = Newsroom()
    room.log = LeavesGaps(clock=room.clock)
    room.publish(*[put(i) for i in "abcdefgh"])
    room.archive(put("z"))
    drained(room.worker())
    room.publish(*[wd(i, 2) for i in "zhgf"], put("i"))
    drained(room.worker(NEWS, SPORT))
    assert room.shown() == {"i": 1, "e": 1, "d": 1}


def drained(worker: Worker) -> None:
    """A worker that stops by itself: nothing is left for its group."""
    worker.run(lambda: False, drain=True)
