"""Our own WebSub hub in parts, on Kafka and S3: subscribe, deliver, die, go on, unsubscribe."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers import free_port
from tests.servers.kafka import Broker
from tests.servers.s3 import CREDENTIALS, good
from tests.servers.scripted import reply
from tests.system.newsroom import PATIENCE, article, wait_for
from tests.system.test_s3_newsroom import S3Newsroom
from tests.system.test_websub import CONFIGURATION, ask, has, partner
from tests.unit.notify.websub.newsroom import Callback

__all__ = ["partner"]
KEY = "feeds/daily/latest.rss"
SESSION = 30  # seconds after which Kafka gives away what a member had that says nothing
TOPIC = f"http://127.0.0.1:8080/{KEY}"


@pytest.fixture
def newsroom(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Newsroom]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "wireroom.yaml").write_text(CONFIGURATION)
    with good(tmp_path / "s3") as server:
        newsroom = S3Newsroom(tmp_path, server)
        newsroom.environment |= {"WIREROOM_LOG__URL": broker.url, "WIREROOM_LOG__PREFIX": f"{uuid4().hex}."}
        newsroom.run("topics", "apply", "--partitions", "3")
        with newsroom.running("worker", "feeds"):
            newsroom.publish(article("a", title="The first"))
            wait_for(lambda: newsroom.document(KEY))
            yield newsroom


@contextmanager
def hub(newsroom: S3Newsroom) -> Iterator[str]:
    """A hub; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/hub"
    with newsroom.running("hub", "--port", str(port)):
        wait_for(lambda: address in newsroom.output())
        yield address


def kept(newsroom: S3Newsroom) -> bytes:
    """Every subscription, as it lies in the store."""
    found = (newsroom.store.get(key) for key in newsroom.store.keys("editions/_websub/"))
    return b"".join(stored.body for stored in found if stored)


def test_subscribe_deliver_restart_and_unsubscribe(newsroom: S3Newsroom, partner: Callback) -> None:
    with hub(newsroom) as address, Callback() as away:
        for callback in (partner.url, away.url):
            assert ask(address, mode="subscribe", topic=TOPIC, callback=callback, secret="hemmelig") == 202
        wait_for(lambda: kept(newsroom).count(b'"callback"') == 2)
        killed = newsroom.start("worker", "notify")
        wait_for(lambda: has(partner, "The first") and has(away, "The first"))
        away.taken = reply(503)
        newsroom.publish(article("b", title="The second"))
        wait_for(lambda: has(partner, "The second") and has(away, "The second"))
        assert partner.brought[-1].body.decode() == newsroom.document(KEY)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        newsroom.publish(article("c", title="The third"))
        wait_for(lambda: "The third" in newsroom.document(KEY))
        away.taken = reply(204)
        assert not has(partner, "The third")
        with newsroom.running("worker", "notify"):
            wait_for(lambda: has(partner, "The third") and has(away, "The third"), SESSION + PATIENCE)
    with hub(newsroom) as address, newsroom.running("worker", "notify"):  # both anew: nothing is forgotten
        assert "hub: well; 2 subscriptions of 1 hosts, 0 failing" in newsroom.run("status")
        assert ask(address, mode="unsubscribe", topic=TOPIC, callback=partner.url) == 202
        wait_for(lambda: partner.url.encode() not in kept(newsroom))
        with Callback() as other:
            assert ask(address, mode="subscribe", topic=TOPIC, callback=other.url) == 202
            wait_for(lambda: has(other, "The third"))
            newsroom.publish(article("d", title="The fourth"))
            wait_for(lambda: has(other, "The fourth"))
    assert not has(partner, "The fourth")
    assert "hemmelig" not in newsroom.output()


def test_of_two_that_deliver_one_takes_over(newsroom: S3Newsroom, partner: Callback) -> None:
    workers = [newsroom.start("worker", "notify") for _ in range(2)]
    try:
        with hub(newsroom) as address:
            assert ask(address, mode="subscribe", topic=TOPIC, callback=partner.url) == 202
            wait_for(lambda: has(partner, "The first"))
        for number, worker in enumerate(workers):
            newsroom.publish(article(f"before-{number}", title=f"Before {number}"))
            wait_for(partial(has, partner, f"Before {number}"))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    sizes = [request.body.count(b"<item>") for request in partner.brought]
    assert sizes == sorted(sizes)
