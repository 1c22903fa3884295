"""A store in memory, for tests and for trying things out."""

from collections.abc import Iterator
from threading import Lock

from wireroom.clock import Clock, SystemClock
from wireroom.errors import Conflict
from wireroom.store import Metadata, Stored
from wireroom.store.naming import checked, etag


class MemoryStore:
    """Keeps everything in a dict; gone with the process."""

    near = True

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._objects: dict[str, Stored] = {}
        self._lock = Lock()

    def get(self, key: str) -> Stored | None:
        """The object; None when there is none."""
        return self._objects.get(checked(key))

    def refresh(self, key: str, known: Stored) -> Stored | None:
        """The object; `known` itself while that is what lies there."""
        return known if (held := self.get(key)) == known else held

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        """Create or replace; the new ETag. Raises Conflict."""
        new = Stored(body, etag(body), self.now())
        with self._lock:
            self._expect(key, if_match)
            self._objects[key] = new
        return new.etag

    def delete(self, key: str, if_match: str) -> None:
        """Remove the state with this ETag. Raises Conflict."""
        with self._lock:
            self._expect(key, if_match)
            del self._objects[key]

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, sorted."""
        with self._lock:
            return iter(sorted(key for key in self._objects if key.startswith(prefix)))

    def now(self) -> int:
        """The time of its clock, in microseconds since the epoch."""
        return self._clock.now()

    def _expect(self, key: str, if_match: str | None) -> None:
        held = self._objects.get(checked(key))
        if if_match != (held.etag if held else None):
            raise Conflict(key)
