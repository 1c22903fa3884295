"""A worker killed, a reply lost, a worker stopped half-way and resumed after another took over: at every step."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from threading import Event, Thread

import pytest

from tests.unit.events import NOW, put, wd
from tests.unit.worker.newsroom import NEWS, SPORT, Faults, Newsroom, live_through, member, run_to_rest, settle
from tests.unit.worker.toy import Section
from wireroom import codec
from wireroom.clock import DAY, HOUR
from wireroom.document import DocumentChanged, generation_of
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, DOCUMENTS, Partition

BOTH = ("news", "sport")
SCENARIOS: dict[str, Sequence[ArticleEvent]] = {
    "two editions": [put("a"), put("b", sections=BOTH), wd("a", 2)],
    "an update": [put("a"), put("a", 2, sections=BOTH)],
    "an article leaves the selection": [put("a"), put("a", 2, sections=("other",))],
    "content returns": [put("a"), put("b"), wd("b", 2)],
    "embargo over": [put("a", embargo=NOW - HOUR), put("a", 2), put("b", sections=("sport",))],
    "a refill": [*[put(i) for i in "abcdef"], *[wd(i, 2) for i in "fedc"]],
    "a quiet end": [put("a"), put("a", 2, sections=BOTH), put("b"), put("z", sections=("other",))],
    "a rejected record": [put("a"), put("a", 2, title="bad"), put("b")],
    "rejected records in a backlog": [
        *[put("a"), put("g", title="bad"), put("f", title="bad")],
        *[put(i) for i in "bcde"],
    ],
}
Build = Callable[[str], Newsroom]


def begun(name: str) -> Newsroom:
    """A newsroom whose worker has seen the first event, so that editions, documents and a commit exist."""
    room = Newsroom()
    room.publish(*SCENARIOS[name][:1])
    run_to_rest(room.worker(NEWS))
    room.publish(*SCENARIOS[name][1:-1])
    return room


def fresh(name: str) -> Newsroom:
    """A newsroom where no worker ever ran."""
    room = Newsroom()
    room.publish(*SCENARIOS[name][:-1])
    return room


@cache
def undisturbed(name: str) -> dict[str, object]:
    room = fresh(name)
    room.publish(SCENARIOS[name][-1])
    run_to_rest(room.worker(NEWS, SPORT))
    return room.contents()


def rejected(room: Newsroom) -> dict[int, bytes]:
    """The offsets of the records that are dead letters, and why."""
    partition = Partition(DEAD_LETTERS, 0)
    letters = room.log.read(partition, 0, room.log.end(partition)) if room.log.end(partition) else ()
    return {int(letter.headers["wireroom.offset"]): letter.headers["wireroom.rule"] for letter in letters}


def announced(room: Newsroom) -> list[DocumentChanged]:
    partition = Partition(DOCUMENTS, 0)
    return [codec.decode_change(r.value) for r in room.log.read(partition, 0, room.log.end(partition))]


def check(room: Newsroom, name: str, what: str) -> None:
    assert room.contents() == undisturbed(name), what
    room.oracle.check_formats()
    ends = room.log.end(Partition(ARTICLES, 0))
    commit = room.log.committed("toy", Partition(ARTICLES, 0))
    assert commit is not None
    assert commit.offset == ends, f"{what}: the log is not committed to its end"
    bad = {at for at, each in enumerate(SCENARIOS[name]) if each.article and each.article.title == "bad"}
    letters = rejected(room)
    assert letters.keys() == bad, f"{what}: the dead letters are {letters}"
    told = {(c.key, c.generation) for c in announced(room)}
    assert told >= {(k, generation_of(d.body)) for k, d in room.documents().items()}, f"{what}: never announced"


@pytest.mark.parametrize("build", [fresh, begun])
@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("kind", ["die", "lost", "fail"])
def test_a_fault_at_every_step(name: str, build: Build, kind: str) -> None:
    at = 0
    while True:
        at += 1
        room, faults = build(name), Faults(at, kind)
        live_through(room.worker(NEWS, SPORT, faults=faults))
        if faults.count < at:
            break
        room.publish(SCENARIOS[name][-1])
        run_to_rest(room.worker(NEWS, SPORT))
        check(room, name, f"{kind} at {faults.trace[at - 1]}")
    assert at > 10


class Stopped:
    """A worker that stops before its access number `at`, and goes on as a zombie when it is let."""

    def __init__(self, room: Newsroom, at: int, *sections: Section) -> None:
        self._reached, self._resume = Event(), Event()
        self.faults = Faults(at, "stop", stop=self._stop)
        self._error: AssertionError | None = None
        self._worker = room.worker(*sections, faults=self.faults)
        self._thread = Thread(target=self._work)
        self._thread.start()
        assert self._reached.wait(30)

    def _stop(self) -> None:
        self._reached.set()
        assert self._resume.wait(30)

    def _work(self) -> None:
        try:
            live_through(self._worker)
        except AssertionError as error:
            self._error = error
        finally:
            self._reached.set()

    def resume(self) -> None:
        self._resume.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error


def take_over(room: Newsroom, *sections: Section) -> None:
    session = room.worker(*sections).join()
    for topic in (ARTICLES, BACKFILL):
        room.log.move(Partition(topic, 0), member(session))
    idle = 0
    for _ in range(300):
        idle = idle + 1 if session.step(wait=False) and session.assignment.owned else 0
        if idle == 3:
            break
    else:
        raise AssertionError("the successor does not come to rest")
    session.finish()


@pytest.mark.parametrize("build", [fresh, begun])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_zombie_at_every_step(name: str, build: Build) -> None:
    at = 0
    while True:
        at += 1
        room = build(name)
        zombie = Stopped(room, at, NEWS, SPORT)
        if zombie.faults.count < at:
            zombie.resume()
            break
        room.publish(SCENARIOS[name][-1])
        take_over(room, NEWS, SPORT)
        zombie.resume()
        check(room, name, f"zombie at {zombie.faults.trace[at - 1]}")
    assert at > 10


def test_a_partition_that_went_and_came_back_is_begun_anew() -> None:
    """A sleeper wakes up when its successor has worked and left: it must not go on from where it was."""
    room = Newsroom()
    room.publish(put("a"))
    sleeper, successor = room.worker().join(), room.worker().join()
    settle(sleeper)
    for topic in (ARTICLES, BACKFILL):
        room.log.move(Partition(topic, 0), member(successor))
    room.publish(put("b"))
    settle(successor)
    successor.close()
    settle(sleeper)
    (owned, _) = sleeper.assignment.owned.values()
    assert owned.committed == room.log.committed("toy", Partition(ARTICLES, 0))
    assert owned.position == 2


NEW = Section("daily", "news", version=2)
CHANGED = [put("a"), put("b", sections=("news2",)), put("c", sections=("news", "news2")), wd("a", 2), wd("c", 2)]


@pytest.mark.parametrize("between", [NEW, NEWS], ids=["new again", "old between"])
@pytest.mark.parametrize("zombie_has", [NEW, NEWS], ids=["new zombie", "old zombie"])
def test_a_changed_definition_with_a_zombie_at_every_step(between: Section, zombie_has: Section) -> None:
    expected = Newsroom()
    expected.publish(*CHANGED)
    run_to_rest(expected.worker(NEW))
    at = 0
    while True:
        at += 1
        room = Newsroom()
        room.publish(*CHANGED[:3])
        run_to_rest(room.worker(NEWS))
        zombie = Stopped(room, at, zombie_has)
        if zombie.faults.count < at:
            zombie.resume()
            break
        room.publish(CHANGED[3])
        take_over(room, between)
        room.publish(CHANGED[4])
        take_over(room, NEW)
        zombie.resume()
        assert room.contents() == expected.contents(), f"zombie at {zombie.faults.trace[at - 1]}"
    assert at > 8


def test_a_definition_changed_after_a_death_at_every_step() -> None:
    """What the old definition has shown as withdrawn must not come back while the new one reads."""
    expected = Newsroom()
    expected.publish(*CHANGED)
    run_to_rest(expected.worker(NEW))
    at = 0
    while True:
        at += 1
        room, faults = Newsroom(), Faults(at)
        room.publish(*CHANGED[:3])
        run_to_rest(room.worker(NEWS))
        room.publish(*CHANGED[3:])
        live_through(room.worker(NEWS, faults=faults))
        run_to_rest(room.worker(NEW))
        assert room.contents() == expected.contents(), faults.trace[-1]
        if faults.count < at:
            break
    assert at > 10


def test_a_definition_rolled_back_with_a_zombie_at_every_step() -> None:
    """The zombie has the definition that was taken back; it must not bring it in again."""
    at = 0
    while True:
        at += 1
        room = Newsroom()
        room.publish(*CHANGED[:3])
        run_to_rest(room.worker(NEWS))
        before = room.contents()
        zombie = Stopped(room, at, NEW)
        if zombie.faults.count < at:
            zombie.resume()
            break
        take_over(room, NEWS)
        zombie.resume()
        assert room.contents() == before, f"zombie at {zombie.faults.trace[at - 1]}"
    assert at > 8


def test_a_lost_edition_is_built_again_with_a_generation_above_its_documents() -> None:
    room = Newsroom()
    room.publish(put("a"), put("b"), wd("a", 2))
    run_to_rest(room.worker())
    before = {k: generation_of(d.body) for k, d in room.documents().items()}
    key = "editions/toy/daily/news.json"
    lost = room.store.get(key)
    assert lost is not None
    room.store.delete(key, lost.etag)
    room.publish(put("c"))
    run_to_rest(room.worker())
    assert room.shown() == {"c": 1, "b": 1}
    assert all(generation_of(d.body) > before[k] for k, d in room.documents().items())


def test_an_older_revision_that_comes_after_a_restart_is_not_shown() -> None:
    room = Newsroom()
    room.publish(put("b"), put("a", 2, sections=("other",)))
    run_to_rest(room.worker())
    room.publish(put("a", 1))
    run_to_rest(room.worker())
    assert room.shown() == {"b": 1}, "a left the section before its first revision came"


def test_a_withdrawn_article_whose_date_moves_stays_withdrawn() -> None:
    room = Newsroom()
    room.publish(put("b"), put("a"), wd("a", 2))
    run_to_rest(room.worker())
    room.publish(put("a", 1, published=NOW - 3 * DAY))
    run_to_rest(room.worker())
    assert room.shown() == {"b": 1}


def test_a_commit_that_fails_is_made_again_with_its_roster() -> None:
    """Else an edition that fell behind would stand in the old roster beside a newer offset."""
    at = 0
    while True:
        at += 1
        room, faults = begun("two editions"), Faults(at, "fail")
        live_through(room.worker(NEWS, SPORT, faults=faults))
        if faults.count < at:
            break
        commit = room.log.committed("toy", Partition(ARTICLES, 0))
        assert commit is not None
        roster = room.store.get(f"editions/toy/_rosters/{commit.metadata}.json")
        assert roster is not None
        live = json.loads(roster.body)["live"]
        epochs = {key: json.loads(stored.body)["epoch"] for key in live if (stored := room.store.get(key))}
        assert live == epochs, faults.trace[at - 1]
        assert sorted(live) == ["editions/toy/daily/news.json", "editions/toy/daily/sport.json"], faults.trace[at - 1]
    assert at > 10
