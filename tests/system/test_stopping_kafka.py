"""Who is told to end while the broker is away ends in order: nothing acknowledged is lost, and the next one goes on."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from tests.servers.kafka import Broker
from tests.system.door import Door, create, in_the_log
from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for

LATEST = "feeds/daily/latest.json"
SENT_AWAY = "waited for no longer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def newsroom(tmp_path: Path, server: Broker) -> Newsroom:
    newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL=server.url, WIREROOM_LOG__PREFIX=f"{tmp_path.name}.")
    newsroom.run("topics", "apply", "--partitions", "1")
    return newsroom


@contextmanager
def killed(broker: Broker) -> Iterator[None]:
    broker.kill()
    try:
        yield
    finally:
        broker.start()


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    broker.send(signal.SIGSTOP)
    try:
        yield
    finally:
        broker.send(signal.SIGCONT)


Away = Callable[[Broker], AbstractContextManager[None]]


@pytest.mark.parametrize("away", [killed, frozen])
def test_a_worker_with_work_in_hand(newsroom: Newsroom, server: Broker, away: Away) -> None:
    newsroom.environment["WIREROOM_FLUSH_INTERVAL"] = "600"
    now = datetime.now(UTC).isoformat()
    newsroom.publish(article("a", published_at=now))
    worker = newsroom.start("worker", "feeds")
    wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
    newsroom.publish(article("b", published_at=now), article("c", published_at=now))
    time.sleep(1)  # until it has them in hand, as a rule
    with away(server):
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0, newsroom.output()
    assert SENT_AWAY in newsroom.output()
    assert list(newsroom.folder.glob("data/store/editions/feeds/_marks/*/*")) == [], "nobody is suspected"
    newsroom.run("worker", "feeds", "--drain")
    assert newsroom.titles(LATEST) == ["c at 1", "b at 1", "a at 1"]


def test_notifications(newsroom: Newsroom, server: Broker) -> None:
    newsroom.environment["WIREROOM_NOTIFY__HUBS"] = '["https://hub.example/"]'
    notify = newsroom.start("worker", "notify")
    wait_for((newsroom.folder / "data/store/editions/notify/health.json").exists)
    with frozen(server):
        notify.send_signal(signal.SIGTERM)
        assert notify.wait(PATIENCE) == 0, newsroom.output()
    assert SENT_AWAY in newsroom.output()


def test_an_ingest_says_of_nothing_that_it_took_it(newsroom: Newsroom, server: Broker) -> None:
    key = create(newsroom)
    process = newsroom.start("ingest", "--port", "0")
    door = Door(newsroom, wait_for(newsroom.address), key)
    answers = [door.once(article("a"))[0]]
    with killed(server):
        asking = Thread(target=lambda: answers.append(door.once(article("b"))[0]))
        asking.start()
        time.sleep(1)  # until it waits for the broker, as a rule
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert process.wait(PATIENCE) == 0, newsroom.output()
    assert answers == [202, 503]
    assert "the log cannot be written" in newsroom.output()
    assert "a-1" in in_the_log(newsroom)


def test_a_command_tells_only_what_was_published(newsroom: Newsroom, server: Broker) -> None:
    lines = "\n".join(json.dumps(article(f"n{k}")) for k in range(10))
    (newsroom.folder / "events.ndjson").write_text(lines)
    with frozen(server):
        publish = newsroom.start("publish", "events.ndjson")
        time.sleep(2)
        publish.send_signal(signal.SIGINT)
        publish.wait(PATIENCE)
    assert "published 0 events" in newsroom.output()
