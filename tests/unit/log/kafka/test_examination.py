from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wireroom.check import AWAY, WELL, WRONG, Check
from wireroom.cli._roles import FEEDING
from wireroom.errors import Red, RetryAfter
from wireroom.log.kafka.admin import Admin, Broker, Group
from wireroom.log.kafka.examination import Examination, told_codecs
from wireroom.log.kafka.topics import wanted

WORKER = frozenset({"READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"})
ARTICLES, DOCUMENTS = "w.articles", "w.documents"


class Brokers:
    """Answers as `Admin` does: two brokers, all as it must be; tests change what they are about."""

    def __init__(self) -> None:
        self.cluster = [Broker(1, False), Broker(2, False)]
        self.versions: dict[int, tuple[int, ...]] = {1: (4, 1), 2: (4, 1)}
        self.there = wanted("w.", 6, 2)
        self.allowed: dict[str, frozenset[str]] = {}
        self.groups = {"w.feeds": Group("Stable", 2, frozenset({"READ", "DESCRIBE"}))}

    def brokers(self) -> Sequence[Broker]:
        return self.cluster

    def version(self, broker: int) -> tuple[int, ...]:
        return self.versions[broker]

    def topics(self, names: Sequence[str]) -> dict[str, Any]:
        return {name: self._told(name) for name in names if name in self.there}

    def _told(self, name: str) -> SimpleNamespace:
        partitions, replicas, _ = self.there[name]
        return SimpleNamespace(partitions=partitions, replicas=replicas, allowed=self.allowed.get(name, WORKER))

    def settings(self, names: Sequence[str]) -> dict[str, Any]:
        return {name: self.there[name].settings for name in names}

    def group(self, name: str) -> Group:
        return self.groups[name]


def checks(brokers: Brokers) -> dict[str, Check]:
    return {each.what: each for each in Examination(cast(Admin, brokers), "w.").checks(["feeds"], FEEDING)}


def unwell(brokers: Brokers) -> dict[str, Check]:
    return {name: each for name, each in checks(brokers).items() if each.state != WELL}


def test_all_as_it_must_be() -> None:
    found = checks(Brokers())
    assert unwell(Brokers()) == {}
    assert found["brokers"].told == "2, Kafka 4.1 or later"
    assert found[f"topic {DOCUMENTS}"].told == "6 partitions, 2 replicas, as it must be"
    assert found["group w.feeds"].told == "Stable, 2 members; Read"


def test_when_no_broker_answers_nothing_else_is_asked() -> None:
    class Away(Brokers):
        def brokers(self) -> Sequence[Broker]:
            raise RetryAfter("nobody answers")

    (found,) = checks(Away()).values()
    assert (found.what, found.state, "log.url" in found.remedy) == ("brokers", AWAY, True)


def test_brokers_that_are_away_or_old() -> None:
    brokers = Brokers()
    brokers.cluster[1] = Broker(2, True)
    assert "away: [2]" in unwell(brokers)["brokers"].told
    brokers = Brokers()
    brokers.versions[2] = (2, 8)
    assert "3.0 or later" in unwell(brokers)["brokers"].remedy


def test_a_topic_that_is_missing_or_not_as_it_must_be() -> None:
    brokers = Brokers()
    del brokers.there[DOCUMENTS]
    topic = brokers.there[ARTICLES]
    brokers.there[ARTICLES] = topic._replace(settings={**topic.settings, "retention.ms": "1"})
    found = unwell(brokers)
    assert found.keys() == {f"topic {ARTICLES}", f"topic {DOCUMENTS}"}
    assert found[f"topic {ARTICLES}"].told == f"~ {ARTICLES}: retention.ms 1 -> -1"
    assert {each.remedy for each in found.values()} == {"wireroom topics apply"}


def test_what_the_command_cannot_do_is_left_to_a_person() -> None:
    brokers = Brokers()
    brokers.there[ARTICLES] = brokers.there[ARTICLES]._replace(replicas=1)
    assert unwell(brokers)[f"topic {ARTICLES}"].remedy == "by hand, as it says"


def test_rights_that_a_worker_lacks_and_those_that_none_needs() -> None:
    brokers = Brokers()
    brokers.allowed = {ARTICLES: frozenset({"READ", "DESCRIBE"}), DOCUMENTS: WORKER | {"DELETE"}}
    brokers.groups["w.feeds"] = Group("Empty", 0, frozenset({"DESCRIBE"}))
    found = checks(brokers)
    assert (found[f"rights: {ARTICLES}"].told, found[f"rights: {ARTICLES}"].state) == ("we lack DescribeConfigs", WRONG)
    assert found[f"rights: {ARTICLES}"].remedy == f"grant DescribeConfigs on the topic {ARTICLES}"
    assert found[f"rights: {DOCUMENTS}"].told == "Write; not needed: Delete, DescribeConfigs, Read"
    assert found["group w.feeds"].remedy == "grant Read on the group w.feeds"


@pytest.mark.parametrize("hidden", [ARTICLES, DOCUMENTS])
def test_a_topic_that_we_may_not_see_hides_no_other(hidden: str) -> None:
    class Hiding(Brokers):
        def topics(self, names: Sequence[str]) -> dict[str, Any]:
            if hidden in names:
                raise Red("refused", "grant it")
            return super().topics(names)

    assert unwell(Hiding()).keys() == {f"topic {hidden}"}
    assert f"rights: {hidden}" not in checks(Hiding())


def test_settings_that_a_worker_need_not_see() -> None:
    brokers = Brokers()
    brokers.allowed = {DOCUMENTS: frozenset({"WRITE", "DESCRIBE"})}
    assert unwell(brokers) == {}
    assert "not ours to see" in checks(brokers)[f"topic {DOCUMENTS}"].told


def test_codecs() -> None:
    assert told_codecs({"gzip": True, "zstd": True}) == "crc32c, gzip, zstd"
    assert told_codecs({"lz4": True, "snappy": False}) == "crc32c, lz4; producers must not use snappy"
