"""The access log in the store: segments that one server each appends to, in a folder for each day.

A segment is rewritten with what is new under the condition that it is as this server left it, so it is never torn. It
is packed piece by piece: gzip allows pieces one after the other.
"""

import gzip
import heapq
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from wireroom.clock import moment
from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.partners.records import Line, Record
from wireroom.store import Metadata, Store

FOLDER = "editions/_access"  # nothing below `editions/` is served
_MOST = 256_000  # bytes of a segment, before the next one is begun
_METADATA = Metadata("application/gzip")


def day_of(time: int) -> str:
    """The day of a time, in UTC, as folders are named."""
    return f"{moment(time):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class _Segment:
    key: str
    body: bytes = b""
    etag: str | None = None


class SegmentWriter:
    """What one server writes. One thread owns it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._server = secrets.token_hex(6)
        self._made = 0
        self._segment: _Segment | None = None

    def append(self, lines: Sequence[Line]) -> None:
        """Keep lines, in order of time, durably.

        Raises RetryAfter, Red: some of them may be kept then, and appending all again does no harm.
        """
        for day, some in groupby(lines, lambda line: day_of(line.record.time)):
            packed = gzip.compress("".join(f"{line}\n" for line in some).encode())
            segment = self._segment_of(day)
            self._segment = None  # until it is known how it is
            body = segment.body + packed
            self._segment = _Segment(segment.key, body, self._put(segment, body))

    def _segment_of(self, day: str) -> _Segment:
        current = self._segment
        if current and current.key.startswith(f"{FOLDER}/{day}/") and len(current.body) < _MOST:
            return current
        self._made += 1
        return _Segment(f"{FOLDER}/{day}/{self._server}-{self._made:06}.jsonl.gz")

    def _put(self, segment: _Segment, body: bytes) -> str:
        try:
            return self._store.put(segment.key, body, segment.etag, _METADATA)
        except (Conflict, OutcomeUnknown):
            found = self._store.get(segment.key)
        if found is None or found.body != body:
            raise RetryAfter(f"{segment.key} could not be written")
        return found.etag

    def expire(self, before: str) -> None:
        """Remove the days before a day. Raises RetryAfter, Red."""
        for key in self._store.keys(f"{FOLDER}/"):
            if _day(key) >= before:
                return
            if found := self._store.get(key):
                with suppress(Conflict):  # another server is at it
                    self._store.delete(key, found.etag)


def read(store: Store, since: str = "") -> Iterator[Record]:
    """All records from a day on, in order of time, each once. Raises RetryAfter, Red."""
    keys = [key for key in store.keys(f"{FOLDER}/") if _day(key) >= since]
    for _, of_day in groupby(keys, _day):
        servers = [_of_server(store, list(some)) for _, some in groupby(of_day, _server)]
        yield from heapq.merge(*servers, key=lambda record: record.time)


def _of_server(store: Store, keys: Iterable[str]) -> Iterator[Record]:
    last = -1
    for key in keys:
        for line in _lines(store, key):
            if line.number > last:  # what was written again has been seen
                last = line.number
                yield line.record


def _lines(store: Store, key: str) -> list[Line]:
    found = store.get(key)
    if found is None:
        return []  # it has expired meanwhile
    try:
        text = gzip.decompress(found.body).decode()
    except (OSError, EOFError, ValueError) as error:
        raise Red(f"{key} in the store is damaged", "put back a copy, or delete it") from error
    return [Line.parse(line) for line in text.splitlines()]


def _day(key: str) -> str:
    return key.split("/")[2]


def _server(key: str) -> str:
    return key.split("/")[3].partition("-")[0]
