"""Real servers for tests: on loopback, on free ports; each is stopped, by its process id, by whoever started it.

What they are made of is downloaded once into `.cache/servers`.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Self

import pytest

CACHE = Path(__file__).parents[2] / ".cache" / "servers"
PORTS = range(10_000, 32_000)
PATIENCE = 60.0  # seconds until a server must be ready, or gone


def free_port() -> int:
    """A port of loopback that nobody listens on.

    It is not one of those that the system gives to whoever connects: one of them could be taken before it is listened
    on, even by whoever looks whether somebody listens already, and then be connected to itself.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def need(*programs: str, install: str) -> None:
    """Leave the test out when a program is not installed; with CI=true that is a failure."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        _leave_out(f"{' and '.join(absent)} not found: {install}")


def _leave_out(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Process:
    """A server in a process of its own, whose output goes to a file. `ready` is asked until it says yes."""

    def __init__(self, command: Sequence[str], output: Path, ready: Callable[[], bool]) -> None:
        self._command = command
        self._output = output
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self._ready():
            died = self._process.poll() is not None
            if died or time.monotonic() > deadline:
                self.stop()
                told = self._output.read_text(errors="replace")[-2000:]
                raise AssertionError(f"{self._command[0]} {'died' if died else 'is not ready'}:\n{told}")
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP to freeze it, SIGCONT to go on."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """As a machine that loses power: nothing is finished."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In order, also when it is frozen."""
        self.send(signal.SIGCONT)
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
