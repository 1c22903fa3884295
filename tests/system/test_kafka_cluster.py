"""Three brokers, of which one is killed under load, then two: nothing that was acknowledged is lost."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.servers.kafka_cluster import SIZE, Cluster
from tests.system.newsroom import Newsroom, article, wait_for
from wireroom.connect import open_log
from wireroom.errors import RetryAfter
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES
from wireroom.publisher import Publisher

PREFIX = "wireroom."
PAUSE = 0.02  # seconds between two events


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "kafka") as cluster:
        yield cluster


class Desk:
    """Publishes without end, in a thread; what was refused is not sent again."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self.slowest = 0.0  # seconds that one took, told at the end
        self._url = url
        self._over = Event()
        self._thread = Thread(target=self._work)

    def __enter__(self) -> "Desk":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        number = 0
        with closing(open_log(self._url)) as log, Publisher(log) as publisher:
            while not self._over.wait(PAUSE):
                number += 1
                begin = time.monotonic()
                try:
                    publisher.publish(ArticleEvent.parse(article(f"n{number}")))
                    self.acknowledged.append(f"n{number}")
                except RetryAfter:
                    self.refused += 1
                self.slowest = max(self.slowest, time.monotonic() - begin)

    def goes_on(self) -> None:
        """Wait until ten more were acknowledged."""
        before = len(self.acknowledged)
        wait_for(lambda: len(self.acknowledged) >= before + 10)


@pytest.mark.chaos
def test_one_of_three_brokers_dies_and_then_two(cluster: Cluster, tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_LOG__URL=cluster.url)
    newsroom.run("topics", "apply", "--partitions", "1")

    def shown() -> bool:
        return all(newsroom.document(f"articles/daily/{name}.json") for name in list(desk.acknowledged))

    with newsroom.running("worker", "articles") as worker, Desk(cluster.url) as desk:
        desk.goes_on()
        leader = cluster.leaders(PREFIX + ARTICLES)[0]
        leader.kill()
        desk.goes_on()
        wait_for(shown)
        assert cluster.leaders(PREFIX + ARTICLES) != [leader]

        leader.start()
        wait_for(lambda: len(cluster.registered()) == SIZE)
        desk.goes_on()

        before = desk.refused
        dead = [node for node in cluster.nodes if node is not leader]
        for node in dead:
            node.kill()
        wait_for(lambda: desk.refused > before)
        cluster.start(*dead)
        desk.goes_on()
        wait_for(shown)
        assert worker.poll() is None
    print(f"{len(desk.acknowledged)} acknowledged, {desk.refused} refused, the slowest took {desk.slowest:.1f} s")
