"""The only broker is away for long: workers stay, ask little, and catch up by themselves."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest

from tests.servers.kafka import Broker
from tests.servers.meddling import forwarded
from tests.servers.s3 import versitygw
from tests.servers.scripted import Request, Scripted
from tests.system.newsroom import article, wait_for
from tests.system.test_s3_newsroom import LATEST, S3Newsroom, credentials

__all__ = ["credentials"]
REQUESTS, CONNECTIONS = 2, 5  # a second, at most: of S3, and to brokers by the clients of a worker
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def vacant(port: int) -> Iterator[list[float]]:
    """Nobody serves there: connections are closed at once; when each came."""
    came: list[float] = []
    listener = create_server(("127.0.0.1", port), backlog=128)

    def hang_up() -> None:
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return
            came.append(time.monotonic())

    thread = Thread(target=hang_up)
    thread.start()
    try:
        yield came
    finally:
        listener.shutdown(2)
        listener.close()
        thread.join()


def busy(pid: int) -> float:
    """Seconds of processor that a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [35, pytest.param(300, marks=pytest.mark.chaos)])
def test_a_broker_that_is_away_for_long(tmp_path: Path, seconds: int) -> None:
    with versitygw(tmp_path / "s3") as server, Broker(tmp_path / "kafka") as broker:

        def forward(request: Request) -> bytes:
            return forwarded(request, server.port)

        with Scripted(forward) as counted:
            newsroom = S3Newsroom(tmp_path, server, counted.port)
            newsroom.environment["WIREROOM_LOG__URL"] = broker.url
            newsroom.run("topics", "apply", "--partitions", "1")
            newsroom.publish(article("a"))
            with newsroom.running("worker", "feeds") as worker:
                wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
                newsroom.publish(article("b"))
                broker.kill()
                asked, worked = len(counted.requests), busy(worker.pid)
                with vacant(broker.port) as came:
                    time.sleep(seconds)
                    asked, worked = len(counted.requests) - asked, busy(worker.pid) - worked
                print(f"{seconds} s: {len(came)} connections, {asked} requests of S3, {worked:.1f} s of processor")
                assert worker.poll() is None
                assert asked <= REQUESTS * seconds
                assert 0 < len(came) <= CONNECTIONS * seconds
                broker.start()
                newsroom.publish(article("c"))
                wait_for(lambda: newsroom.titles(LATEST) == ["c at 1", "b at 1", "a at 1"])
