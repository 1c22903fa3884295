from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest

from wireroom.errors import Fenced, Red, RetryAfter
from wireroom.log import ARTICLES, Commit, Partition
from wireroom.log.kafka import group
from wireroom.log.kafka.group import GroupClient
from wireroom.log.kafka.library import Connection, Found, Place, TopicPartition
from wireroom.log.kafka.member import KafkaMember, pack, unpack
from wireroom.log.kafka.skips import Skips

OLD, NEW = Partition(ARTICLES, 0), Partition(ARTICLES, 1)


@dataclass
class Fetched:
    """A record as it comes from the brokers."""

    offset: int
    key: bytes | None = b"daily"
    value: bytes | None = b""
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp: int = 0


class Brokers:
    """A client and what a member asks. Each poll takes the next of `fetches`: it is delivered once."""

    joining = False

    def __init__(self) -> None:
        self.terms: dict[Place, int] = {}
        self.fetches: list[dict[Place, list[Found]]] = []
        self.away = False

    def poll(self, timeout: float, limit: int) -> dict[Place, list[Found]]:
        return self.fetches.pop(0) if self.fetches else {}

    def standing(self, group: str, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[Commit, int, int]]:
        if self.away:
            raise RetryAfter("the end of the log is not known")
        return {partition: (Commit(0), 0, 9) for partition in partitions}

    def name(self, topic: str) -> str:
        return topic

    def topic_id(self, topic: str) -> str:
        return "id"

    def look_again(self, topics: Iterable[str]) -> None: ...

    def pause(self, partitions: Collection[Place]) -> None: ...

    def seek(self, partition: Place, offset: int) -> None: ...

    def end(self, partition: Place) -> int:
        return 9


def test_what_came_with_a_partition_that_cannot_be_taken_up_yet_is_not_lost() -> None:
    brokers = Brokers()
    member = KafkaMember(cast(GroupClient, brokers), "feeds", [ARTICLES], brokers)
    brokers.terms[OLD] = 1
    assert member.poll(0, 10) == []
    brokers.terms[NEW], brokers.away = 2, True
    brokers.fetches = [{OLD: [Fetched(0)]}, {OLD: [Fetched(1)]}]
    with pytest.raises(RetryAfter):
        member.poll(0, 10)
    member.seek(OLD, 0)
    brokers.away = False
    assert member.poll(0, 10) == []
    assert member.assignment().keys() == {OLD, NEW}
    assert [each.offset for each in member.poll(0, 10)] == [0, 1]


class Consumer:
    """A consumer of kafka-python. `unknown`: it has no coordinator; `joining`: it waits for the answer to a join."""

    def __init__(self, unknown: bool = False, joining: bool = False) -> None:
        self.found: dict[object, list[Fetched]] = {}
        self._fetcher = SimpleNamespace(_next_in_line_exception_metadata=None)
        self._coordinator = SimpleNamespace(
            coordinator_unknown=lambda: unknown, rebalance_in_progress=lambda: joining, need_rejoin=lambda: joining
        )

    def subscribe(self, **_: object) -> None: ...

    def group_metadata(self) -> object:
        return SimpleNamespace(member_id="m")

    def poll(self, *_: object) -> dict[object, list[Fetched]]:
        found, self.found = self.found, {}
        return found


def client_of(consumer: Consumer) -> GroupClient:
    connection = SimpleNamespace(consumer=lambda **_: consumer)
    return GroupClient(cast(Connection, connection), "feeds", [ARTICLES], Skips(tuple, str))


def test_what_was_found_is_delivered_though_the_brokers_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "SILENCE", -1.0)
    client = client_of(consumer := Consumer(unknown=True))
    consumer.found = {TopicPartition(ARTICLES, 0): [Fetched(0)]}
    assert [each.offset for each in client.poll(0, 10)[(ARTICLES, 0)]] == [0]
    with pytest.raises(RetryAfter, match="do not answer"):
        client.poll(0, 10)


def test_a_join_whose_answer_was_lost_ends_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, away, well = client_of(Consumer(joining=True)), client_of(Consumer(True, True)), client_of(Consumer())
    assert stuck.poll(0, 10) == {}, "it may come yet"
    monkeypatch.setattr(group, "SESSION", -1)
    with pytest.raises(Fenced):
        stuck.poll(0, 10)
    assert away.poll(0, 10) == well.poll(0, 10) == {}


def test_a_commit_comes_back() -> None:
    assert unpack("w.articles", "id", 7, pack("id", Commit(7, "roster"))) == Commit(7, "roster")
    assert unpack("w.articles", "id", 7, pack("id", Commit(7))) == Commit(7)


def test_a_commit_made_with_another_tool_has_no_roster() -> None:
    assert unpack("w.articles", "id", 7, "") == Commit(7)


def test_a_commit_of_a_topic_that_was_deleted_is_refused() -> None:
    with pytest.raises(Red, match="made anew"):
        unpack("w.articles", "new", 7, pack("old", Commit(7, "roster")))
