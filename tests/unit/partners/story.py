"""Requests of partners, told shortly."""

from collections.abc import Sequence

from wireroom.clock import SECOND
from wireroom.partners.records import Access, State
from wireroom.partners.shown import digest

RSS = "private/feeds/daily/wire.rss"


def state(second: int, generation: int, *idents: str, document: str = RSS) -> State:
    shown = tuple(map(digest, idents))
    return State(second * SECOND, document, generation, f'"tag{generation}"', shown)


def access(
    second: int,
    generation: int | None,
    status: int = 200,
    partner: str = "northern",
    method: str = "GET",
    known: str | None = None,
    document: str = RSS,
    dated: bool = False,
) -> Access:
    """`dated`: it named no ETag, but a date."""
    etag = f'"tag{generation}"' if generation is not None else None
    if status == 304 and not dated:
        known = known or etag
    return Access(second * SECOND, partner, "0123456789ab", document, method, status, etag, generation, known, 100)


def seconds(*times: int | None) -> Sequence[int | None]:
    return [time if time is None else time // SECOND for time in times]
