"""The same commands on Kafka as on the embedded log: processes, and a real broker."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers.kafka import Broker
from tests.system.newsroom import Newsroom, article, wait_for, withdrawal
from wireroom.connect import open_log
from wireroom.log import ARTICLES, Message

WORKERS = ("feeds", "sitemaps", "articles")


@pytest.fixture
def newsroom(broker: Broker, tmp_path: Path) -> Newsroom:
    (tmp_path / "kafka").mkdir()
    newsroom = Newsroom(tmp_path / "kafka", WIREROOM_LOG__URL=broker.url, WIREROOM_LOG__PREFIX=f"{uuid4().hex}.")
    newsroom.run("topics", "apply", "--partitions", "3")
    return newsroom


def story(newsroom: Newsroom) -> None:
    """Publications in several partitions, an archive, a correction, withdrawals at once and later."""
    for publication in ("daily", "weekly", "evening"):
        newsroom.publish(*(article(f"{publication}-{n}", publication=publication) for n in range(5)))
    newsroom.publish(*(article(f"old-{n}", published_at="2020-02-03T04:05:06Z") for n in range(20)), backfill=True)
    newsroom.publish(article("daily-1", 2, title="Corrected"), withdrawal("daily-2", 2))
    for worker in WORKERS:
        newsroom.run("worker", worker, "--drain")
    newsroom.publish(withdrawal("daily-3", 2))
    for worker in WORKERS:
        newsroom.run("worker", worker, "--drain")


def test_documents_are_the_same_as_from_the_embedded_log(newsroom: Newsroom, tmp_path: Path) -> None:
    embedded = Newsroom(tmp_path)
    story(newsroom)
    story(embedded)
    assert newsroom.documents() == embedded.documents()
    assert "Corrected" in newsroom.titles("feeds/daily/latest.json")
    for place in [place for each in json.loads(newsroom.run("status", "--json")) for place in each["partitions"]]:
        assert place["lag"] == 0
    newsroom.run("withdraw", "daily", "daily-4")
    newsroom.run("worker", "articles", "--drain")
    assert '"canceled"' in newsroom.document("articles/daily/daily-4.json")


def test_two_workers_share_the_work_and_one_takes_over(newsroom: Newsroom) -> None:
    with newsroom.running("worker", "articles"):
        dying = newsroom.start("worker", "articles")
        publications = [f"paper-{n}" for n in range(6)]
        newsroom.publish(*(article("first", publication=name) for name in publications))
        wait_for(lambda: all(newsroom.document(f"articles/{name}/first.json") for name in publications))
        dying.send_signal(signal.SIGTERM)
        assert dying.wait(30) == 0
        newsroom.publish(*(article("second", publication=name) for name in publications))
        wait_for(lambda: all(newsroom.document(f"articles/{name}/second.json") for name in publications))


def test_a_schema_from_the_future_stops_its_partition(newsroom: Newsroom) -> None:
    newsroom.publish(article("one"))
    log = open_log(newsroom.environment["WIREROOM_LOG__URL"], newsroom.environment["WIREROOM_LOG__PREFIX"])
    log.append(ARTICLES, [Message("daily", b"\xc3\x01" + bytes(8) + b"from the future")])
    log.close()
    assert "no schema with the fingerprint" in newsroom.run("worker", "articles", "--drain", expect=1)
    assert newsroom.document("articles/daily/one.json")


def test_a_topic_that_is_missing_stops_a_worker(broker: Broker, tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL=broker.url, WIREROOM_LOG__PREFIX="nobody.")
    for command in (["worker", "feeds", "--drain"], ["status"]):
        assert "To mend it: wireroom topics apply" in newsroom.run(*command, expect=1)


BREAKING = """
import time
from kafka.net.selector import NetworkSelector
from wireroom.cli import main

turn, begin = NetworkSelector._poll_once, time.monotonic()

def broken(self, *timeout, **options):
    if time.monotonic() > begin + 6:
        raise OSError("the selector broke")
    return turn(self, *timeout, **options)

NetworkSelector._poll_once = broken
main()
"""


def test_a_worker_ends_when_the_thread_that_talks_to_brokers_dies(newsroom: Newsroom) -> None:
    """It would try again for ever: to the caller a broken selector looks like brokers that are away."""
    command = [sys.executable, "-c", BREAKING, "worker", "feeds"]
    done = subprocess.run(
        command, cwd=newsroom.folder, env=newsroom.environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 70
    assert "the selector broke" in done.stderr


def test_brokers_that_are_away_are_told(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL="kafka://127.0.0.1:1")
    assert "Unavailable" in newsroom.run("status", expect=69)
