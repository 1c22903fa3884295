import io
import sys

import pytest

from wireroom.cli import _progress
from wireroom.cli._progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(_progress, "monotonic", lambda: now[0])
    return now


def test_what_is_done_at_once_shows_nothing(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with Progress("checking", 10) as progress:
        progress.advance(10)
    assert capsys.readouterr() == ("", "")
    assert progress.done == 10


def test_lines_in_a_pipe(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with Progress("checking", 4000) as progress:
        for _ in range(4):
            clock[0] += 4
            progress.advance(1000)
    assert capsys.readouterr() == ("", "checking: 2,000 of 4,000\nchecking: 4,000 of 4,000\n")


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_progress, "_SOON", 0)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("publishing storm.ndjson", 4) as progress:
        progress.advance(1)
        progress.advance(1)
    assert "publishing storm.ndjson" in terminal.getvalue()
    assert "50%" in terminal.getvalue()
