"""What there is to read, found in the settings and in the public documents themselves."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wireroom.clock import micros
from wireroom.config import Publication, Settings
from wireroom.serve.documents import Served

_NEWEST = 10
_FORMATS = {"rss": "RSS", "atom": "Atom", "json": "JSON"}  # in the order in which they are offered

Keys = Callable[[str], Iterable[str]]
Read = Callable[[str], Served | None]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: `formats` are (ending, key), `updated` is when any of them last changed, in microseconds."""

    id: str
    title: str
    formats: tuple[tuple[str, str], ...]
    updated: int


@dataclass(frozen=True, slots=True)
class Headline:
    """An article in the listing. `published`: microseconds; `document`: the key of its own document."""

    title: str
    url: str
    language: str
    published: int | None
    document: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """A publication with all that is published of it."""

    id: str
    name: str
    language: str
    url: str
    feeds: tuple[Feed, ...]
    sitemap: str | None
    listing: str | None
    newest: tuple[Headline, ...]

    @property
    def updated(self) -> int | None:
        """When any of its feeds last changed, in microseconds."""
        return max((feed.updated for feed in self.feeds), default=None)


def catalogue(settings: Settings, keys: Keys, read: Read) -> tuple[Section, ...]:
    """Every publication of the settings, then those that turned up, by id."""
    feeds = _formats(keys("feeds/"))
    maps = set(_indexes(keys))
    named = {publication.id: publication for publication in settings.publications}
    found = sorted({*feeds, *maps} - set(named))
    titles = {(feed.publication, feed.id): feed.title or _name(feed.id) for feed in settings.feeds}
    return tuple(
        _section(ident, named.get(ident), _feeds(ident, feeds[ident], titles, read), ident in maps, read)
        for ident in [*named, *found]
    )


def sitemaps(settings: Settings, keys: Keys) -> Sequence[str]:
    """The public addresses of all sitemap indexes."""
    hosts = {publication.id: publication.public_url for publication in settings.publications}
    return [
        f"{(hosts.get(ident) or settings.public_url).rstrip('/')}/sitemaps/{ident}/news.xml" for ident in _indexes(keys)
    ]


def _indexes(keys: Keys) -> list[str]:
    """The publications that have a sitemap."""
    return [parts[1] for key in keys("sitemaps/") if (parts := key.split("/"))[2:] == ["news.xml"]]


def _formats(keys: Iterable[str]) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """publication -> feed -> ending -> key."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for key in keys:
        stem, _, ending = key.rpartition(".")
        parts = stem.split("/")
        if ending in _FORMATS and len(parts) == 3:
            found[parts[1]][parts[2]][ending] = key
    return found


def _feeds(
    publication: str, found: Mapping[str, Mapping[str, str]], titles: Mapping[tuple[str, str], str], read: Read
) -> tuple[Feed, ...]:
    feeds = []
    for ident, formats in found.items():
        states = [state for key in formats.values() if (state := read(key))]
        offered = tuple((ending, formats[ending]) for ending in _FORMATS if ending in formats)
        updated = max((state.stored.modified for state in states), default=0)
        feeds.append(Feed(ident, titles.get((publication, ident)) or _name(ident), offered, updated))
    order = list(titles)
    return tuple(sorted(feeds, key=lambda feed: _place(order, (publication, feed.id))))


def _name(ident: str) -> str:
    """An id as a title."""
    return ident.replace("-", " ").capitalize()


def _place(order: Sequence[tuple[str, str]], feed: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    """Those of the settings first, in their order."""
    return (order.index(feed) if feed in order else len(order)), feed


def _section(ident: str, named: Publication | None, feeds: tuple[Feed, ...], has_sitemap: bool, read: Read) -> Section:
    key = f"articles/{ident}.json"
    listing = _listing(read(key))
    language = named.language if named else _text(listing, "language")
    return Section(
        id=ident,
        name=named.name if named else _text(listing, "title") or ident,
        language=language,
        url=named.url if named else _text(listing, "home_page_url"),
        feeds=feeds,
        sitemap=f"sitemaps/{ident}/news.xml" if has_sitemap else None,
        listing=key if listing else None,
        newest=tuple(_headline(ident, item, language) for item in listing.get("items", ())[:_NEWEST]),
    )


def _listing(served: Served | None) -> Mapping[str, Any]:
    return json.loads(served.stored.body) if served else {}


def _headline(publication: str, item: Mapping[str, Any], language: str) -> Headline:
    _, found, rest = str(item.get("_wireroom", {}).get("document", "")).rpartition(f"articles/{publication}/")
    return Headline(
        title=_text(item, "title"),
        url=_text(item, "url"),
        language=_text(item, "language") or language,
        published=_micros(_text(item, "date_published")),
        document=found + rest if found else None,
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _micros(date: str) -> int | None:
    try:
        parsed = datetime.fromisoformat(date)
    except ValueError:
        return None
    return micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
