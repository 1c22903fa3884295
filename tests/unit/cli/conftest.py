import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from wireroom.cli._outcome import run
from wireroom.cli._program import program
from wireroom.connect import open_log, open_store
from wireroom.errors import Fault, Reject
from wireroom.log import ARTICLES, DOCUMENTS, Log, Record
from wireroom.store import PolledStore
from wireroom.worker.deadletters import letter


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever the command prints
        return json.loads(self.out)


class Shell:
    """A working folder without a configuration file, in which commands are run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._open: list[Log] = []

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        code = run(program, arguments)
        return Result(code, *self._capsys.readouterr())

    def write(self, name: str, *events: dict[str, Any]) -> str:
        """A file with an event in each line."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text("".join(json.dumps(event) + "\n" for event in events))
        return name

    @property
    def log(self) -> Log:
        if not self._open:
            self._open.append(open_log(f"sqlite:///{self.folder}/data/wireroom.db"))
        return self._open[0]

    @property
    def store(self) -> PolledStore:
        return open_store(f"file:///{self.folder}/data/store")

    def records(self, topic: str = ARTICLES) -> Sequence[Record]:
        return self.log.read(self.log.partitions(topic)[0], 0, 10_000)

    def reject(self, worker: str, record: Record, reason: Reject) -> None:
        """What a worker does with a record that it cannot use."""
        self.log.append("dead-letters", [letter(record, worker, reason)])

    def undeliverable(self, path: str) -> None:
        """What notify does with the first announcement when a subscriber refuses it too often."""
        record = self.records(DOCUMENTS)[0]
        self.reject("notify", record, Reject("undeliverable", [Fault(path, "it answered 500", "an answer 2xx")]))

    def close(self) -> None:
        for log in self._open:
            log.close()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WIREROOM_")]:
        monkeypatch.delenv(name)
    shell = Shell(tmp_path, monkeypatch, capsys)
    yield shell
    shell.close()
