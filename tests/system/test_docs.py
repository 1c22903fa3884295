"""Every command in the documents runs, in order, in a copy of the project.

A block ```console is one shell: lines that begin with `$ ` are commands, the rest is what they print. A block
```python is one program. Commands that serve until they are stopped, and those that cannot run here, are named below.
For the addresses of Kafka and S3 in them stand real servers.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.servers import free_port
from tests.servers.kafka import Broker
from tests.servers.s3 import CREDENTIALS, good
from tests.system.project import ROOT, copy_to

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
SERVERS = ("make demo", "wireroom up", "wireroom demo", "wireroom ingest")
RUN_ELSEWHERE = {
    "make test": "this test is part of it; .ci/run runs it in a fresh clone",
    "make installed": ".ci/run runs it",
    "make unit": "part of make test",
    "make lint": "part of make test",
    "make types": "part of make test",
    "make bench": "takes minutes; one measurement of it is run",
    "make bench-kafka": "part of make bench",
    "make bench-ingest": "part of make bench",
    "make bench-http": "part of make bench",
    "make bench-million": "takes half an hour",
    "make chaos SEED=7 ROUNDS=20": "takes minutes; a few rounds of it are a test",
    "make lock": "asks a package registry; make installed runs it",
    "docker compose -f deploy/compose/compose.yaml up --build": "test_compose_runs.py runs each of its services",
    "make upgrade": "asks a package registry; make installed runs it",
}
BASH = ("bash", "-euo", "pipefail", "-c")
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*?(?:<<'(\w+)'.*\n(?:.*\n)*?\2$|$))", re.MULTILINE)
PORT, HOOKS = "8081", "8082"  # of the documents; free ones stand for them
KAFKA = "kafka://broker1.example:9092,broker2.example:9092"  # of the documents
BUCKET = "s3://wireroom-feeds/news"
FAR = time.time() + 24 * 3600
READY = re.compile(rb"https?://")
PUSHED = {  # the titles of what README pushes
    "Old bridge closes for a week",
    "Skøyte berget – «alle i god behold»",
    "Feri kembali berlayar – “lancar” di Teluk & Kota",
    "Ferry service resumes after storm",
    "Fiskeskøyte berget i Vestfjorden – mannskapet «i god behold»",
    "Ferry sails again",
}


class Block(NamedTuple):
    """One fenced block of a document."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """With the lines that continue them and the here-documents that they read."""
        return [match[1] for match in COMMAND.finditer(self.text)]


def blocks(document: Path) -> Iterator[Block]:
    for language, text in re.findall(r"^```(console|python)\n(.*?)^```$", document.read_text(), re.M | re.S):
        yield Block(language, text)


class Shell:
    """Runs blocks in one folder; servers keep running until the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen[bytes]] = []
        self.places = {port: str(free_port()) for port in (PORT, HOOKS)}  # what stands for addresses of the documents
        self.environment = os.environ | {"PATH": f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, block: Block) -> None:
        if block.language == "python":
            self._finish(["python", "-c", block.text])
            return
        shown = [command for command in block.commands if bare(command) not in RUN_ELSEWHERE]
        commands = [self._here(command) for command in shown]
        serves = bool(commands) and commands[-1].startswith(SERVERS) and "--drain" not in commands[-1]
        server = commands.pop() if serves else None
        self.run_here("\n".join(commands))
        if server:
            self._serve(server)

    def _here(self, command: str) -> str:
        for there, here in self.places.items():
            command = command.replace(there, here)
        return command

    def run_here(self, command: str) -> None:
        """One command to its end."""
        self._finish([*BASH, command])

    def _finish(self, command: list[str]) -> None:
        result = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        assert result.returncode == 0, f"{command[-1]}\n{result.stdout.decode()}\n{result.stderr.decode()}"

    def _serve(self, command: str) -> None:
        """Start a server and wait until it says where it listens."""
        output = self.folder / f"server-{len(self.servers)}.log"
        with output.open("wb") as log:
            server = subprocess.Popen(
                [*BASH, f"exec {command}"], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.servers.append(server)
        for _ in range(300):
            if READY.search(output.read_bytes()):
                return
            assert server.poll() is None, output.read_text()
            time.sleep(0.1)
        raise AssertionError(output.read_text())

    def stop(self) -> None:
        """End every server as a terminal or a supervisor does: the signal goes to all its processes."""
        running = [server for server in self.servers if server.poll() is None]
        for server in running:
            os.killpg(server.pid, signal.SIGTERM)
        hung = [server.args for server in running if not ended(server)]
        assert not hung


def ended(server: subprocess.Popen[bytes]) -> bool:
    """Whether it ends within ten seconds; if not, it is killed."""
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        return False
    return True


def bare(command: str) -> str:
    """A command without the comment behind it."""
    return command.partition("  #")[0].strip()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A copy of the project with the environment of this one."""
    folder = copy_to(tmp_path / "wireroom")
    (folder / ".venv").mkdir()
    for path in (ROOT / ".venv").iterdir():
        if path.name != ".ready":
            (folder / ".venv" / path.name).symlink_to(path)
    (folder / ".venv/.ready").touch()
    os.utime(folder / ".venv/.ready", (FAR, FAR))  # newer than all of the copy: make leaves the environment alone
    shell = Shell(folder)
    try:
        yield shell
    finally:
        shell.stop()


@pytest.fixture
def production(shell: Shell, broker: Broker, tmp_path: Path) -> Iterator[None]:
    """Real servers in place of the documents'."""
    with good(tmp_path / "s3") as bucket:
        shell.places |= {KAFKA: broker.url, BUCKET: bucket.url()}
        shell.environment |= CREDENTIALS
        yield


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_a_document_runs(shell: Shell, document: str, request: pytest.FixtureRequest) -> None:
    shown = list(blocks(ROOT / document))
    if any(KAFKA in block.text for block in shown):
        request.getfixturevalue("production")
    for block in shown:
        shell.run(block)
    if document == "README.md":
        feed = json.loads((shell.folder / "data/store/feeds/morning-post/latest.json").read_text())
        assert {item["title"] for item in feed["items"]} >= PUSHED


@pytest.mark.network
def test_locking_changes_nothing_and_upgrading_ends_well(shell: Shell) -> None:
    shell.run_here("make lock")
    for pins in (ROOT / "requirements").iterdir():
        assert (shell.folder / "requirements" / pins.name).read_text() == pins.read_text()
    shell.run_here("make upgrade")


def test_every_command_that_is_left_out_is_in_a_document() -> None:
    shown = {bare(command) for name in DOCUMENTS for block in blocks(ROOT / name) for command in block.commands}
    assert set(RUN_ELSEWHERE) <= shown


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_other_block_shows_a_command(document: str) -> None:
    shown = re.findall(r"^```(\w*)$\n\s*\$ ", (ROOT / document).read_text(), re.MULTILINE)
    assert set(shown) <= {"console"}


def test_commands_are_read_with_what_belongs_to_them() -> None:
    text = "$ one \\\n  --more\noutput\n$ cat > file <<'END'\n{\n$ not a command\n}\nEND\n$ three\n"
    commands = ["one \\\n  --more", "cat > file <<'END'\n{\n$ not a command\n}\nEND", "three"]
    assert Block("console", text).commands == commands


def test_a_command_that_fails_is_noticed(shell: Shell) -> None:
    with pytest.raises(AssertionError, match="no-such-file"):
        shell.run(Block("console", "$ true\n$ cat no-such-file\n$ true\n"))
