"""A store in a directory: plain files under their keys' paths, so that any web server can serve them too.

A new object is written into a file without a name, which is synced and gets the object's name unless another has it.
Under a lock that holds between threads and between processes, a replacement goes to a hidden file beside its object,
is synced and takes the object's name. Then the folder is synced. Readers need no lock: no file with a name changes.
"""

import os
import stat
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EACCES, EDQUOT, EIO, EMFILE, ENFILE, ENOENT, ENOSPC, EPERM, EROFS, ESTALE
from threading import Lock
from zlib import crc32

from wireroom.clock import SystemClock
from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.store import Metadata, Stored
from wireroom.store.files import ABSENT, KnownFile, can_create, create, lock, replace, sync
from wireroom.store.naming import checked, etag, is_name
from wireroom.together import Together

_LOCKS = ".wireroom/locks"  # keys are never hidden
_STRIPES = 1024
_MOST_KNOWN = 128  # files that are held open
_UNWELL = frozenset({ENOSPC, EDQUOT, EROFS, EIO, EMFILE, ENFILE, ESTALE, ENOENT})
_FORBIDDEN = frozenset({EACCES, EPERM})


class DirectoryStore:
    """Keeps each object in a file. Several threads and processes of one machine may use the same directory."""

    near = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open or create. Raises Red when this user may not write there, RetryAfter when nobody can now."""
        self._root = os.path.abspath(path)
        self._made: set[str] = set()
        self._known: OrderedDict[str, KnownFile] = OrderedDict()  # by path
        self._keeping = Lock()
        self._syncs: dict[str, Together[str, None]] = {}
        self._clock = SystemClock()
        with _outside(f"cannot open the store {self._root}"):
            self._make(f"{self._root}/{_LOCKS}")
        self._creates = can_create(f"{self._root}/{_LOCKS}")

    def get(self, key: str) -> Stored | None:
        """The object, never torn; None when there is none. Raises RetryAfter, Red."""
        with _outside(f"cannot read {key}"):
            return self._read(self._path(key))

    def refresh(self, key: str, known: Stored) -> Stored | None:
        """The object; `known` itself, without reading, while its file was not replaced. Raises as `get` does."""
        path = self._path(key)
        with _outside(f"cannot read {key}"):
            if self._etag(path) == known.etag:
                return known
            return self._read(path)

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        """Create or replace; the new ETag, once file and folder are durable.

        Raises Conflict; RetryAfter when the disk is full or read-only and nothing was written; OutcomeUnknown when
        only the last sync failed; Red when this user may not write.
        """
        path, new = self._path(key), etag(body)
        folder = os.path.dirname(path)
        with self._writing(key):
            self._make(folder)
            if if_match is None and self._creates:
                self._create(key, folder, path, body)
            else:
                self._replace(key, folder, path, if_match, body, new)
        self._settle(folder, key)
        return new

    def _create(self, key: str, folder: str, path: str, body: bytes) -> None:
        try:
            create(folder, path, body)
        except FileExistsError as error:
            raise Conflict(key) from error

    def _replace(self, key: str, folder: str, path: str, if_match: str | None, body: bytes, new: str) -> None:
        with self._locked(key) as stripe:
            self._expect(path, key, if_match)
            descriptor = replace(f"{folder}/.new-{stripe}", path, body)
        self._keep(path, KnownFile(descriptor, new))

    def delete(self, key: str, if_match: str) -> None:
        """Remove the state with this ETag, durably. Raises as `put` does."""
        path = self._path(key)
        with self._writing(key), self._locked(key):
            self._expect(path, key, if_match)
            os.unlink(path)
        self._settle(os.path.dirname(path), key)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, sorted; only folders that can hold such keys are read."""
        at = prefix[: prefix.rfind("/") + 1]
        return _walk(self._path(at[:-1]) + "/" if at else self._root + "/", at, prefix)

    def now(self) -> int:
        """The time of this machine, in microseconds since the epoch."""
        return self._clock.now()

    def _path(self, key: str) -> str:
        return f"{self._root}/{checked(key)}"

    def _read(self, path: str) -> Stored | None:
        """The object, its file remembered."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except ABSENT:
            return None
        try:
            state = os.fstat(descriptor)
            if stat.S_ISDIR(state.st_mode):
                os.close(descriptor)
                return None
            body = os.read(descriptor, state.st_size)
        except BaseException:
            os.close(descriptor)
            raise
        known = KnownFile(descriptor, etag(body))
        self._keep(path, known)
        return Stored(body, known.etag, state.st_mtime_ns // 1000)

    def _expect(self, path: str, key: str, if_match: str | None) -> None:
        if if_match is None:
            as_expected = not os.path.lexists(path)
        else:
            held = self._etag(path) or ((found := self._read(path)) and found.etag)
            as_expected = held == if_match
        if not as_expected:
            raise Conflict(key)

    def _etag(self, path: str) -> str | None:
        """The ETag of the file that has this name now, if it is known."""
        known = self._known.get(path)
        return known.etag if known and known.is_at(path) else None

    def _keep(self, path: str, known: KnownFile) -> None:
        with self._keeping:
            self._known.pop(path, None)
            self._known[path] = known
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    @contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        try:
            with _outside(f"cannot write {key}"):
                yield
        except RetryAfter:
            self._made.clear()  # a folder may have been removed under us: make it again at the next try
            raise

    @contextmanager
    def _locked(self, key: str) -> Iterator[int]:
        """The right to change one object; gives the number of the lock, which it shares with some other keys."""
        stripe = crc32(key.encode()) % _STRIPES
        with lock(f"{self._root}/{_LOCKS}/{stripe}", key):
            yield stripe

    def _settle(self, folder: str, key: str) -> None:
        """Make a name durable that others can already see; threads that want this of one folder share a sync."""
        try:
            self._syncs.setdefault(folder, Together(_sync_once)).submit(folder)
        except OSError as error:
            raise OutcomeUnknown(f"cannot tell whether {key} is durable: {error.strerror}") from error
        except RetryAfter as error:
            raise OutcomeUnknown(f"cannot tell whether {key} is durable: {error}") from error

    def _make(self, folder: str) -> None:
        """Make a folder whose name is durable: another process may have made it and not have synced it yet."""
        if folder in self._made:
            return
        parent = os.path.dirname(folder)
        if folder.startswith(self._root + "/") or not os.path.isdir(folder):
            self._make(parent)
            with suppress(FileExistsError):
                os.mkdir(folder)
            sync(parent)
        self._made.add(folder)


def _sync_once(folders: Sequence[str]) -> Sequence[None]:
    sync(folders[0])
    return [None] * len(folders)


@contextmanager
def _outside(doing: str) -> Iterator[None]:
    """Turn what the file system says into what a worker understands; the rest is a bug."""
    try:
        yield
    except OSError as error:
        reason = f"{doing}: {error.strerror}"
        if error.errno in _FORBIDDEN:
            raise Red(reason, f"let this user read and write {error.filename or 'the store'}") from error
        if error.errno in _UNWELL:
            raise RetryAfter(reason) from error
        raise


def _walk(folder: str, at: str, prefix: str) -> Iterator[str]:
    for name in _names(folder):
        key = at + name
        if not key.startswith(prefix):
            continue
        if key.endswith("/"):
            yield from _walk(folder + name, key, prefix)
        else:
            yield key


def _names(folder: str) -> list[str]:
    """What is in a folder, sorted as the keys are: folders end with `/`. Nothing when it is gone."""
    with _outside(f"cannot list {folder}"):
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name + "/" * entry.is_dir() for entry in entries if is_name(entry.name))
        except ABSENT:
            return []
