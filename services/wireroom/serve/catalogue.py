"""What there is to read, found in the settings and in the public documents themselves."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wireroom.config import FeedSettings, Publication, Settings
from wireroom.serve.documents import Served
from wireroom.serve.headlines import Headline, channel, contents

_NEWEST = 10
_FORMATS = ("rss", "atom", "json")  # in the order in which they are offered
_TELLING = ("json", "atom", "rss")  # in the order of how much they tell: what changes a later one changes an earlier

Keys = Callable[[str], Iterable[str]]
Read = Callable[[str], Served | None]
Found = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: `formats` are (ending, key), `updated` is when it last changed, in microseconds.

    `settings`: what declares it; None for one that only lies in the store. `base`: what the public addresses of its
    documents begin with.
    """

    publication: str
    id: str
    title: str
    formats: tuple[tuple[str, str], ...]
    updated: int
    base: str
    settings: FeedSettings | None = None

    @property
    def telling(self) -> str:
        """The key of the document that tells most."""
        return _telling(dict(self.formats))

    @property
    def path(self) -> str:
        """Of its page."""
        return f"feeds/{self.publication}/{self.id}"

    def address(self, ending: str) -> str:
        """The public address of one of its documents."""
        return f"{self.base}{self.path}.{ending}"


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
    newest: Sequence[Headline]

    @property
    def updated(self) -> int | None:
        """When any of its feeds last changed, in microseconds."""
        return max((feed.updated for feed in self.feeds), default=None)


def catalogue(settings: Settings, keys: Keys, read: Read) -> tuple[Section, ...]:
    """Every publication of the settings, then those that turned up, by id. Raises as the store does."""
    found, maps = _found(keys("feeds/")), set(_indexes(keys))
    named = {publication.id: publication for publication in settings.publications}
    turned_up = sorted({*found, *maps} - set(named))
    return tuple(
        _section(ident, named.get(ident), tuple(_feeds(settings, ident, found, read)), ident in maps, read)
        for ident in [*named, *turned_up]
    )


def sitemaps(settings: Settings, keys: Keys) -> Sequence[str]:
    """The public addresses of all sitemap indexes."""
    return [f"{_base(settings, ident)}sitemaps/{ident}/news.xml" for ident in _indexes(keys)]


def _base(settings: Settings, publication: str) -> str:
    """What the public addresses of its documents begin with."""
    hosts = {publication.id: publication.public_url for publication in settings.publications}
    return f"{(hosts.get(publication) or settings.public_url).rstrip('/')}/"


def _indexes(keys: Keys) -> list[str]:
    """The publications that have a sitemap."""
    return [parts[1] for key in keys("sitemaps/") if (parts := key.split("/"))[2:] == ["news.xml"]]


def _found(keys: Iterable[str]) -> Found:
    """publication -> feed -> ending -> key."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for key in keys:
        stem, _, ending = key.rpartition(".")
        parts = stem.split("/")
        if ending in _FORMATS and len(parts) == 3:
            found[parts[1]][parts[2]][ending] = key
    return found


def _feeds(settings: Settings, publication: str, found: Found, read: Read) -> Iterator[Feed]:
    """Those of the settings first, in their order; a private one never, whatever lies there from before."""
    declared = {feed.id: feed for feed in settings.feeds if feed.publication == publication}
    hidden = {ident for ident, feed in declared.items() if feed.private}
    there = {ident: keys for ident, keys in found.get(publication, {}).items() if ident not in hidden}
    for ident in [*filter(there.__contains__, declared), *sorted(set(there) - set(declared))]:
        if served := read(_telling(there[ident])):
            about = declared.get(ident) or _discovered(settings, publication, ident)
            yield Feed(
                publication=publication,
                id=ident,
                title=(about and about.title) or ident.replace("-", " ").capitalize(),
                formats=tuple((ending, there[ident][ending]) for ending in _FORMATS if ending in there[ident]),
                updated=served.stored.modified,
                base=_base(settings, publication),
                settings=about,
            )


def _telling(formats: Mapping[str, str]) -> str:
    return next(formats[ending] for ending in _TELLING if ending in formats)


def _discovered(settings: Settings, publication: str, ident: str) -> FeedSettings | None:
    """Without a configuration every publication has one feed, with all that is newest."""
    return FeedSettings(id=ident, publication=publication) if settings.discover and ident == "latest" else None


def _section(ident: str, named: Publication | None, feeds: tuple[Feed, ...], has_sitemap: bool, read: Read) -> Section:
    served = read(f"articles/{ident}.json")
    listing = {} if named else channel(served)
    return Section(
        id=ident,
        name=named.name if named else str(listing.get("title") or ident),
        language=named.language if named else str(listing.get("language", "")),
        url=named.url if named else str(listing.get("home_page_url", "")),
        feeds=feeds,
        sitemap=f"sitemaps/{ident}/news.xml" if has_sitemap else None,
        listing=served.key if served else None,
        newest=contents(served, _NEWEST).newest,
    )
