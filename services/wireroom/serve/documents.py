"""Documents as they are served: each asked for seldom, and compressed once per body."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from wireroom.clock import SECOND, Clock
from wireroom.errors import WireroomError
from wireroom.serve.deltas import Entry, delta, entries
from wireroom.serve.forms import Forms
from wireroom.sink import installed_sinks
from wireroom.store import PolledStore, Stored
from wireroom.store.naming import etag, is_key

PRIVATE = "private/"  # what the keys of documents begin with that are for partners only
_ROOM = 64_000_000  # bytes of bodies, compressed ones included
_EARLIER = 8  # states of a feed of which a reader can be sent what came since
_FOLDERS = frozenset(installed_sinks())
_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/json",
    "xml": "application/xml",
}


def media_type(key: str) -> str | None:
    """The content type of a document's key, public or private; None for any other key."""
    folder, *names = key.removeprefix(PRIVATE).split("/")
    known = folder in _FOLDERS and (folder == "feeds" or not key.startswith(PRIVATE))
    if not known or not names or not is_key(key):
        return None
    ending = _TYPES.get(names[-1].rpartition(".")[2]) if "." in names[-1] else None
    if ending == "application/json" and (folder == "feeds" or (folder == "articles" and len(names) == 1)):
        ending = "application/feed+json"
    return f"{ending}; charset=utf-8" if ending else None


def is_public(key: str) -> bool:
    """Whether it is the key of a document that anyone may read."""
    return not key.startswith(PRIVATE) and media_type(key) is not None


def is_article(key: str) -> bool:
    """Whether it is the key of an article's own document, which may be a tombstone."""
    return key.startswith("articles/") and key.count("/") > 1


def has_deltas(key: str) -> bool:
    """Whether it is the key of a feed of which parts can be sent: RSS and Atom."""
    return key.removeprefix(PRIVATE).startswith("feeds/") and key.endswith((".rss", ".atom"))


class Served:
    """One state of the document `key`, last seen in the store at `read_at`, in microseconds since the epoch.

    `etag` is that of the bytes, whatever the store's own is made of. `earlier`: the entries of states before it, by the
    ETag of each, the newest last. `window`: how many a feed has before newer ones push any out. `ahead`: the codings
    in which it will be asked for.
    """

    read_at = 0

    def __init__(
        self,
        key: str,
        stored: Stored,
        earlier: Mapping[str, Sequence[Entry]] | None = None,
        window: int = 0,
        ahead: Iterable[str] = (),
    ) -> None:
        self.key = key
        self.public = is_public(key)
        self.stored = stored
        self.etag = etag(stored.body)
        self.earlier = earlier or {}
        self._window = window
        self.forms = Forms(stored.body, self.etag, ahead)
        self._since: dict[str, Forms | None] = {}
        self.withdrawn = _is_tombstone(key, stored.body)

    @property
    def media_type(self) -> str:
        """Its content type."""
        return media_type(self.key) or ""

    def followed_by(self, stored: Stored) -> "Served":
        """The state that came after it."""
        if not has_deltas(self.key):
            return Served(self.key, stored, ahead=self.forms.asked)
        known = {**self.earlier, self.etag: entries(self.stored.body)}
        return Served(self.key, stored, dict(list(known.items())[-_EARLIER:]), self._window, self.forms.asked)

    def since(self, etag: str) -> Forms | None:
        """What is new since one of the earlier states, with the ETags of the whole; None when that is not worth it."""
        if etag not in self._since:
            part = delta(self.earlier[etag], self.stored.body, self._window)
            small = part is not None and len(part) <= len(self.stored.body) // 2  # compressing it holds up the others
            self._since[etag] = Forms(part, self.etag) if part is not None and small else None
        return self._since[etag]

    @property
    def weight(self) -> int:
        """Bytes that it takes, or so."""
        return 2 * len(self.stored.body) + 200 * sum(map(len, self.earlier.values()))  # compressed it is a quarter


def _is_tombstone(key: str, body: bytes) -> bool:
    return is_article(key) and b'"canceled"' in body and json.loads(body).get("pubStatus") == "canceled"


class Held(NamedTuple):
    """What the store said at `asked_at`, in microseconds since the epoch: there may be no such document."""

    served: Served | None
    asked_at: int

    @property
    def weight(self) -> int:
        """Bytes that it takes, or so."""
        return 1000 + (self.served.weight if self.served else 0)


class Documents:
    """What the store holds under the keys of documents, through a cache of bounded size.

    Safe to use from several threads. A document is at most a second old, or 2 ms where the store is near. While the
    store is unwell, what is held of it is served, and says how old it is. What begins with one of `hidden` is not
    there: a feed that became private, or lost its archive, has left documents in the store. `window`: of the feed
    that a key belongs to.
    """

    def __init__(
        self,
        store: PolledStore,
        clock: Clock,
        hidden: tuple[str, ...] = (),
        window: Callable[[str], int] = lambda key: 0,
    ) -> None:
        self._hidden = hidden
        self._window = window
        self._fresh = SECOND // 500 if store.near else SECOND
        self._store = store
        self._clock = clock
        self._cache: OrderedDict[str, Held] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def held(self, key: str) -> Held | None:
        """What the store said of it last, however long ago."""
        return self._cache.get(key)

    def at_hand(self, key: str, now: int) -> Held | None:
        """What is held of it and is fresh, or can be seen to be with a look at a file; None when it must be read."""
        held = self._cache.get(key)
        if held is None or 0 <= now - held.asked_at < self._fresh:
            return held
        if not self._store.near or held.served is None:
            return None
        try:
            if self._store.refresh(key, held.served.stored) is not held.served.stored:
                return None
        except WireroomError:
            return None
        held.served.read_at = now
        return self._keep(key, Held(held.served, now), held.served)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys of public documents that begin with `prefix`. Raises as the store does."""
        return (key for key in self._store.keys(prefix) if is_public(key) and not key.startswith(self._hidden))

    def read(self, key: str) -> Served | None:
        """A document; None when there is none. Raises as the store does while nothing is held of it."""
        if media_type(key) is None or key.startswith(self._hidden):
            return None
        held = self.at_hand(key, self._clock.now()) or self._ask(key)
        return held.served

    def _ask(self, key: str) -> Held:
        now, held = self._clock.now(), self._cache.get(key)
        known = held.served if held else None
        try:
            stored = self._store.refresh(key, known.stored) if known else self._store.get(key)
        except WireroomError:
            if known is None:
                raise
            return self._keep(key, Held(known, self._clock.now()), known)
        if stored is None:
            return self._keep(key, Held(None, now), known)
        if known is None:
            served = Served(key, stored, window=self._window(key))
        else:
            served = known if stored is known.stored else known.followed_by(stored)
        served.read_at = now
        return self._keep(key, Held(served, now), known)

    def _keep(self, key: str, held: Held, known: Served | None) -> Held:
        """Hold it, unless another thread, which began with `known` too, has come to something else meanwhile."""
        with self._lock:
            old = self._cache.get(key)
            if old and old.served is not known and old.served is not held.served:
                return old
            if old:
                self._size -= self._cache.pop(key).weight
            if held.weight <= _ROOM // 4:
                self._cache[key] = held
                self._size += held.weight
            while self._size > _ROOM:
                self._size -= self._cache.popitem(last=False)[1].weight
        return held
