"""The archive of an edition (RFC 5005, section 4): a page for each UTC day on which articles were published.

Everything here is pure. The page of an article is a function of its sort key, which never moves; in a page the
greatest order of an article wins, and the order of what is not shown is remembered for good. So a page is the same for
any order and any number of writers, without offsets: merging an event again changes nothing.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from wireroom.clock import moment
from wireroom.edition import Change, Edition, Entry, SortKey, Tombstone, Window, due
from wireroom.event import Order

Links = tuple[str | None, str | None]  # the days of the pages before and after


class Arrival(NamedTuple):
    """What a page must know of one event; no `entry`: it is not to be shown."""

    id: str
    order: Order
    key: SortKey
    entry: Entry | None
    tombstone: Tombstone | None = None


class Line(NamedTuple):
    """A page in the index. `generation` and `clock` are of its state, `due` is when it changes by the clock.

    `shows`: what its documents were made with, pages before and after included; None: it has none. `marks`: of the
    articles in it, three letters each; None: only the page itself tells.
    """

    generation: int
    clock: int
    due: int | None
    shows: tuple[str | None, str | None, str] | None
    marks: str | None = None


Index = Mapping[str, Line]  # by day


def day_of(key: SortKey) -> str:
    """The page of an article, named as ISO 8601 writes the day."""
    return moment(key[0]).date().isoformat()


def arrival(change: Change, key: SortKey) -> Arrival:
    """What a change means for the page of its article."""
    event, grave = change.event, None
    if event.order.withdrawn:
        grave = Tombstone(event.id, event.order, event.order.occurred_at, event.guid, event.note)
    return Arrival(event.id, event.order, key, change.entry, grave)


def join(page: Edition, window: Window, arrivals: Iterable[Arrival], now: int) -> Edition:
    """Merge `arrivals` into a page and let time pass. Nothing to change gives the same page."""
    now = max(now, page.clock)
    entries, graves, gone = dict(page.entries), dict(page.tombstones), dict(page.gone)
    for each in arrivals:
        held = entries.get(each.id)
        known = held.order if held else gone.get(each.id)
        if known is None or known < each.order:
            for where in (entries, graves, gone):
                where.pop(each.id, None)
            if each.entry:
                entries[each.id] = each.entry
            else:
                gone[each.id] = each.order
            if each.tombstone and (held is None or held.visible_from <= each.tombstone.when):
                graves[each.id] = replace(each.tombstone, guid=each.tombstone.guid or (held.guid if held else None))
    for entry in [e for e in entries.values() if e.leaves is not None and e.leaves <= now]:
        gone[entry.id] = entries.pop(entry.id).order
        if entry.leaves is not None and entry.visible_from < entry.leaves:
            graves[entry.id] = Tombstone(entry.id, entry.order, entry.leaves, entry.guid, "expired")
    graves = {ident: grave for ident, grave in graves.items() if grave.when + window.tombstones > now}
    new = replace(page, entries=entries, tombstones=graves, gone=gone)
    came_due = (time := due(page, window)) is not None and time <= now
    return replace(new, clock=now) if came_due or new != page else page


def marks(ids: Iterable[str]) -> str:
    """What tells that an article may be in a page; one in 2,000 pages of a hundred says so of one that is not."""
    return "".join(sorted(_mark(ident) for ident in ids))


def may_hold(index: Index, ids: Iterable[str]) -> list[str]:
    """The pages that may have any of these articles, in order."""
    wanted = set(map(_mark, ids))

    def is_likely(held: str | None) -> bool:
        return held is None or any(held[at : at + 3] in wanted for at in range(0, len(held), 3))

    return sorted(day for day, line in index.items() if is_likely(line.marks))


def _mark(ident: str) -> str:
    return urlsafe_b64encode(blake2b(ident.encode(), digest_size=3).digest())[:3].decode()


def pages(index: Index) -> list[str]:
    """The days that have documents, in order."""
    return sorted(day for day, line in index.items() if line.shows)


def neighbours(days: Iterable[str]) -> dict[str, Links]:
    """The pages before and after each of `days`, which are in order."""
    chain = [None, *days, None]
    return {day: (before, after) for (before, day), (_, after) in pairwise(pairwise(chain)) if day}


def to_look_at(index: Index, rendering: str, now: int) -> Iterator[str]:
    """The pages that are due, or that were made with other neighbours or another rendering than they have now."""
    links = neighbours(pages(index))
    for day, line in index.items():
        if (line.due is not None and line.due <= now) or (line.shows and line.shows != (*links[day], rendering)):
            yield day


def joined(one: Index, other: Index) -> dict[str, Line]:
    """What two writers know of the pages: of each the later state. Of one state the earlier due time, for safety."""
    found = dict(one)
    for day, line in other.items():
        mine = found.get(day, line)
        if mine[:2] == line[:2]:
            found[day] = mine._replace(
                due=min([time for time in (mine.due, line.due) if time is not None], default=None)
            )
        elif mine[:2] < line[:2]:
            found[day] = line
    return found
