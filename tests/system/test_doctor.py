"""`wireroom doctor`, and what else is told, on real servers that are well, away or forbid something."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)

from tests.contract.brokered import brokers
from tests.servers.kafka import PASSWORD, Broker, GuardedBroker
from tests.servers.s3 import BUCKET, CREDENTIALS, S3Server, good
from tests.system.newsroom import Newsroom, article, wait_for

KINDS = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
Checks = Mapping[str, Mapping[str, str]]


def examined(newsroom: Newsroom, expect: int) -> Checks:
    return {each["what"]: each for each in json.loads(newsroom.run("doctor", "--json", expect=expect))}


def unwell(checks: Checks) -> set[str]:
    return {name for name, each in checks.items() if each["state"] != "well"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with good(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBroker]:
    with GuardedBroker(tmp_path_factory.mktemp("guarded"), "worker", "publisher", "stranger") as broker:
        yield broker


def test_the_embedded_default(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    newsroom.publish(article("a"))
    newsroom.run("up", "--drain")
    checks = examined(newsroom, 0)
    assert (unwell(checks), checks["worker feeds"]["told"]) == (set(), "stopped, lag 0")
    assert "article_event" in checks["schemas"]["told"]


@pytest.fixture
def distributed(broker: Broker, server: S3Server, tmp_path: Path) -> Newsroom:
    settings = {"LOG__URL": broker.url, "LOG__PREFIX": f"{uuid4().hex}.", "STORE__URL": server.url()}
    return Newsroom(tmp_path, **CREDENTIALS, **{f"WIREROOM_{name}": value for name, value in settings.items()})


def test_kafka_and_s3(distributed: Newsroom) -> None:
    prefix = distributed.environment["WIREROOM_LOG__PREFIX"]
    checks = examined(distributed, 1)
    assert {f"topic {prefix}articles", f"topic {prefix}documents", "log"} <= unwell(checks)
    assert checks[f"topic {prefix}articles"]["remedy"] == "wireroom topics apply"

    distributed.run("topics", "apply", "--partitions", "2")
    distributed.publish(article("a"))
    checks = examined(distributed, 0)
    assert (unwell(checks), checks["brokers"]["told"][:8]) == (set(), "1, Kafka")
    assert checks[f"topic {prefix}articles"]["told"] == "2 partitions, 1 replicas, as it must be"
    assert checks["codecs"]["told"].startswith("crc32c, gzip, lz4")
    assert checks[f"group {prefix}feeds"]["told"] == "nobody has joined it yet"
    with distributed.running("worker", "feeds"):
        wait_for(lambda: distributed.run("status").count("green"))
        checks = examined(distributed, 0)
        assert checks["worker feeds"]["told"].startswith("green")
        assert "1 members" in checks[f"group {prefix}feeds"]["told"]


def test_a_broker_that_is_away_hides_no_fault_of_the_store(distributed: Newsroom) -> None:
    distributed.environment["WIREROOM_LOG__URL"] = "kafka://127.0.0.1:1"
    url = distributed.environment["WIREROOM_STORE__URL"]
    distributed.environment["WIREROOM_STORE__URL"] = url.replace(BUCKET, "nowhere")
    checks = examined(distributed, 69)
    assert (unwell(checks), checks["brokers"]["state"]) == ({"brokers", "store"}, "away")
    assert "log.url" in checks["brokers"]["remedy"]
    assert (checks["store"]["state"], "create the bucket" in checks["store"]["remedy"]) == ("wrong", True)


def test_a_bucket_that_is_missing(tmp_path: Path, server: S3Server) -> None:
    url = server.url().replace(BUCKET, "nowhere")
    newsroom = Newsroom(tmp_path, **CREDENTIALS, WIREROOM_STORE__URL=url)
    newsroom.publish(article("a"))
    checks = examined(newsroom, 1)
    assert (unwell(checks), "create the bucket" in checks["store"]["remedy"]) == ({"store"}, True)


# -- rights ----------------------------------------------------------------------------------------------------------


def grant(broker: Broker, user: str, *rights: tuple[str, str, Sequence[str]]) -> None:
    """Kind and name of a resource, and operations as they stand in the documents."""
    admin = KafkaAdminClient(bootstrap_servers=brokers(broker))
    for kind, name, operations in rights:
        resource = ResourcePattern(KINDS[kind], name)
        allow = ACLPermissionType.ALLOW
        acls = [ACL(f"User:{user}", "*", ACLOperation[each], allow, resource) for each in operations]
        assert not admin.create_acls(acls)["failed"]
    admin.close()


def newsroom_of(user: str, broker: GuardedBroker, folder: Path, prefix: str) -> Newsroom:
    """Its log is behind the door where it is asked who it is."""
    folder.mkdir()
    security = {"MECHANISM": "SCRAM-SHA-256", "USER": user, "PASSWORD": PASSWORD}
    settings = {"URL": broker.guarded_url, "PREFIX": prefix}
    settings |= {f"SECURITY__{name}": value for name, value in security.items()}
    return Newsroom(folder, **{f"WIREROOM_LOG__{name}": value for name, value in settings.items()})


def test_what_may_not_be_done_is_told_with_what_to_grant(guarded: GuardedBroker, tmp_path: Path) -> None:
    prefix = f"{uuid4().hex}."
    articles = f"{prefix}articles"
    everybody = Newsroom(tmp_path, WIREROOM_LOG__URL=guarded.url, WIREROOM_LOG__PREFIX=prefix)
    everybody.run("topics", "apply", "--partitions", "1")

    publisher = newsroom_of("publisher", guarded, tmp_path / "publisher", prefix)
    story = json.dumps(article("a"))
    assert f"grant Describe on the topic {articles}" in publisher.run("publish", "-", text=story, expect=1)
    grant(guarded, "publisher", ("topic", articles, ["WRITE"]))
    publisher.run("publish", "-", text=story)

    worker = newsroom_of("worker", guarded, tmp_path / "worker", prefix)
    checks = examined(worker, 1)
    assert {f"topic {articles}", f"group {prefix}feeds"} <= unwell(checks)
    assert f"grant Describe on the topic {articles}" in checks[f"topic {articles}"]["remedy"]
    reads = [("topic", f"{prefix}{topic}", ["READ"]) for topic in ("articles", "articles.backfill")]
    writes = [("topic", f"{prefix}{topic}", ["WRITE"]) for topic in ("documents", "dead-letters")]
    groups = [("group", f"{prefix}{group}", ["READ"]) for group in ("feeds", "sitemaps", "articles")]
    grant(guarded, "worker", *reads, *writes, *groups)
    checks = examined(worker, 1)
    assert unwell(checks) == {f"rights: {name}" for _, name, _ in reads}
    lacking = f"grant DescribeConfigs on the topic {articles}"
    assert lacking in checks[f"rights: {articles}"]["remedy"]
    for command in (["worker", "feeds", "--drain"], ["topics", "apply"]):
        assert lacking in worker.run(*command, expect=1)

    grant(guarded, "worker", *((kind, name, ["DESCRIBE_CONFIGS"]) for kind, name, _ in reads))
    worker.run("worker", "feeds", "--drain")
    checks = examined(worker, 0)
    assert checks[f"rights: {prefix}documents"]["told"] == "Write"
    assert checks[f"group {prefix}feeds"]["told"] == "Empty, 0 members; Read"
