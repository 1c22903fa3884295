"""A disk that is full: it is told, nothing that was acknowledged is lost, and all goes on when there is room."""

import json
from pathlib import Path

import pytest

from tests.servers.disk import small_disk
from tests.servers.kafka import Broker
from tests.servers.s3 import versitygw
from tests.system.newsroom import Newsroom, article, wait_for
from tests.system.test_s3_newsroom import LATEST, S3Newsroom, credentials

__all__ = ["credentials"]


def large(ident: str) -> str:
    """An event of some hundred kilobytes that do not compress."""
    noise = "".join(chr(0x4E00 + (n * n * 7919 + n) % 20000) for n in range(100_000))
    return json.dumps(article(ident, body_html=f"<p>{noise}</p>"))


@pytest.mark.chaos
def test_of_the_broker(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 96) as disk, Broker(disk.folder / "kafka") as broker:
        newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL=broker.url)
        newsroom.run("topics", "apply", "--partitions", "1")
        with newsroom.running("worker", "articles") as worker:
            newsroom.publish(article("before"))
            wait_for(lambda: newsroom.document("articles/daily/before.json"))
            disk.fill()
            assert "Unavailable: " in newsroom.run("publish", "-", text=large("refused"), expect=69)
            disk.empty()
            broker.stop()  # a broker whose only disk fails ends itself
            broker.start()
            newsroom.run("publish", "-", text=large("after"))
            wait_for(lambda: newsroom.document("articles/daily/after.json"))
            assert worker.poll() is None
        newsroom.run("replay", "articles", "--yes")
        newsroom.run("worker", "articles", "--drain")
        assert newsroom.document("articles/daily/before.json")


def test_of_the_s3_server(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk, versitygw(disk.folder / "s3") as server:
        newsroom = S3Newsroom(tmp_path, server)
        newsroom.publish(article("a"))
        with newsroom.running("worker", "feeds") as worker:
            wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
            disk.fill()
            newsroom.run("publish", "-", text=large("b"))
            wait_for(lambda: "trying again" in newsroom.output())
            assert newsroom.titles(LATEST) == ["a at 1"], "what is served stays whole"
            disk.empty()
            wait_for(lambda: newsroom.titles(LATEST) == ["b at 1", "a at 1"])
            assert worker.poll() is None
        print(newsroom.output())
