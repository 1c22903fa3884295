"""A store that counts what is asked of it."""

from collections.abc import Iterator

from wireroom.store import Metadata, Store, Stored


class Counting:
    """Passes everything on. `requests`: `GET key`, `PUT key` …; `needless`: the keys put with the bytes they had."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.now = store.now
        self._bodies: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.needless: list[str] = []

    def count(self, beginning: str) -> int:
        """How many requests begin so."""
        return sum(request.startswith(beginning) for request in self.requests)

    def get(self, key: str) -> Stored | None:
        self.requests.append(f"GET {key}")
        return self._store.get(key)

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        self.requests.append(f"PUT {key}")
        etag = self._store.put(key, body, if_match, metadata)
        if self._bodies.get(key) == body:
            self.needless.append(key)
        self._bodies[key] = body
        return etag

    def delete(self, key: str, if_match: str) -> None:
        self.requests.append(f"DELETE {key}")
        self._store.delete(key, if_match)

    def keys(self, prefix: str) -> Iterator[str]:
        self.requests.append(f"LIST {prefix}")
        return self._store.keys(prefix)
