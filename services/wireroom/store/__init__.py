"""The Store seam: where documents and editions live. Implementations: `directory.py`, `memory.py`, `s3.py`.

A store changes one key atomically, never two. Every write is conditional: create only, or replace what was read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read. `modified`: microseconds since the epoch."""

    body: bytes
    etag: str
    modified: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is told of an object beside its body; a store keeps what it can, and readers must not depend on it.

    `language`: BCP 47. `user`: names in lower case, values in ASCII.
    """

    media_type: str
    cache_control: str = ""
    language: str = ""
    user: Mapping[str, str] = field(default_factory=dict)


STATE = Metadata("application/json")  # of all that workers keep for themselves


class Store(Protocol):
    """A key-value store with conditional writes. Safe to use from several threads."""

    def get(self, key: str) -> Stored | None:
        """The object, never torn; None when there is none. Raises RetryAfter while the store is unwell."""
        ...

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        """Replace the state with ETag `if_match`, or create when it is None; the new ETag, once durable.

        Raises Conflict when the object is in another state, OutcomeUnknown when no answer came, RetryAfter when
        nothing was written and it can be tried again.
        """
        ...

    def delete(self, key: str, if_match: str) -> None:
        """Remove the state with this ETag. Raises as `put` does.

        Some servers remove whatever is there, and most say nothing of what is not: whoever calls must be safe then too.
        """
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, sorted. Raises RetryAfter, also half-way."""
        ...

    def now(self) -> int:
        """The store's own time in microseconds since the epoch, to the second or so."""
        ...


class PolledStore(Store, Protocol):
    """A store that a server may ask again and again for the same object: all of ours are such.

    `near`: whether that takes no longer than a look at a file, so that it may be done between two requests.
    """

    @property
    def near(self) -> bool:
        """See above."""
        ...

    def refresh(self, key: str, known: Stored) -> Stored | None:
        """As `get`, at less cost where `known` still lies there: then it is `known` itself. Raises as `get` does."""
        ...
