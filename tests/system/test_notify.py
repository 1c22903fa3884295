"""Webhooks as a partner sees them: workers die, stand by and take over, on the embedded log and on Kafka."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers.kafka import Broker
from tests.servers.scripted import Request, Scripted, reply
from tests.system.newsroom import Newsroom, article, wait_for, withdrawal
from tests.unit.notify.desk import article_document, changed
from wireroom.clock import SystemClock
from wireroom.codec import encode_change
from wireroom.connect import open_log
from wireroom.log import DOCUMENTS
from wireroom.store import STATE
from wireroom.store.directory import DirectoryStore

CANARY = "CANARY-CANARY-CANARY-CANARY"
CONFIGURATION = """
publications:
  - {{id: daily, name: Daily, language: en, url: "https://daily.example/"}}
notify:
  allow: [127.0.0.0/8]
  webhooks:
    - {{id: partner, url: "http://127.0.0.1:{port}/{canary}", publications: [daily], secret: {canary}}}
    - {{id: dead, url: "http://127.0.0.1:1024/", publications: [daily], secret: {canary}}}
"""


class Partner:
    """A webhook's receiver, and the newsroom that tells it."""

    def __init__(self, newsroom: Newsroom, server: Scripted) -> None:
        self.newsroom = newsroom
        self.server = server
        text = CONFIGURATION.format(port=server.port, canary=CANARY)
        (newsroom.folder / "wireroom.yaml").write_text(text)

    def publish(self, *idents: str) -> None:
        """Documents of articles, each announced, as the worker of articles leaves them."""
        keys = [f"articles/daily/{ident}.json" for ident in idents]
        store = DirectoryStore(self.newsroom.folder / "data/store")
        for key in keys:
            store.put(key, article_document(1), None, STATE)
        with closing(open_log(self.url, self.newsroom.environment.get("WIREROOM_LOG__PREFIX", "wireroom."))) as log:
            log.append(DOCUMENTS, [encode_change(changed(key, 1, SystemClock().now())) for key in keys])

    @property
    def url(self) -> str:
        embedded = f"sqlite:///{self.newsroom.folder}/data/wireroom.db"
        return self.newsroom.environment.get("WIREROOM_LOG__URL", embedded)

    @property
    def told(self) -> dict[int, str]:
        """Sequence numbers, each with what it was about: one number never means two things."""
        found: dict[int, str] = {}
        for request in list(self.server.requests):
            data = json.loads(request.body)["data"]
            about = f"{data['key']} {data['generation']}"
            assert found.setdefault(data["sequence"], about) == about
            assert request.headers["webhook-id"] == f"partner-{data['epoch']}-{data['sequence']}"
        return found

    def heard_of(self, *idents: str) -> bool:
        keys = {about.partition(" ")[0] for about in self.told.values()}
        return keys >= {f"articles/daily/{ident}.json" for ident in idents}

    def check(self) -> None:
        """No number is missing, and nothing secret was said."""
        assert sorted(self.told) == list(range(1, len(self.told) + 1))
        assert CANARY not in self.newsroom.output()


@pytest.fixture
def receiver() -> Iterator[Scripted]:
    with Scripted(reply(204)) as server:
        yield server


@pytest.fixture
def partner(receiver: Scripted, tmp_path: Path) -> Partner:
    partner = Partner(Newsroom(tmp_path), receiver)
    partner.newsroom.run("worker", "notify", "--drain")  # who is new is told what comes from now on
    return partner


def killing(process: Callable[[], subprocess.Popen[bytes]], at: int) -> Callable[[Request], bytes]:
    """The worker is killed while it waits for the answer to its request of this number."""
    count = iter(range(1, 1_000_000))

    def answer(request: Request) -> bytes:
        if next(count) == at:
            process().kill()
        return reply(204)

    return answer


def test_killed_between_delivery_and_state(partner: Partner) -> None:
    idents = [f"a{number}" for number in range(8)]
    partner.publish(*idents)
    workers: list[subprocess.Popen[bytes]] = []
    partner.server.answer = killing(lambda: workers[-1], 4)
    workers.append(partner.newsroom.start("worker", "notify"))
    assert workers[0].wait(30) == -signal.SIGKILL
    partner.newsroom.run("worker", "notify", "--drain")
    assert partner.heard_of(*idents)
    assert len(partner.server.requests) > len(partner.told)
    partner.check()


def test_one_works_and_another_takes_over(partner: Partner) -> None:
    with partner.newsroom.running("worker", "notify"):
        dying = partner.newsroom.start("worker", "notify")
        partner.publish("a", "b")
        wait_for(lambda: partner.heard_of("a", "b"))
        dying.send_signal(signal.SIGTERM)
        assert dying.wait(30) == 0
        partner.publish("c")
        wait_for(lambda: partner.heard_of("a", "b", "c"))
    partner.check()
    notify = next(one for one in json.loads(partner.newsroom.run("status", "--json")) if one["worker"] == "notify")
    states = {one["id"]: one["state"] for one in notify["subscribers"]}
    assert states["webhooks/partner"] == "well"
    assert states["webhooks/dead"] in ("retrying", "open")


def test_all_in_one_process_and_a_withdrawal(partner: Partner) -> None:
    with partner.newsroom.up():
        partner.newsroom.publish(article("a"))
        wait_for(lambda: partner.heard_of("a"))
        partner.newsroom.publish(withdrawal("a", 2))
        wait_for(lambda: b"document.withdrawn" in partner.server.requests[-1].body)
    partner.check()


def test_on_kafka_two_workers_share_and_one_goes_on(broker: Broker, receiver: Scripted, tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL=broker.url, WIREROOM_LOG__PREFIX=f"{uuid4().hex}.")
    newsroom.run("topics", "apply", "--partitions", "3")
    partner = Partner(newsroom, receiver)
    newsroom.run("worker", "notify", "--drain")
    workers = [newsroom.start("worker", "notify") for _ in range(2)]
    partner.publish("a", "b", "c")
    wait_for(lambda: partner.heard_of("a", "b", "c"))
    workers[0].terminate()  # killed, its lease would have to run out first: 30 seconds
    assert workers[0].wait(30) == 0
    partner.publish("d", "e", "f")
    try:
        wait_for(lambda: partner.heard_of("a", "b", "c", "d", "e", "f"))
    finally:
        for worker in workers[1:]:
            worker.terminate()
            worker.wait(30)
    partner.check()
