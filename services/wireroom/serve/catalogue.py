"""What there is to read, found in the settings and in the public documents themselves."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wireroom.config import FeedSettings, Publication, Settings
from wireroom.serve.documents import Served
from wireroom.serve.headlines import Headline, channel, contents

_NEWEST = 10
_FORMATS = ("rss", "atom", "json")  # in the order in which they are offered
_TELLING = ("json", "atom", "rss")  # in the order of how much they tell: what changes a later one changes an earlier

Keys = Callable[[str], Iterable[str]]
Read = Callable[[str], Served | None]


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
    base: str
    updated: int = 0
    settings: FeedSettings | None = None

    @property
    def telling(self) -> str:
        """The key of the document that tells most."""
        keys = dict(self.formats)
        return next(keys[ending] for ending in _TELLING if ending in keys)

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
    """Every publication of the settings; without any, those that turned up, by id. Raises as the store does.

    What is declared is looked for by its key: a listing would go through every page of every archive.
    """
    if not settings.discover:
        return tuple(_section(one.id, one, _declared(settings, one.id, read), read) for one in settings.publications)
    found, maps = _found(keys("feeds/")), _indexes(keys("sitemaps/"))
    return tuple(
        _section(ident, None, _discovered(settings, ident, found.get(ident, {}), read), read)
        for ident in sorted({*found, *maps})
    )


def sitemaps(settings: Settings, sections: Sequence[Section]) -> Sequence[str]:
    """The public addresses of all sitemap indexes."""
    return [f"{_base(settings, section.id)}{section.sitemap}" for section in sections if section.sitemap]


def _base(settings: Settings, publication: str) -> str:
    """What the public addresses of its documents begin with."""
    hosts = {publication.id: publication.public_url for publication in settings.publications}
    return f"{(hosts.get(publication) or settings.public_url).rstrip('/')}/"


def _indexes(keys: Iterable[str]) -> Iterator[str]:
    """The publications that have a sitemap."""
    return (parts[1] for key in keys if (parts := key.split("/"))[2:] == ["news.xml"])


def _found(keys: Iterable[str]) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """publication -> feed -> endings."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        stem, _, ending = key.rpartition(".")
        parts = stem.split("/")
        if ending in _FORMATS and len(parts) == 3:
            found[parts[1]][parts[2]].append(ending)
    return found


def _declared(settings: Settings, publication: str, read: Read) -> Iterator[Feed]:
    """In the order of the settings; a private one never, whatever lies there from before."""
    for about in settings.feeds:
        if about.publication == publication and not about.private:
            yield from _feed(settings, about.publication, about.id, about.formats, about, read)


def _discovered(settings: Settings, publication: str, found: Mapping[str, Sequence[str]], read: Read) -> Iterator[Feed]:
    """Without a configuration every publication has one feed, `latest`; of any other nobody knows what it selects."""
    for ident, endings in sorted(found.items()):
        about = FeedSettings(id=ident, publication=publication) if ident == "latest" else None
        yield from _feed(settings, publication, ident, endings, about, read)


def _feed(
    settings: Settings, publication: str, ident: str, endings: Sequence[str], about: FeedSettings | None, read: Read
) -> Iterator[Feed]:
    """The feed, if it is there."""
    feed = Feed(
        publication=publication,
        id=ident,
        title=(about and about.title) or ident.replace("-", " ").capitalize(),
        formats=tuple((e, f"feeds/{publication}/{ident}.{e}") for e in _FORMATS if e in endings),
        base=_base(settings, publication),
        settings=about,
    )
    if served := read(feed.telling):
        yield replace(feed, updated=served.stored.modified)


def _section(ident: str, named: Publication | None, feeds: Iterable[Feed], read: Read) -> Section:
    served, sitemap = read(f"articles/{ident}.json"), read(f"sitemaps/{ident}/news.xml")
    listing = {} if named else channel(served)
    return Section(
        id=ident,
        name=named.name if named else str(listing.get("title") or ident),
        language=named.language if named else str(listing.get("language", "")),
        url=named.url if named else str(listing.get("home_page_url", "")),
        feeds=tuple(feeds),
        sitemap=sitemap.key if sitemap else None,
        listing=served.key if served else None,
        newest=contents(served, _NEWEST).newest,
    )
