"""Every command of deploy/compose runs here, against Kafka and S3 started as it says, only on loopback.

What differs from an engine: no images, other ports, and folders of the test in place of volumes and mounts.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers import Process, answers, free_port
from tests.servers.install import COMPOSE, VERSITYGW, go
from tests.servers.kafka import JAVA, install
from tests.system.compose import FOLDER, OURS, SERVICES, mounts, source
from tests.system.newsroom import article, wait_for
from tests.unit.notify.websub.newsroom import Callback, form

WIREROOM = Path(sys.executable).with_name("wireroom")
PATIENCE = 60.0  # seconds
LATEST = "/feeds/harbour-post/latest.rss"


class Stack:
    """Kafka and S3 as the file describes them, and what to replace in commands so that they are found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "s3"
        self.kafka, self.s3, self.web, self.door, self.hub = (free_port() for _ in range(5))
        self._ports = {"8080": self.web, "8090": self.door, "8070": self.hub, "9464": free_port()}
        self._replaced = {
            "INSIDE://:9092": f"INSIDE://127.0.0.1:{self.kafka}",
            "OUTSIDE://:9094": f"OUTSIDE://127.0.0.1:{free_port()}",
            "CONTROLLER://:9093": f"CONTROLLER://127.0.0.1:{(controller := free_port())}",
            "1@localhost:9093": f"1@127.0.0.1:{controller}",
            "kafka:9092": f"127.0.0.1:{self.kafka}",
            "s3:7070": f"127.0.0.1:{self.s3}",
            ":7070": f"127.0.0.1:{self.s3}",
            "0.0.0.0": "127.0.0.1",
            "/var/lib/kafka/data": str(folder / "kafka"),
            "/data": str(self.data),
        }

    def here(self, text: object) -> str:
        """Text of the file with this machine's addresses and folders."""
        there = "|".join(re.escape(each) for each in self._replaced)
        return re.sub(there, lambda match: self._replaced[match[0]], str(text))

    def environment(self, name: str) -> dict[str, str]:
        """What a service is told."""
        told = {key: self.here(value) for key, value in SERVICES[name].get("environment", {}).items()}
        return os.environ | told

    def broker(self) -> Process:
        """The broker, configured by the program that configures it in its image."""
        jars, final, defaults = f"{install()}/*", self.folder / "config", self.folder / "defaults"
        for each in (final, defaults, self.folder / "mounted"):
            each.mkdir(parents=True)
        (defaults / "server.properties").write_text("")
        for name in ("log4j2.yaml", "tools-log4j2.yaml"):
            (defaults / name).write_text("Configuration: {Loggers: {Root: {level: warn}}}\n")
        setup = ["java", "-cp", jars, "kafka.docker.KafkaDockerWrapper", "setup"]
        setup += ["--default-configs-dir", str(defaults), "--mounted-configs-dir", str(self.folder / "mounted")]
        setup += ["--final-configs-dir", str(final)]
        subprocess.run(setup, env=self.environment("kafka"), check=True, capture_output=True)
        command = [*JAVA, f"-Dlog4j2.configurationFile=file:{final}/log4j2.yaml", "-cp", jars, "kafka.Kafka"]
        return Process([*command, f"{final}/server.properties"], self.folder / "kafka.log", lambda: answers(self.kafka))

    def gateway(self) -> Process:
        """The S3 server, with the bucket that its service makes."""
        self.data.mkdir()
        subprocess.run([self.here(word) for word in SERVICES["bucket"]["entrypoint"]], check=True)
        words = [self.here(word) for word in SERVICES["s3"]["command"]]
        credentials = self.environment("s3")
        told = [f"{name}={credentials[name]}" for name in ("ROOT_ACCESS_KEY", "ROOT_SECRET_KEY")]
        return Process(["env", *told, str(go(VERSITYGW)), *words], self.folder / "s3.log", lambda: answers(self.s3))

    def ours(self, name: str) -> "Ours":
        """A service of ours, ready to be started."""
        config = self.folder / "wireroom.yaml"
        config.write_text(self.here((FOLDER / "wireroom.yaml").read_text()))
        there = mounts(OURS[name])
        assert source(there["/etc/wireroom/wireroom.yaml"]) == FOLDER / "wireroom.yaml"
        words = [str(source(there[word])) if word in there else self.here(word) for word in OURS[name]["command"]]
        return self.run(name, *(str(self._ports.get(word, word)) for word in words))

    def run(self, name: str, *words: str) -> "Ours":
        """A command where a service runs."""
        environment = self.environment(name) | {"WIREROOM_CONFIG": str(self.folder / "wireroom.yaml")}
        return Ours([str(WIREROOM), *words], environment, self.folder)

    def healthy(self, name: str) -> bool:
        """What the service's health check says."""
        _, *words = SERVICES[name]["healthcheck"]["test"]
        ports = {"127.0.0.1/9092": f"127.0.0.1/{self.kafka}", ":7070": f":{self.s3}"}
        ports |= {f":{there}": f":{here}" for there, here in self._ports.items()}
        for there, here in ports.items():
            words = [word.replace(there, here) for word in words]
        words[0] = sys.executable if words[0] == "python" else words[0]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


class Ours:
    """A command of Wireroom."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._output = folder / f"{'-'.join(Path(word).name for word in words[1:3])}.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def ends(self) -> tuple[int, str]:
        """Exit code and output, once it has ended."""
        return self.process.wait(PATIENCE), self._output.read_text()

    def stop(self) -> tuple[int, str]:
        """As the engine stops a service."""
        self.process.send_signal(signal.SIGTERM)
        return self.ends()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path)
    with stack.broker(), stack.gateway():
        yield stack


@pytest.fixture
def partner() -> Iterator[Callback]:
    with Callback() as subscriber:
        yield subscriber


def read(stack: Stack, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.web}{path}", timeout=5) as answer:
            body: bytes = answer.read()
            return body.decode()
    except OSError:
        return ""


CREATE = ("keys", "create", "--publication", "harbour-post")


def push(stack: Stack, key: str) -> None:
    """An event to the ingest, with a key that is made as the file says."""
    assert f"wireroom {' '.join(CREATE)}" in (FOLDER / "compose.yaml").read_text().replace("\n# ", " ")
    event = article("pushed", publication="harbour-post", title="Pushed from outside")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{stack.door}/v1/events"
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(event).encode(), headers)) as answer:
        assert answer.status == 202


def subscribe(stack: Stack, callback: str) -> None:
    """At the hub, to the address that the feed has for everybody."""
    body = form(topic=f"http://127.0.0.1:8080{LATEST}", callback=callback)
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.hub}/hub", body) as answer:
        assert answer.status == 202


def test_compose_reads_the_file() -> None:
    result = subprocess.run([go(COMPOSE), FOLDER / "compose.yaml"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_every_service_runs_and_the_examples_are_read(
    stack: Stack, partner: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREROOM_NOTIFY__ALLOW", '["127.0.0.0/8"]')  # where the partner of this test is
    assert stack.healthy("kafka")
    assert stack.healthy("s3")
    for _ in range(2):  # `docker compose up` runs it each time
        assert stack.ours("topics").ends()[0] == 0
    on = {name: stack.ours(name) for name, service in OURS.items() if "restart" in service}
    try:
        assert stack.ours("publish").ends()[0] == 0
        deadline = time.monotonic() + PATIENCE
        while "The night ferry" not in read(stack, LATEST):
            assert time.monotonic() < deadline
            assert {name: each.process.poll() for name, each in on.items()} == dict.fromkeys(on)
            time.sleep(0.2)
        assert stack.healthy("serve")
        wait_for(lambda: stack.healthy("hub"))
        subscribe(stack, partner.url)
        push(stack, stack.run("ingest", *CREATE).ends()[1].split()[0])
        wait_for(lambda: "Pushed from outside" in read(stack, LATEST))
        assert stack.healthy("ingest")
        wait_for(lambda: any(b"Pushed from outside" in request.body for request in partner.brought))
    finally:
        ended = {name: each.stop() for name, each in on.items()}
    assert {name: code for name, (code, _) in ended.items()} == dict.fromkeys(on, 0), ended
    assert {*on, "topics", "publish"} == set(OURS)
