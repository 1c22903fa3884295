"""A worker whose clock jumps by hours decides nothing more, red, with the reason; another takes over."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers.kafka import Broker
from tests.servers.s3 import versitygw
from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for
from tests.system.project import ROOT
from tests.system.test_s3_newsroom import S3Newsroom, credentials

__all__ = ["credentials"]
HOUR = 3600


@pytest.fixture
def newsroom(broker: Broker, tmp_path: Path) -> Iterator[S3Newsroom]:
    with versitygw(tmp_path / "s3") as server:
        newsroom = S3Newsroom(tmp_path, server)
        newsroom.environment |= {"WIREROOM_LOG__URL": broker.url, "WIREROOM_LOG__PREFIX": f"{uuid4().hex}."}
        newsroom.run("topics", "apply", "--partitions", "1")
        yield newsroom


@contextmanager
def skewed(newsroom: Newsroom, worker: str) -> Iterator[subprocess.Popen[str]]:
    """A worker whose clock goes by the file `skew`."""
    environment = {**newsroom.environment, "SKEW": str(newsroom.folder / "skew"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.system.skewed", "worker", worker]
    with subprocess.Popen(
        command, cwd=newsroom.folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def shown(newsroom: S3Newsroom) -> set[str]:
    """The articles of which anything can be read."""
    return {name for name in ("a", "b", "secret", "later") if f"{name} at 1" in "".join(newsroom.documents().values())}


@pytest.mark.parametrize(
    ("worker", "hours"),
    [
        ("articles", 2),
        ("feeds", -2),
        *(pytest.param(*each, marks=pytest.mark.chaos) for each in (("articles", -2), ("feeds", 2), ("sitemaps", 2))),
    ],
)
def test_a_clock_that_jumps(newsroom: S3Newsroom, worker: str, hours: int) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    now = datetime.now(UTC).isoformat()
    with skewed(newsroom, worker) as process:
        newsroom.publish(article("a", published_at=now))
        if worker == "feeds":  # else only what comes later could be shown too early
            newsroom.publish(article("secret", published_at=now, embargoed_until=soon))
        wait_for(lambda: shown(newsroom) == {"a"})
        (newsroom.folder / "skew").write_text(str(hours * HOUR))
        newsroom.publish(article("b", published_at=now), article("later", published_at=now, embargoed_until=soon))
        told = process.communicate(timeout=PATIENCE)[1]
        assert process.returncode == 1, told
        assert "the clock of this machine is wrong" in told
        assert "set the clock" in told
        assert shown(newsroom) == {"a"}
    assert "clock" in newsroom.run("status", expect=1)
    with newsroom.running("worker", worker):
        wait_for(lambda: shown(newsroom) == {"a", "b"})
