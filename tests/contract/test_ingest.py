"""A service keeps its contract with publishers: the one that tests script, and ours in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.ingest_contract import CONTRACT, Check
from tests.servers import Process, answers, free_port
from tests.servers.ingest import KEY, Ingest, address, serving
from tests.servers.scripted import RESET, Scripted
from tests.unit.events import put
from wireroom import Publisher
from wireroom.codec import decode
from wireroom.connect import open_log
from wireroom.log import ARTICLES

WIREROOM = Path(sys.executable).with_name("wireroom")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WIREROOM_")}


class ScriptedSite:
    """See `Site`."""

    key = KEY

    def __init__(self, server: Scripted, ingest: Ingest) -> None:
        self.url = address(server)
        self._ingest = ingest

    def ids(self, topic: str = ARTICLES) -> Sequence[str]:
        return [event["event_id"] for event in self._ingest.taken[topic]]

    @contextmanager
    def away(self) -> Iterator[None]:
        self._ingest.answers = [RESET] * 1000
        yield
        self._ingest.answers = []


class OurSite:
    """See `Site`. `process` is `wireroom ingest` on an embedded log; `scope`: of its key."""

    def __init__(self, folder: Path, *scope: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self._folder = folder
        create = [str(WIREROOM), "keys", "create", *(scope or ("--publication", "daily"))]
        shown = subprocess.run(create, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, text=True)
        self.key = shown.stdout.strip()
        command = ["env", "-C", str(folder), str(WIREROOM), "ingest", "--port", str(port)]
        self.process = Process(command, folder / "ingest.log", lambda: answers(port))

    def ids(self, topic: str = ARTICLES) -> Sequence[str]:
        log = open_log(f"sqlite:///{self._folder}/data/wireroom.db")
        try:
            records = [record for part in log.partitions(topic) for record in log.read(part, 0, 100_000)]
        finally:
            log.close()
        return [decode(record.value).event_id for record in records]

    @contextmanager
    def away(self) -> Iterator[None]:
        self.process.stop()
        yield
        self.process.start()


@pytest.fixture
def scripted() -> Iterator[ScriptedSite]:
    ingest = Ingest()
    with serving(ingest) as server:
        yield ScriptedSite(server, ingest)


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OurSite]:
    for name in set(os.environ) - set(ENVIRONMENT):
        monkeypatch.delenv(name)
    (tmp_path / "ours").mkdir()
    site = OurSite(tmp_path / "ours")
    with site.process:
        yield site


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_a_scripted_service_keeps_the_contract(scripted: ScriptedSite, check: Check, tmp_path: Path) -> None:
    check(scripted, tmp_path / "spool")


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_our_service_keeps_the_contract(ours: OurSite, check: Check, tmp_path: Path) -> None:
    check(ours, tmp_path / "spool")


def test_nothing_is_lost_while_our_service_is_killed_again_and_again(ours: OurSite, tmp_path: Path) -> None:
    ended = False
    published: list[str] = []

    def publish() -> None:
        with Publisher(ours.url, key=ours.key, spool=tmp_path / "spool", timeout=0.5) as publisher:
            while not ended:
                event = put("a", len(published) + 1)
                publisher.publish(event)
                published.append(event.event_id)

    publishing = Thread(target=publish)
    publishing.start()
    for _ in range(3):
        before = len(published)
        while len(published) < before + 50 and publishing.is_alive():
            time.sleep(0.01)
        ours.process.kill()
        while len(published) < before + 55 and publishing.is_alive():
            time.sleep(0.01)
        ours.process.start()
    ended = True
    publishing.join()
    with Publisher(ours.url, key=ours.key, spool=tmp_path / "spool") as publisher:
        publisher.flush()
    assert len(published) >= 165
    assert set(published) == set(ours.ids())


def test_a_service_that_hangs_is_away(ours: OurSite, tmp_path: Path) -> None:
    with Publisher(ours.url, key=ours.key, spool=tmp_path / "spool", timeout=0.5) as publisher:
        ours.process.send(signal.SIGSTOP)
        assert publisher.publish(put("a")).spooled
        ours.process.send(signal.SIGCONT)
    with Publisher(ours.url, key=ours.key, spool=tmp_path / "spool") as publisher:
        publisher.flush()
    assert set(ours.ids()) == {"daily-a-1"}
