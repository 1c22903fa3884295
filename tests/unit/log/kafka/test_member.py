from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from wireroom.errors import Red, RetryAfter
from wireroom.log import ARTICLES, Commit, Partition
from wireroom.log.kafka import group
from wireroom.log.kafka.group import GroupClient
from wireroom.log.kafka.library import Connection, Found, Place, TopicPartition
from wireroom.log.kafka.member import KafkaMember, pack, unpack

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


@dataclass
class Silent:
    """A consumer of kafka-python that fetched a record, and knows no coordinator."""

    found: dict[object, list[Fetched]] = field(default_factory=lambda: {TopicPartition(ARTICLES, 0): [Fetched(0)]})
    _coordinator: object = field(default_factory=lambda: SimpleNamespace(coordinator_unknown=lambda: True))

    def subscribe(self, **_: object) -> None: ...

    def group_metadata(self) -> object:
        return SimpleNamespace(member_id="m")

    def poll(self, **_: object) -> dict[object, list[Fetched]]:
        found, self.found = self.found, {}
        return found


def test_what_was_found_is_delivered_though_the_brokers_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "SILENCE", -1.0)
    connection = SimpleNamespace(consumer=lambda **_: Silent())
    client = GroupClient(cast(Connection, connection), "feeds", [ARTICLES])
    assert [each.offset for each in client.poll(0, 10)[(ARTICLES, 0)]] == [0]
    with pytest.raises(RetryAfter, match="do not answer"):
        client.poll(0, 10)


def test_a_commit_comes_back() -> None:
    assert unpack("w.articles", "id", 7, pack("id", Commit(7, "roster"))) == Commit(7, "roster")
    assert unpack("w.articles", "id", 7, pack("id", Commit(7))) == Commit(7)


def test_a_commit_made_with_another_tool_has_no_roster() -> None:
    assert unpack("w.articles", "id", 7, "") == Commit(7)


def test_a_commit_of_a_topic_that_was_deleted_is_refused() -> None:
    with pytest.raises(Red, match="made anew"):
        unpack("w.articles", "new", 7, pack("old", Commit(7, "roster")))
