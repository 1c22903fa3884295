"""Kafka, an S3 server and the workers, each in a process of its own, with a proxy before each server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Self

from tests.chaos.story import ARTICLES, SHARDS
from tests.servers import Process, free_port
from tests.servers.kafka import Broker
from tests.servers.s3 import BUCKET, CREDENTIALS, versitygw
from tests.servers.toxiproxy import Proxy
from wireroom.log import Message

ROOT = Path(__file__).parents[2]
WIREROOM = [sys.executable, "-m", "tests.chaos.start"]
WORKERS = {"feeds-1": "feeds", "feeds-2": "feeds", "sitemaps-1": "sitemaps", "articles-1": "articles"}
GUEST = "feeds"  # the kind of the one that comes and goes
PREFIX = "chaos"
CONFIG = f"""\
publications: [{
    ", ".join(
        f'{{id: {name}, name: {name}, language: en, url: "https://{name}.example/", shards: {shards}}}'
        for name, shards in SHARDS.items()
    )
}]
feeds: [{", ".join(f"{{id: latest, publication: {name}, entries: {ARTICLES + 1}}}" for name in SHARDS)}]
"""

Spoil = Callable[[Message, Random], Message]


class Worker(Process):
    """One worker and its own ways to the servers. Whoever died of itself is started again by `tend`."""

    def __init__(
        self, folder: Path, name: str, sink: str, environment: dict[str, str], s3: Proxy, kafka: Proxy
    ) -> None:
        self.name = name
        self.s3, self.kafka = s3, kafka
        self.deaths: list[int] = []
        self.wanted = False
        urls = {"WIREROOM_STORE__URL": store_url(s3.port), "WIREROOM_LOG__URL": f"kafka://127.0.0.1:{kafka.port}"}
        self._environment = environment | urls
        self._folder = folder
        self._rest_until = 0.0
        super().__init__([*WIREROOM, "worker", sink], folder / f"{name}.log", lambda: True)

    def start(self) -> None:
        """As above, in the newsroom's folder."""
        self.wanted = True
        self._process = self._begin()

    def _begin(self) -> subprocess.Popen[bytes]:
        with self._output.open("ab") as output:
            return subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @contextmanager
    def doubled(self) -> Iterator[None]:
        """Somebody started it a second time."""
        twin = self._begin()
        try:
            yield
        finally:
            twin.terminate()
            twin.wait()

    @property
    def joined(self) -> int:
        """How often it was given partitions."""
        return self._output.read_text().count("added={TopicPartition") if self._output.exists() else 0

    def stop(self) -> None:
        """As above; it stays away."""
        self.wanted = False
        super().stop()

    def tend(self) -> None:
        """What a supervisor does."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self.deaths.append(code)
            self._process = None
            self._rest_until = time.monotonic() + 1
        if self.wanted and self._process is None and time.monotonic() >= self._rest_until:
            self.start()


class Newsroom:
    """All of it in `folder`; `bug`: one of `broken` that the workers have."""

    def __init__(self, folder: Path, bug: str | None = None) -> None:
        sinks = {**WORKERS, "guest": GUEST}
        port, *ports = (free_port() for _ in range(1 + len(sinks)))
        self.broker = Broker(folder / "kafka", advertised=port, proxies=ports)
        self.kafka = Proxy(folder / "kafka-proxy", self.broker.port, port)  # the publisher's way
        self.s3 = versitygw(folder / "s3")
        self.store = folder / "s3" / "data" / BUCKET / PREFIX
        self.spoil: Spoil | None = None  # what comes into the log, too
        self._folder = folder
        (folder / "wireroom.yaml").write_text(CONFIG)
        self._environment = {**os.environ, **CREDENTIALS, "PYTHONPATH": str(ROOT), "WIREROOM_LOG__URL": self.broker.url}
        self._environment |= {"CHAOS_BUG": bug} if bug else {}
        doors = zip(self.broker.doors, ports, strict=True)
        *self.workers, self.guest = (self._worker(*who, *door) for who, door in zip(sinks.items(), doors, strict=True))
        self._open = ExitStack()

    def _worker(self, name: str, sink: str, door: int, port: int) -> Worker:
        s3 = Proxy(self._folder / f"{name}-s3", self.s3.port)
        kafka = Proxy(self._folder / f"{name}-kafka", door, port)
        return Worker(self._folder, name, sink, self._environment, s3, kafka)

    @property
    def ways_to_kafka(self) -> list[Proxy]:
        """Everybody's."""
        return [self.kafka, *(worker.kafka for worker in (*self.workers, self.guest))]

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            proxies = [*self.ways_to_kafka, *(worker.s3 for worker in (*self.workers, self.guest))]
            for server in (*proxies, self.broker, self.s3):  # proxies first: a port stays free not long
                opening.enter_context(server)
            apply = [*WIREROOM, "topics", "apply", "--partitions", "3"]  # the guest gets one, too
            subprocess.run(apply, cwd=self._folder, env=self._environment, check=True, stdout=subprocess.DEVNULL)
            for worker in self.workers:
                opening.enter_context(worker)
            opening.callback(self.guest.stop)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def work(self, seconds: float) -> None:
        """Let it go on, with a supervisor that starts again what died."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for worker in (*self.workers, self.guest):
                worker.tend()
            time.sleep(0.1)

    def documents(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every public document, as the S3 server keeps it: read there while that is down, too."""
        for top in ("feeds", "sitemaps", "articles"):
            for folder, _, names in os.walk(self.store / top):
                for path in (Path(folder, name) for name in names if not name.startswith(".")):  # it is being written
                    with suppress(FileNotFoundError):
                        yield str(path.relative_to(self.store)), path.stat()


def store_url(port: int) -> str:
    """The store as somebody sees it behind a proxy at `port`."""
    return f"s3://{BUCKET}/{PREFIX}?endpoint=http://127.0.0.1:{port}"
