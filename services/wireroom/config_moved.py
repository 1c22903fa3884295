"""Addresses that feeds had before: `moved_from` of a feed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import Field, Strict

from wireroom.errors import Fault
from wireroom.faults import Expected
from wireroom.fields import Few

_OURS = (  # by their first part: documents, what is private, pages, doors
    *("articles", "sitemaps", "private", "editions", "robots.txt", "feeds.opml", ".well-known"),
    *("v1", "hooks", "hub", "problems", "healthz", "metrics"),
)

OldPath = Annotated[
    str,
    Strict(),
    Field(pattern=r"^/[^\s\p{Cc}?#<>\"\\^`{|}]*$", max_length=1024),
    Expected("a path as it stood in the address, such as /rss.xml: from its slash, without ? and #"),
]
_FREE = "a path that Wireroom does not answer itself; take it out, and let a proxy in front redirect the old address"
OldPaths = Annotated[tuple[OldPath, ...], Few()]


def moved_faults(feeds: list[tuple[str, dict[str, Any]]]) -> Iterator[Fault]:
    """Old paths that are given twice, or where something is read now."""
    read = {path: name for _, feed in feeds for path, name in _documents(feed)}
    taken: dict[str, str] = {}
    for where, feed in feeds:
        old = feed.get("moved_from")
        for at, path in enumerate(old if isinstance(old, list) else ()):
            place, plain = f"{where}.moved_from[{at}]", unquote(str(path))
            if plain in read:
                yield Fault(place, repr(path), f"a path where nothing is: {read[plain]} is read there")
            elif plain == "/" or plain.lstrip("/").partition("/")[0] in _OURS:
                yield Fault(place, repr(path), _FREE)
            elif plain in taken:
                yield Fault(place, repr(path), f"a path that leads to one feed: {taken[plain]} has it too")
            taken.setdefault(plain, place)


def _documents(feed: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The paths of a feed, with and without an ending, and its name."""
    name = f"{feed.get('publication')}/{feed.get('id')}"
    return [(f"/feeds/{name}{ending}", f"the feed {name}") for ending in ("", ".rss", ".atom", ".json")]
