"""Documents as they are served: public keys only, read at most 100 times a second each, compressed once per body."""

import gzip
import json
from collections import OrderedDict
from functools import cached_property
from threading import Lock

from wireroom.clock import SECOND, Clock
from wireroom.sink import installed_sinks
from wireroom.store import Store, Stored
from wireroom.store.naming import is_key

_FRESH = SECOND // 100
_ROOM = 32_000_000  # bytes of bodies, compressed ones included
_FOLDERS = frozenset(installed_sinks())
_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/json",
    "xml": "application/xml",
}


def media_type(key: str) -> str | None:
    """The content type of a public key; None for a key that is not public."""
    folder, *names = key.split("/")
    if folder not in _FOLDERS or not names or not is_key(key):
        return None
    ending = _TYPES.get(names[-1].rpartition(".")[2])
    if ending == "application/json" and (folder == "feeds" or (folder == "articles" and len(names) == 1)):
        ending = "application/feed+json"
    return f"{ending}; charset=utf-8" if ending else None


def is_article(key: str) -> bool:
    """Whether it is the key of an article's own document, which may be a tombstone."""
    return key.startswith("articles/") and key.count("/") > 1


class Served:
    """One state of the document `key`. `read_at`: microseconds since the epoch."""

    def __init__(self, key: str, stored: Stored, read_at: int) -> None:
        self.key = key
        self.stored = stored
        self.read_at = read_at

    @cached_property
    def gzipped(self) -> bytes | None:
        """The compressed body, the same at every run; None when it is no smaller."""
        packed = gzip.compress(self.stored.body, 6, mtime=0)
        return packed if len(packed) < len(self.stored.body) else None

    @cached_property
    def withdrawn(self) -> bool:
        """Whether it is the tombstone of a withdrawn article."""
        body = self.stored.body
        return is_article(self.key) and b'"canceled"' in body and json.loads(body).get("pubStatus") == "canceled"

    def encoded(self, gzip_accepted: bool) -> tuple[bytes, str, bool]:
        """Body, ETag and whether it is compressed: a strong ETag names one encoding (RFC 9110, section 8.8.3.3)."""
        if gzip_accepted and self.gzipped is not None:
            return self.gzipped, f'{self.stored.etag[:-1]}-gzip"', True
        return self.stored.body, self.stored.etag, False


class Documents:
    """What the store holds under public keys, through a small cache. Safe to use from several threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._cache: OrderedDict[str, Served] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def read(self, key: str) -> Served | None:
        """A public document, at most 10 ms old; None when there is none. Raises as the store does."""
        if media_type(key) is None:
            return None
        now, held = self._clock.now(), self._cache.get(key)
        if held and 0 <= now - held.read_at < _FRESH:
            return held
        stored = self._store.get(key)
        if held and stored == held.stored:
            held.read_at = now
            fresh: Served | None = held
        else:
            fresh = Served(key, stored, now) if stored else None
        self._keep(key, fresh)
        return fresh

    def _keep(self, key: str, fresh: Served | None) -> None:
        with self._lock:
            if old := self._cache.pop(key, None):
                self._size -= _weight(old)
            if fresh and _weight(fresh) <= _ROOM // 4:
                self._cache[key] = fresh
                self._size += _weight(fresh)
            while self._size > _ROOM:
                self._size -= _weight(self._cache.popitem(last=False)[1])


def _weight(served: Served) -> int:
    return 2 * len(served.stored.body) + 1000
