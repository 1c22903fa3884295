"""`wireroom topics` on a real broker."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.contract.brokered import brokers
from tests.servers.kafka import Broker
from wireroom.cli._outcome import run
from wireroom.cli._program import program
from wireroom.log.kafka.admin import Admin
from wireroom.log.kafka.library import Connection

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def prefix(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> str:
    prefix = f"{uuid4().hex}."
    monkeypatch.setenv("WIREROOM_LOG__URL", broker.url)
    monkeypatch.setenv("WIREROOM_LOG__PREFIX", prefix)
    return prefix


@pytest.fixture
def topics(prefix: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def topics(*arguments: str) -> tuple[int, str]:
        return run(program, ["topics", *arguments]), capsys.readouterr().out

    return topics


def test_topics_are_planned_made_and_mended(broker: Broker, prefix: str, topics: Run) -> None:
    code, planned = topics("plan", "--partitions", "2")
    assert (code, planned.count("\n"), planned.startswith(f"+ {prefix}articles: 2 partitions")) == (1, 4, True)
    assert topics("apply", "--partitions", "2") == (0, planned)
    assert topics("plan") == (0, "The topics are as they must be.\n")

    admin = Admin(Connection(brokers(broker), {}))
    admin.change(f"{prefix}articles", {"cleanup.policy": "compact", "retention.ms": "1000000"})
    mending = f"~ {prefix}articles: cleanup.policy compact -> delete\n~ {prefix}articles: retention.ms 1000000 -> -1\n"
    assert topics("plan") == (1, mending)
    assert topics("apply") == (0, mending)
    assert admin.settings([f"{prefix}articles"])[f"{prefix}articles"]["retention.ms"] == "-1"

    grown = topics("apply", "--partitions", "3")[1]
    assert grown.count("partitions 2 -> 3") == 3
    assert {name: each.partitions for name, each in admin.topics([f"{prefix}articles.backfill"]).items()} == {
        f"{prefix}articles.backfill": 3
    }
    assert topics("plan", "--partitions", "1") == (0, "The topics are as they must be.\n")
    admin.close()


def test_what_is_left_to_a_person_is_told(prefix: str, topics: Run) -> None:
    topics("apply", "--partitions", "1")
    code, told = topics("apply", "--replicas", "2")
    assert code == 1
    assert told.count("replicas 1, not 2") == 4
    assert "min.insync.replicas" not in told


def test_only_kafka_has_topics(topics: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREROOM_LOG__URL", "sqlite:///x.db")
    assert topics("plan")[0] == 78
