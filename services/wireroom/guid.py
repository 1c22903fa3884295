"""Guids of entries: minted from the identity, or adopted from a feed that we replace."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import uuid5

from wireroom.edition import Entry
from wireroom.event import GUIDS


@lru_cache(maxsize=10_000)
def minted(article: str) -> str:
    """The guid made from an identity, `publication/article_id`."""
    return uuid5(GUIDS, article).urn


def guids(shown: Sequence[Entry]) -> list[str]:
    """The guid of each entry of a document that shows them newest first.

    No two have one guid: who came first keeps an adopted one, and nobody adopts what is minted for another.
    """
    taken = {minted(entry.id) for entry in shown}
    found = []
    for entry in reversed(shown):
        adopted = entry.guid or ""
        guid = minted(entry.id) if not adopted.strip() or adopted in taken else adopted
        taken.add(guid)
        found.append(guid)
    return found[::-1]
