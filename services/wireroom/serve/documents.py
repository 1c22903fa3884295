"""Documents as they are served: public keys only, each asked for seldom and compressed once per body."""

import gzip
import json
from collections import OrderedDict
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from wireroom.clock import SECOND, Clock
from wireroom.errors import WireroomError
from wireroom.sink import installed_sinks
from wireroom.store import PolledStore, Stored
from wireroom.store.naming import is_key

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
    ending = _TYPES.get(names[-1].rpartition(".")[2]) if "." in names[-1] else None
    if ending == "application/json" and (folder == "feeds" or (folder == "articles" and len(names) == 1)):
        ending = "application/feed+json"
    return f"{ending}; charset=utf-8" if ending else None


def is_article(key: str) -> bool:
    """Whether it is the key of an article's own document, which may be a tombstone."""
    return key.startswith("articles/") and key.count("/") > 1


class Served:
    """One state of the document `key`, last seen in the store at `read_at`, in microseconds since the epoch."""

    read_at = 0

    def __init__(self, key: str, stored: Stored) -> None:
        self.key = key
        self.stored = stored

    @property
    def media_type(self) -> str:
        """Its content type."""
        return media_type(self.key) or ""

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
    """What the store holds under public keys, through a cache of bounded size. Safe to use from several threads.

    A document is at most a second old, or 10 ms where the store is near. While the store is unwell, what is held of it
    is served, and says how old it is.
    """

    def __init__(self, store: PolledStore, clock: Clock) -> None:
        self.near = store.near
        self._fresh = SECOND // 100 if store.near else SECOND
        self._store = store
        self._clock = clock
        self._cache: OrderedDict[str, _Held] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def fresh(self, key: str) -> "_Held | None":
        """What is held of a document and need not be asked for again yet."""
        held = self._cache.get(key)
        return held if held and 0 <= self._clock.now() - held.read_at < self._fresh else None

    def read(self, key: str) -> Served | None:
        """A public document; None when there is none. Raises as the store does while nothing is held of it."""
        if media_type(key) is None:
            return None
        held = self.fresh(key) or self._ask(key)
        return held.served

    def _ask(self, key: str) -> "_Held":
        now, held = self._clock.now(), self._cache.get(key)
        known = held.served if held else None
        try:
            stored = self._store.refresh(key, known.stored) if known else self._store.get(key)
        except WireroomError:
            if known is None:
                raise
            return self._keep(key, _Held(known, now))
        if known is None or stored is not known.stored:
            known = Served(key, stored) if stored else None
        if known is not None:
            known.read_at = now
        return self._keep(key, _Held(known, now))

    def _keep(self, key: str, held: "_Held") -> "_Held":
        with self._lock:
            if old := self._cache.pop(key, None):
                self._size -= old.weight
            if held.weight <= _ROOM // 4:
                self._cache[key] = held
                self._size += held.weight
            while self._size > _ROOM:
                self._size -= self._cache.popitem(last=False)[1].weight
        return held


class _Held(NamedTuple):
    """What the store said at `read_at`, in microseconds since the epoch: there may be no such document."""

    served: Served | None
    read_at: int

    @property
    def weight(self) -> int:
        return 1000 + (2 * len(self.served.stored.body) if self.served else 0)
