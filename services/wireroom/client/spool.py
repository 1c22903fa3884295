"""Where events wait on disk while a service is away: a folder, safe for several processes, that a crash leaves whole.

Files `number.topic.ndjson` hold an event a line, appended and synced; the oldest is sent first, and removed when all in
it is published. What a service refuses goes to `refused.ndjson`. Each can be given to `wireroom publish`.

    lock        held while a file is written or removed, so for a moment
    sending     held by the one process that sends
"""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import IO, NamedTuple

from wireroom.errors import ConfigurationError, Fault, RetryAfter
from wireroom.log import SPOOL, Message, Partition, Position

MOST = 256_000_000  # bytes that may wait: some forty thousand articles
FILE_BYTES, FILE_EVENTS = 900_000, 500  # of a full file, which is sent as one request
PATIENCE = 10.0  # seconds for the lock
_AGAIN = 0.01  # seconds between two looks at it
_DIGITS = 9  # of a file's number


class Busy(RetryAfter):
    """Another thread or process has what is asked for."""


class Waiting(NamedTuple):
    """A file of the spool as it was read."""

    path: Path
    topic: str
    lines: bytes

    @property
    def messages(self) -> list[Message]:
        """Its events."""
        return [Message("", line) for line in self.lines.splitlines()]


class Spool:
    """Any number of threads and processes may use the same folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if need be. Raises ConfigurationError when nothing can be kept there."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sync(folder.parent)
            with self._locked("lock"):
                pass
        except OSError as error:
            expected = f"a folder that can be written ({error.strerror})"
            raise ConfigurationError([Fault("spool", str(folder), expected)]) from error

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._files()

    def add(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep events; where they wait, once that is durable. Raises RetryAfter when it is full or out of reach."""
        try:
            with self._locked("lock"):
                return self._append(topic, [message.value + b"\n" for message in messages])
        except OSError as error:
            raise RetryAfter(f"nothing can be kept in {self.folder}: {error.strerror}") from error

    def oldest(self) -> Waiting | None:
        """What has to be sent next."""
        for path in self._files():
            return Waiting(path, path.name.partition(".")[2].removesuffix(".ndjson"), _whole_lines(path.read_bytes()))
        return None

    def remove(self, sent: Waiting) -> None:
        """Forget what was sent, unless more came to it meanwhile: then all of it is sent again, which does no harm."""
        with self._locked("lock"):
            if _whole_lines(sent.path.read_bytes()) == sent.lines:
                sent.path.unlink()

    def refuse(self, messages: Sequence[Message]) -> Path:
        """Keep what a service refused; where."""
        path = self.folder / "refused.ndjson"
        with path.open("ab") as file:
            _write(file, b"".join(message.value + b"\n" for message in messages))
        _sync(self.folder)
        return path

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Be the only one who sends. Raises Busy when another does."""
        with self._locked("sending", wait=False):
            yield

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"{'[0-9]' * _DIGITS}.*.ndjson"))

    def _append(self, topic: str, lines: Sequence[bytes]) -> list[Position]:
        files = self._files()
        size = sum(map(len, lines))
        if (held := sum(path.stat().st_size for path in files)) + size > MOST:
            raise RetryAfter(f"{self.folder} is full: {held:,} bytes of {MOST:,} wait there")
        number = int(files[-1].name[:_DIGITS]) if files else 1
        path = self._path(number, topic)
        if files and (path != files[-1] or _is_full(path, len(lines), size)):
            number += 1
            path = self._path(number, topic)
        with path.open("ab") as file:
            file.truncate(len(_whole_lines(path.read_bytes())))  # what a crash cut short was promised to nobody
            start = file.seek(0, os.SEEK_END)
            _write(file, b"".join(lines))
        _sync(self.folder)
        places = accumulate(map(len, lines[:-1]), initial=start)
        return [Position(Partition(SPOOL, number), place) for place in places]

    def _path(self, number: int, topic: str) -> Path:
        return self.folder / f"{number:0{_DIGITS}}.{topic}.ndjson"

    @contextmanager
    def _locked(self, name: str, wait: bool = True) -> Iterator[None]:
        """Raises Busy when another has it, and keeps it for too long."""
        deadline = time.monotonic() + (PATIENCE if wait else 0)
        with (self.folder / name).open("ab") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        raise Busy(f"another process holds {self.folder / name}") from error
                    time.sleep(_AGAIN)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # for a child that was forked meanwhile, too


def _is_full(path: Path, lines: int, size: int) -> bool:
    """Whether so many lines and bytes more are too much for a file."""
    data = path.read_bytes()
    return len(data) + size > FILE_BYTES or data.count(b"\n") + lines > FILE_EVENTS


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
