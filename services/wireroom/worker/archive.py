"""The archive of an edition in the store: pages, each an edition of its own, and the index of them.

A page is written before the edition lets go of its articles, and the index after the page. What is missing then is told
by the index itself (`archive.to_look_at`), so that whoever loads it goes on; no offset is committed meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from pydantic_core import from_json, to_json

from wireroom import archive
from wireroom.archive import Arrival, Line
from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.sink import Archived
from wireroom.store import STATE
from wireroom.worker.edition_json import decode, edition_key
from wireroom.worker.live import ATTEMPTS, Outside
from wireroom.worker.page import Page

LOOKS = 50  # pages looked at in one turn without an event: a member that does not poll for long is taken for dead
PAGES, SIZE = 500, 32_000_000  # pages, and characters of text, that may wait to be written


class Archive:
    """What waits to be written to pages, and what is known of them."""

    def __init__(self, definition: Archived, outside: Outside) -> None:
        self._definition = definition
        self._outside = replace(outside, adopted=lambda: None, map=map)  # a page says nothing of what was seen
        self._map = outside.map
        self._clock = outside.clock
        self._store = outside.store
        self._key = edition_key(outside.worker, definition.publication, f"{definition.name}/index")
        self._index: dict[str, Line] = {}
        self._etag: str | None = None
        self._unsaved = False  # the index is ahead of the one in the store
        self._waiting: dict[str, list[Arrival]] = defaultdict(list)
        self._size = 0
        self._due: int | None = None
        self._anew: set[str] | None = None  # while all events come again: the pages that are done
        self._withdrawn: dict[str, Arrival] = {}  # whose articles any page may have: their dates may be wrong

    @property
    def due(self) -> int | None:
        """When a page is to be looked at without an event."""
        return self._due

    @property
    def newest(self) -> str | None:
        """The last page that has documents."""
        return max((day for day, line in self._index.items() if line.shows), default=None)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that it must be written."""
        return len(self._waiting) > PAGES or self._size > SIZE

    def load(self) -> None:
        """Read the index; what waited is forgotten."""
        self.clear()
        stored = self._store.get(self._key)
        self._index = self._decode(stored.body) if stored else {}
        self._etag = stored.etag if stored else None
        self._unsaved = False
        self._plan()

    def clear(self) -> None:
        """Forget what waits, and that all events come again."""
        self._waiting.clear()
        self._withdrawn.clear()
        self._size, self._anew = 0, None

    @property
    def is_lost(self) -> bool:
        """Whether there is no index, nor is one being made."""
        return self._etag is None and self._anew is None

    def begin_anew(self) -> None:
        """All events come again, if they do not already: pages of another definition are begun anew."""
        if self._anew is None:
            self.clear()
            self._anew = set()

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Let arrivals wait for `write`."""
        for arrival in arrivals:
            self._waiting[archive.day_of(arrival.key)].append(arrival)
            if arrival.tombstone:
                self._note_withdrawn(arrival)
            content = arrival.entry.content if arrival.entry else {}
            self._size += 100 + sum(len(value) for value in content.values() if isinstance(value, str))

    def _note_withdrawn(self, arrival: Arrival) -> None:
        known = self._withdrawn.get(arrival.id)
        if known is None or known.order < arrival.order:
            self._withdrawn[arrival.id] = arrival

    def write(self) -> None:
        """Write all that waits, and look at some pages that need it.

        Raises Behind where only the whole log can tell what belongs to a page, RetryAfter while the store is unwell.
        """
        if self._anew is None:
            self._find_withdrawn()
        now = self._clock.now()
        looks = () if self._due is None or self._due > now else archive.to_look_at(self._index, self._rendering, now)
        days = [*self._waiting, *islice((day for day in looks if day not in self._waiting), LOOKS)]
        self._bring_up(days, mute=self._anew is not None)
        self._save()
        self._waiting.clear()
        self._size = 0

    def finish(self) -> bool:
        """Write all that waits. When all events came again: the documents of all pages, also such that none met.

        Some at a time; whether all are.
        """
        self._find_withdrawn()
        self.write()
        if self._anew is None:
            return True
        left = sorted(self._index.keys() - self._anew)
        self._bring_up(left[:LOOKS])
        self._unsaved |= self._etag is None
        self._save()
        return len(left) <= LOOKS

    def _find_withdrawn(self) -> None:
        """Let withdrawals wait for every page that has their article, or will have it, whatever their own date."""
        if not self._withdrawn:
            return
        waiting = [each for arrivals in self._waiting.values() for each in arrivals if each.entry]
        found = [self._withdrawn[each.id]._replace(key=each.key) for each in waiting if each.id in self._withdrawn]
        for of_page in self._map(self._withdrawn_of, archive.may_hold(self._index, self._withdrawn)):
            found += of_page
        self.take(found)
        self._withdrawn.clear()

    def _withdrawn_of(self, day: str) -> list[Arrival]:
        """Those whose article a page has."""
        key = edition_key(self._outside.worker, self._definition.publication, f"{self._definition.name}/{day}")
        stored = self._store.get(key)
        entries = decode(key, stored.body).entries if stored else {}
        return [each._replace(key=entries[ident].key) for ident, each in self._withdrawn.items() if ident in entries]

    def _bring_up(self, days: Sequence[str], mute: bool = False) -> None:
        if not days:
            return
        if self._anew is not None:
            self._outside.fence()
        shown = {day for day in days if any(arrival.entry for arrival in self._waiting.get(day, ()))}
        links = archive.neighbours(sorted({*archive.pages(self._index), *shown}))
        rendering = self._rendering

        def bring_up(day: str) -> Line:
            before, after = links.get(day, (None, None))
            page = Page(
                self._definition.page(day, before, after),
                self._outside,
                self._waiting.get(day, ()),
                known=day in self._index,
                anew=self._anew is not None,
                mute=mute,
            )
            return page.bring_up((before, after, rendering))

        self._note(dict(zip(days, self._map(bring_up, days), strict=True)))
        if self._anew is not None and not mute:
            self._anew.update(days)

    def _note(self, lines: dict[str, Line]) -> None:
        self._unsaved |= any(self._index.get(day) != line for day, line in lines.items())
        self._index = {**self._index, **lines}
        self._plan()

    def _save(self) -> None:
        if not self._unsaved:
            return
        for _ in range(ATTEMPTS):
            try:
                self._etag = self._store.put(self._key, to_json({"format": 1, "pages": self._index}), self._etag, STATE)
            except (Conflict, OutcomeUnknown):
                stored = self._store.get(self._key)
                self._etag = stored.etag if stored else None
                self._index = archive.joined(self._index, self._decode(stored.body) if stored else {})
                self._plan()
            else:
                self._unsaved = False
                return
        raise RetryAfter(f"too many writers at {self._key}")

    def _plan(self) -> None:
        if any(archive.to_look_at(self._index, self._rendering, self._clock.now())):
            self._due = 0
        else:
            self._due = min([line.due for line in self._index.values() if line.due is not None], default=None)

    @property
    def _rendering(self) -> str:
        return self._definition.rendering(self._outside.publications)

    def _decode(self, body: bytes) -> dict[str, Line]:
        try:
            found = from_json(body)["pages"]
            return {
                day: Line(generation, clock, due, shows and tuple(shows), *marks)
                for day, (generation, clock, due, shows, *marks) in found.items()
            }
        except (ValueError, KeyError, TypeError) as error:
            raise Red(f"{self._key} is not an index: {error}", "delete it, with the edition of its feed") from error
