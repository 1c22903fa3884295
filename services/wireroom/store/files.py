"""Files that are durable and never torn: what a store in a directory is made of."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wireroom.errors import RetryAfter

PATIENCE = 5.0  # seconds to wait for a lock: its holder may be suspended
ABSENT = (FileNotFoundError, NotADirectoryError)
_OPEN = "/proc/self/fd"


class KnownFile:
    """A file whose ETag is known. It is held open, so that no other file can get its number meanwhile."""

    def __init__(self, descriptor: int, etag: str) -> None:
        self.etag = etag
        self._descriptor = descriptor
        self._identity = _identity(os.fstat(descriptor))

    def is_at(self, path: str) -> bool:
        """Whether it still has this name, and nobody wrote into it."""
        try:
            return _identity(os.stat(path)) == self._identity
        except ABSENT:
            return False

    def __del__(self) -> None:
        os.close(self._descriptor)


def _identity(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def can_create(folder: str) -> bool:
    """Whether file system and kernel can give a name to a file that has none, so that `create` works."""
    path = f"{folder}/.create"
    try:
        with suppress(FileExistsError):  # left over, or another process is trying too
            create(folder, path, b"")
        with suppress(FileNotFoundError):
            os.unlink(path)
    except (OSError, AttributeError):
        return False
    return True


def create(folder: str, path: str, body: bytes) -> None:
    """A new file; needs no lock and leaves nothing behind when it is killed. Raises FileExistsError."""
    descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    try:
        _write(descriptor, body)
        os.link(f"{_OPEN}/{descriptor}", path, src_dir_fd=descriptor)  # with it Python follows the link
    finally:
        os.close(descriptor)


def replace(new: str, path: str, body: bytes) -> int:
    """Write `new`, which may be left over from a process that was killed, and give it the name `path`; stays open."""
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _write(descriptor, body)
            os.rename(new, path)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError:
        with suppress(OSError):  # give the room back
            os.unlink(new)
        raise
    return descriptor


def _write(descriptor: int, body: bytes) -> None:
    left = memoryview(body)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def sync(folder: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def lock(path: str, key: str) -> Iterator[None]:
    """Hold a lock file. flock belongs to the open file, so it keeps threads apart as well as processes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(descriptor, key)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a child forked meanwhile shares it
        os.close(descriptor)


def _acquire(descriptor: int, key: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RetryAfter(f"{key} has been locked by another process for {PATIENCE:.0f} s") from None
            time.sleep(0.0005)
