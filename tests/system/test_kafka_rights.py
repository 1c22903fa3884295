"""docs/kafka.md: its tables and examples, and its rights on a broker that refuses what no ACL allows."""

import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, KafkaAdminClient, ResourcePattern, ResourceType

from tests.servers.kafka import Broker
from tests.system.door import ingest
from tests.system.newsroom import Newsroom, article
from tests.system.project import ROOT
from wireroom.cli._roles import role_named
from wireroom.config import Settings, load
from wireroom.log.kafka.topics import PARTITIONS, REPLICAS, wanted
from wireroom.sink import installed_sinks

WIREROOM = Path(sys.executable).with_name("wireroom")
PAGE = (ROOT / "docs/kafka.md").read_text()
RIGHTS = re.findall(r"^\| (\w+) \| (topic|group) \| `([^`]+)` \| ([\w, ]+) \|$", PAGE, re.M)
WHO = sorted({who for who, *_ in RIGHTS})
EXAMPLES = ROOT / "schemas/examples/article_event"

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SECURED = f"""authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.plaintext.plain.sasl.jaas.config={PLAIN} username="admin" password="admin" user_admin="admin" \
{" ".join(f'user_{who}="{who}"' for who in WHO)};
"""


class SecuredBroker(Broker):
    """Only the controllers, and `admin`, may do what no ACL says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with (folder / "server.properties").open("a") as properties:
            properties.write(SECURED)


def security(who: str) -> dict[str, str]:
    return {
        "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN",
        "sasl_plain_username": who, "sasl_plain_password": who,
    }  # fmt: skip


def acls() -> Iterator[ACL]:
    """The table of the page, for every worker."""
    for (who, kind, name, operations), worker in product(RIGHTS, installed_sinks()):
        resource = ResourcePattern(ResourceType[kind.upper()], name.replace("{worker}", worker))
        for operation in operations.split(", "):
            named = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()
            yield ACL(f"User:{who}", "*", ACLOperation[named], ACLPermissionType.ALLOW, resource)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with SecuredBroker(tmp_path / "kafka") as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.url.removeprefix("kafka://"), **security("admin"))
        admin.create_acls(list(acls()))
        admin.close()
        yield broker


def environment(broker: Broker, who: str) -> dict[str, str]:
    secured = {"MECHANISM": "PLAIN", "USER": who, "PASSWORD": who}
    return {f"WIREROOM_LOG__SECURITY__{name}": value for name, value in secured.items()} | {
        "WIREROOM_LOG__URL": broker.url
    }


def wireroom(broker: Broker, who: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as one of the users, on a store of the test's."""
    told = environment(broker, who) | {"WIREROOM_NOTIFY__HUBS": '["https://hub.example/"]'}
    return subprocess.run(
        [WIREROOM, *words], env=os.environ | told, cwd=broker.data.parent.parent,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def push_everything(broker: Broker, folder: Path) -> None:
    """By the ingest, as a user of its own: events, an archive, and what a hook cannot map."""
    hooks = json.dumps([{"cms": "ninjs", "publication": "daily", "secret": "kept"}])
    newsroom = Newsroom(folder, WIREROOM_HOOKS=hooks, **environment(broker, "ingest"))
    with ingest(newsroom) as door:
        assert door.once(article("a"))[0] == 202
        assert door.once(article("b"), "/v1/events?backfill=true")[0] == 202
        body = b'{"type": "text"}'
        signature = f"sha256={hmac.digest(b'kept', body, 'sha256').hex()}"
        with closing(door.connect()) as connection:
            connection.request("POST", "/v1/hooks/ninjs/daily", body, {"X-Hub-Signature-256": signature})
            assert connection.getresponse().status == 422
    assert "hooks/ninjs/daily/" in wireroom(broker, "operator", "dead-letters", "list", "--json").stdout


def test_the_rights_of_the_page_are_enough(broker: Broker, tmp_path: Path) -> None:
    commands = [
        ("topics", "topics", "apply"),
        ("publisher", "publish", str(EXAMPLES)),
        ("worker", "worker", "feeds", "--drain"),
        ("notify", "worker", "notify", "--drain"),
        ("operator", "status", "--json"),
        (
            "operator",
            "withdraw",
            "harbour-post",
            "2026/ferry-returns",
            "--revision",
            "9",
            "--published-at",
            "2026-03-01T09:30:00Z",
        ),
        ("operator", "replay", "feeds", "--yes"),
        ("operator", "dead-letters", "list"),
    ]
    for who, *words in commands:
        done = wireroom(broker, who, *words)
        assert done.returncode == 0, f"{who}: {words}\n{done.stdout}\n{done.stderr}"
    push_everything(broker, tmp_path)


@pytest.mark.parametrize("words", [["worker", "feeds", "--drain"], ["topics", "apply"]])
def test_who_only_publishes_may_do_nothing_else(broker: Broker, words: list[str]) -> None:
    assert wireroom(broker, "topics", "topics", "apply").returncode == 0
    done = wireroom(broker, "publisher", *words)
    assert done.returncode != 0
    assert "refuses us" in done.stderr


@pytest.mark.parametrize(
    ("who", "name"), [("worker", "feeds"), *((who, who) for who in ("notify", "publisher", "ingest"))]
)
def test_doctor_asks_for_the_rights_of_the_page(who: str, name: str) -> None:
    told = {
        (kind, resource): {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each).upper() for each in operations.split(", ")}
        for each_who, kind, resource, operations in RIGHTS
        if each_who == who
    }
    needs = role_named(name, Settings())
    wants: dict[tuple[str, str], set[str]] = {
        ("topic", f"wireroom.{topic}"): set(operations) for topic, operations in needs.topics.items()
    }
    if needs.group:
        wants["group", f"wireroom.{needs.group}" if who != "worker" else "wireroom.{worker}"] = {"READ"}
    assert wants == told


def test_the_topics_of_the_page_are_those_that_are_made() -> None:
    rows = re.findall(r"^\| `(wireroom[\w.-]+)` \| ([^|]+) \| (for ever|7 days) \|", PAGE, re.M)
    topics = wanted("wireroom.", PARTITIONS, REPLICAS)
    kept = {"-1": "for ever", str(7 * 86_400_000): "7 days"}
    assert {name: keeps for name, _, keeps in rows} == {
        name: kept[topic.settings["retention.ms"]] for name, topic in topics.items()
    }
    counts = {name: int(many) for name, many, _ in rows if many.isdigit()}
    assert counts == {name: topics[name].partitions for name in counts}
    explained = set(re.findall(r"`([a-z.]+)`", PAGE))
    assert {setting for topic in topics.values() for setting in topic.settings} <= explained


@pytest.mark.parametrize("example", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S))
def test_every_example_of_settings_holds(tmp_path: Path, example: str) -> None:
    file = tmp_path / "wireroom.yaml"
    file.write_text(example)
    secret = {"WIREROOM_LOG__SECURITY__PASSWORD": "x"} if "user:" in example else {}
    assert load(file, secret).log.security.tls
