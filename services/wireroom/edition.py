"""An edition: what a feed, a sitemap or a listing shows now, and what it must remember to stay right.

Everything here is pure. `fold` is (edition, changes, now) -> edition; it gives the same edition for any order of
arrival of an article's revisions, and skips what is below `applied`, so that a replay changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from typing import Any, NamedTuple

from wireroom.clock import DAY, MINUTE
from wireroom.event import ArticleEvent, Order

SortKey = tuple[int, str]  # published_at in microseconds, article id: never moves
Known = Callable[[str], Order | None]


@dataclass(frozen=True, slots=True)
class Window:
    """How much an edition shows and remembers. Times in microseconds.

    Shown are the newest `entries`, and beyond them what is younger than `younger_than`, up to 5 x `entries`
    (None: everything). `reserve` more are kept, so that a withdrawal brings the next one in. Below its floor, the
    higher of the highest sort key ever evicted and `forget` before the recorded clock, nothing new is taken.
    """

    entries: int | None = None
    younger_than: int = 0
    reserve: int = 0
    forget: int | None = 30 * DAY
    tombstones: int = 0
    slot_size: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in an edition. `id` is `publication/article_id`; times in microseconds since the epoch."""

    id: str
    order: Order
    key: SortKey
    visible_from: int
    leaves: int | None
    guid: str | None
    content: Mapping[str, Any] = field(repr=False)
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What remains of a withdrawn article, so that partners learn of it."""

    id: str
    order: Order
    when: int
    guid: str | None
    note: str | None


class DocumentState(NamedTuple):
    """The generation at which a document's content last changed, and that content's digest."""

    generation: int
    digest: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The state from which documents are rendered. `more`: it may have more articles below its floor."""

    definition: str
    epoch: str
    generation: int = 0
    nonce: str = ""
    claim: str = ""
    clock: int = 0
    applied: Mapping[str, int] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    floor: SortKey = (0, "")
    more: bool = False
    documents: Mapping[str, DocumentState] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What one event means for one edition: `entry` is None where the edition does not select the article."""

    source: str
    offset: int
    event: ArticleEvent
    entry: Entry | None
