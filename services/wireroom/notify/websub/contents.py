"""The documents that are being brought, each read once for all who get it."""

from collections import OrderedDict
from threading import Lock

from wireroom.document import generation_of
from wireroom.notify.websub.delivery import Content
from wireroom.notify.websub.topics import Topics, media_type
from wireroom.store import Store

_ROOM = 64_000_000  # bytes of bodies


class Contents:
    """Safe to use from several threads."""

    def __init__(self, store: Store, topics: Topics) -> None:
        self._store = store
        self._topics = topics
        self._lock = Lock()
        self._held: OrderedDict[str, Content] = OrderedDict()

    def get(self, key: str) -> Content | None:
        """The topic as it was last read; None while there is no document. Raises RetryAfter, Red."""
        with self._lock:
            held = self._held.get(key)
        return held or self.read(key)

    def read(self, key: str) -> Content | None:
        """The topic as the store has it now. Raises RetryAfter, Red."""
        stored = self._store.get(key)
        if stored is None:
            return None
        topic = self._topics.address(key)
        content = Content(generation_of(stored.body), stored.body, media_type(key), self._topics.hub, topic)
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = content
            while sum(len(each.body) for each in self._held.values()) > _ROOM and len(self._held) > 1:
                self._held.popitem(last=False)
        return content
