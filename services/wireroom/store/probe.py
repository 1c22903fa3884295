"""Whether a store keeps its promise of atomic conditional writes: asked at start, because losing an update is silent.

Some servers ignore the conditions, some check first and write later; both look right until two writers meet.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier

from wireroom.errors import Conflict, Red, WireroomError
from wireroom.store import Metadata, Store

_WRITERS = 8
_CREATIONS = 6  # rounds
_REPLACEMENTS = 24  # rounds: of a server that checks first and writes later, one in seven gave it away
_SIZES = (16, 50_000)  # bytes, in turns: a server that checks before it has read a body leaves more time for long ones
_BYTES = Metadata("application/octet-stream")


def probe(store: Store) -> None:
    """Try every condition alone and in races, under `_probe/`. Raises Red naming what is missing, or RetryAfter."""
    key = f"_probe/{secrets.token_hex(8)}"
    with _cleaning_up(store, key):
        first = _create(store, key)
        second = _replace(store, key, first)
        _refuse_missing(store, f"{key}-missing", second)
        with ThreadPoolExecutor(_WRITERS) as pool:
            for number in range(_CREATIONS):
                with _cleaning_up(store, f"{key}-{number}"):
                    _race(store, pool, f"{key}-{number}", None, _SIZES[0])
            for number in range(_REPLACEMENTS):
                second = _race(store, pool, key, second, _SIZES[number % 2])


def _create(store: Store, key: str) -> str:
    tag = store.put(key, b"first", None, _BYTES)
    _shows(store, key, b"first", tag)
    if _put(store, key, b"again", None):
        raise _missing("create-only writes: If-None-Match: * was ignored")
    _shows(store, key, b"first", tag)
    return tag


def _replace(store: Store, key: str, first: str) -> str:
    second = store.put(key, b"second", first, _BYTES)
    _shows(store, key, b"second", second)
    if second == first:
        raise _missing("ETags that change with the content")
    if _put(store, key, b"stale", first):
        raise _missing("conditional replacement: a stale If-Match was ignored")
    _shows(store, key, b"second", second)
    return second


def _refuse_missing(store: Store, key: str, tag: str) -> None:
    with _cleaning_up(store, key):
        if _put(store, key, b"created", tag):
            raise _missing("conditional replacement: If-Match created an object that was not there")


def _race(store: Store, pool: Executor, key: str, if_match: str | None, size: int) -> str:
    """Several writers from the same state: exactly one may win, and what it wrote must be there; its ETag."""
    barrier = Barrier(_WRITERS)

    def write(body: bytes) -> str | None:
        barrier.wait()
        return _put(store, key, body, if_match)

    bodies = [secrets.token_bytes(size) for _ in range(_WRITERS)]
    won = [(body, tag) for body, tag in zip(bodies, pool.map(write, bodies), strict=True) if tag]
    if len(won) != 1:
        kind = "create-only writes" if if_match is None else "conditional replacement"
        raise _missing(f"atomic {kind}: {len(won)} of {_WRITERS} writers at once were told that they won")
    _shows(store, key, *won[0])
    return won[0][1]


def _put(store: Store, key: str, body: bytes, if_match: str | None) -> str | None:
    """The new ETag; None when it was refused."""
    try:
        return store.put(key, body, if_match, _BYTES)
    except Conflict:
        return None


def _shows(store: Store, key: str, body: bytes, tag: str) -> None:
    held = store.get(key)
    if held is None or (held.body, held.etag) != (body, tag):
        raise _missing("reading what was written: GET after PUT gave something else")


def _missing(capability: str) -> Red:
    return Red(f"the store has no {capability}", "choose a store with atomic conditional writes")


@contextmanager
def _cleaning_up(store: Store, key: str) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(WireroomError):  # a store that fails the probe may fail this too
            if held := store.get(key):
                store.delete(key, held.etag)
