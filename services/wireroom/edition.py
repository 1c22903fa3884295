"""An edition: what a feed, a sitemap or a listing shows now, and what it must remember to stay right.

Everything here is pure. `fold` is (edition, changes, now) -> edition; it gives the same edition for any order of
arrival of an article's revisions, and skips what is below `applied`, so that a replay changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

from wireroom.clock import DAY, EARLIEST
from wireroom.document import ArticleAt, Document
from wireroom.event import Facts, Order

SortKey = tuple[int, str]  # published_at in microseconds, article id: never moves
Known = Callable[[str], Order | None]  # by `publication/article_id`
SPARE = 100  # articles kept in case some before them turn out bad; of so many bad ones a worker stops
_BY_KEY = attrgetter("key")


@dataclass(frozen=True, slots=True)
class Window:
    """How much an edition shows and remembers. Times in microseconds.

    Shown are the newest `entries`, and beyond them what is younger than `younger_than`, up to 5 x `entries`
    (None: everything). `reserve` more are kept, so that a withdrawal brings the next one in. Below its floor, the
    higher of the highest sort key ever evicted and `forget` before the recorded clock, nothing new is taken.
    `archive`: every article has a place in the page of its day as well, and is kept here until it is written there.
    """

    entries: int | None = None
    younger_than: int = 0
    reserve: int = 0
    forget: int | None = 30 * DAY
    tombstones: int = 0
    slot_size: int | None = None
    archive: bool = False


class Entry(NamedTuple):
    """An article in an edition. `id` is `publication/article_id`; times in microseconds since the epoch.

    `clean` gives the content of one that is still without, None when it may not be shown after all.
    """

    id: str
    order: Order
    key: SortKey
    visible_from: int
    leaves: int | None
    guid: str | None
    content: Mapping[str, Any]
    slot: int = 0
    clean: Callable[[], Mapping[str, Any] | None] | None = None

    @property
    def article(self) -> ArticleAt:
        """What a document lists when it shows this entry."""
        return _article_at(self.id, self.order.revision)


@lru_cache(maxsize=10_000)
def _article_at(ident: str, revision: int) -> ArticleAt:
    """Kept by every document that shows it, so made once."""
    publication, _, article_id = ident.partition("/")
    return publication, article_id, revision


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
    """The state from which documents are rendered. `more`: it may have more articles below its floor.

    `unarchived`: the entries that no page of the archive has yet; `newest_page`: the last of its pages.
    `gone`: in a page, the order at which each article that it does not show went, or was never for it.
    """

    definition: str
    epoch: str
    generation: int = 0
    nonce: str = ""
    claim: str = ""
    clock: int = 0
    applied: Mapping[str, int] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    floor: SortKey = (EARLIEST, "")
    more: bool = False
    documents: Mapping[str, DocumentState] = field(default_factory=dict)
    unarchived: frozenset[str] = frozenset()
    newest_page: str | None = None
    gone: Mapping[str, Order] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)


class Change(NamedTuple):
    """What one event, at `offset` of the partition `source`, means for an edition; no `entry`: not selected."""

    source: str
    offset: int
    event: Facts
    entry: Entry | None


def fold(
    edition: Edition,
    window: Window,
    changes: Iterable[Change],
    upto: Mapping[str, int],
    now: int,
    newest: Known = lambda _: None,
) -> Edition:
    """Merge `changes` and let time pass; `upto` is the next offset of each partition that was read.

    `newest` tells the greatest order seen of an article, so that an older revision that comes late is not taken; one
    that is below `applied` goes again, for another writer may have taken it without knowing.
    Decisions use the later of `now` and the time that the edition records, so that nothing shown is hidden again by
    a slower clock. Nothing to change gives the same edition.
    """
    draft = _Draft(edition, window, max(now, edition.clock))
    for change, is_late in _to_take(list(changes), edition, newest):
        draft.take(change, is_late)
    draft.let_time_pass()
    draft.trim()
    reached = {source: offset for source, offset in upto.items() if offset > edition.applied.get(source, -1)}
    new = replace(
        edition,
        applied={**edition.applied, **reached} if reached else edition.applied,
        entries=draft.entries,
        tombstones=draft.tombstones,
        floor=draft.floor,
        more=draft.more,
        unarchived=frozenset(draft.unarchived),
    )
    came_due = (time := due(edition, window)) is not None and time <= draft.now
    return replace(new, clock=draft.now) if came_due or new != edition else edition


def _is_new(change: Change, edition: Edition) -> bool:
    return change.offset >= edition.applied.get(change.source, 0)


def _to_take(changes: Sequence[Change], edition: Edition, newest: Known) -> Iterator[tuple[Change, bool]]:
    """Those that matter, and whether each is late: a greater order was seen of its article.

    It is not where that order comes after it: what replaces it must find it, else the withdrawal of a secret would
    leave a tombstone.
    """
    last: Mapping[tuple[str, Order], int] | None = None  # made only where something is late, which is seldom
    for at, change in enumerate(changes):
        event, latest, is_late = change.event, newest(change.event.id), False
        if latest is not None and latest > event.order:
            last = _last_places(changes, edition) if last is None else last
            is_late = last.get((event.id, latest), -1) < at
        if is_late or _is_new(change, edition):
            yield change, is_late


def _last_places(changes: Sequence[Change], edition: Edition) -> Mapping[tuple[str, Order], int]:
    """Where each new revision comes last."""
    return {(each.event.id, each.event.order): at for at, each in enumerate(changes) if _is_new(each, edition)}


class _Draft:
    """The mutable middle of one `fold`."""

    def __init__(self, edition: Edition, window: Window, now: int) -> None:
        self.window = window
        self.now = now
        self.entries = dict(edition.entries)
        self.tombstones = dict(edition.tombstones)
        self.floor = edition.floor
        self.more = edition.more
        self.unarchived = set(edition.unarchived)
        self.taken = Counter(entry.slot for entry in self.entries.values()) if window.slot_size else Counter[int]()

    def take(self, change: Change, is_late: bool) -> None:
        event, order = change.event, change.event.order
        held, tombstone = self.entries.get(event.id), self.tombstones.get(event.id)
        if is_late:  # a later revision was seen and not taken: nor may this one stay
            self._drop(held if held and held.order <= order else None)
        elif (held and held.order >= order) or (tombstone and tombstone.order >= order):
            return
        elif order.withdrawn:
            self._drop(held)
            self._bury(event, held)
        elif change.entry is None:
            self._drop(held)
            self.tombstones.pop(event.id, None)
        else:
            self._show(change.entry, held)

    def _drop(self, entry: Entry | None) -> None:
        if entry is not None:
            del self.entries[entry.id]
            self.unarchived.discard(entry.id)
            self.taken[entry.slot] -= 1

    def _bury(self, event: Facts, held: Entry | None) -> None:
        order = event.order
        never_public = held is not None and held.visible_from > order.occurred_at
        if self.window.tombstones and not never_public:
            guid = event.guid or (held.guid if held else None)
            self.tombstones[event.id] = Tombstone(event.id, order, order.occurred_at, guid, event.note)

    def _show(self, entry: Entry, held: Entry | None) -> None:
        self.tombstones.pop(entry.id, None)
        waits = self.window.archive and (held is None or held.id in self.unarchived)  # else its page has it: no delay
        self._drop(held)
        if entry.leaves is not None and entry.leaves <= self.now:
            self._expire(entry)
        elif held is None and entry.key <= self._floor():
            self.more = True
        else:
            slot = held.slot if held else self._free_slot()
            self.entries[entry.id] = entry if entry.slot == slot else entry._replace(slot=slot)
            self.taken[slot] += 1
            if waits:
                self.unarchived.add(entry.id)

    def _floor(self) -> SortKey:
        forget = self.window.forget
        return self.floor if forget is None else max(self.floor, (self.now - forget, ""))

    def _free_slot(self) -> int:
        size = self.window.slot_size
        return 0 if size is None else next(slot for slot in count() if self.taken[slot] < size)

    def _expire(self, entry: Entry) -> None:
        """Expiry is a withdrawal by the clock."""
        if self.window.tombstones and entry.leaves is not None and entry.visible_from < entry.leaves:
            grave = Tombstone(entry.id, entry.order, entry.leaves, entry.guid, "expired")
            self.tombstones[entry.id] = grave

    def let_time_pass(self) -> None:
        for entry in [e for e in self.entries.values() if e.leaves is not None and e.leaves <= self.now]:
            self._drop(entry)
            self._expire(entry)
        for grave in [t for t in self.tombstones.values() if t.when + self.window.tombstones <= self.now]:
            del self.tombstones[grave.id]

    def trim(self) -> None:
        if self.window.entries is None:
            return
        visible = newest_first(e for e in self.entries.values() if e.visible_from <= self.now)
        room = _places(visible, self.window, self.now) + self.window.reserve
        spare = SPARE if any(entry.clean is not None for entry in visible[:room]) else 0
        for entry in visible[room + spare :]:
            if entry.id not in self.unarchived:
                self._drop(entry)
                self.floor = max(self.floor, entry.key)
                self.more = True


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """By first publication, newest first, ties by id."""
    return sorted(entries, key=_BY_KEY, reverse=True)


def _places(visible: Sequence[Entry], window: Window, now: int) -> int:
    """How many of `visible` (newest first) the window shows."""
    if window.entries is None:
        return len(visible)
    young = sum(1 for entry in visible[: 5 * window.entries] if entry.key[0] > now - window.younger_than)
    return max(window.entries, young)


def to_clean(edition: Edition, window: Window) -> list[Entry]:
    """The articles that are to be cleaned before the edition is shown: all that it keeps unless one turns out bad."""
    waiting = [entry for entry in edition.entries.values() if entry.clean is not None]
    if not waiting or window.entries is None:
        return waiting
    visible = newest_first(entry for entry in edition.entries.values() if entry.visible_from <= edition.clock)
    spare = {entry.id for entry in visible[_places(visible, window, edition.clock) + window.reserve :]}
    return [entry for entry in waiting if entry.id not in spare]


def shown(edition: Edition, window: Window) -> list[Entry]:
    """The articles that the edition shows at the time that it records, newest first."""
    visible = newest_first(entry for entry in edition.entries.values() if entry.visible_from <= edition.clock)
    return visible[: _places(visible, window, edition.clock)]


def due(edition: Edition, window: Window) -> int | None:
    """When the next change comes that needs no event, in microseconds since the epoch."""
    clock = edition.clock
    return min([time for time in _due_times(edition, window) if time > clock], default=None)


def _due_times(edition: Edition, window: Window) -> list[int]:
    entries, tombstones = edition.entries.values(), edition.tombstones.values()
    times = [entry.visible_from for entry in entries]
    times += [entry.leaves for entry in entries if entry.leaves is not None]
    times += [time for tombstone in tombstones for time in (tombstone.when, tombstone.when + window.tombstones)]
    if window.entries is not None and window.younger_than:
        times += [entry.key[0] + window.younger_than for entry in shown(edition, window)[window.entries :]]
    return times


def needs_refill(edition: Edition, window: Window) -> bool:
    """Whether it shows fewer articles than its window although there may be more below its floor."""
    return window.entries is not None and edition.more and len(shown(edition, window)) < window.entries


def stamp(edition: Edition, documents: Sequence[Document]) -> Edition:
    """Record the documents' content; the generation rises, once, when any of it changed."""
    digests = {document.key: document.digest() for document in documents}
    changed = {k: d for k, d in digests.items() if k not in edition.documents or edition.documents[k].digest != d}
    if not changed:
        return edition
    generation = edition.generation + 1
    states = {key: DocumentState(generation, digest) for key, digest in changed.items()}
    return replace(edition, generation=generation, documents={**edition.documents, **states})
