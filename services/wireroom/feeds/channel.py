"""A feed as every format sees it: what stands before its entries, and each entry as this feed shows it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from wireroom.clock import SECOND, moment
from wireroom.config import FeedSettings, Publication
from wireroom.edition import Entry
from wireroom.guid import guids, minted
from wireroom.uri import uri

FEEDS = UUID("e7e85ca1-026e-408e-b33f-cc371943fa1e")  # the fixed namespace of the ids of feeds

_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20<>"\\^`{|}]+')


class Channel(NamedTuple):
    """What stands before the entries. `address`: where the document is read; `home`: where the publication is.

    `hubs`: where readers can ask to be told of changes (WebSub, 4).
    """

    id: str
    title: str
    description: str
    home: str
    address: str
    language: str
    publisher: str
    hubs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An entry in one feed. `language` only where it differs from the feed's; `byline`: whom to name for nobody."""

    entry: Entry
    guid: str
    full: bool
    language: str | None
    byline: str | None

    @property
    def content(self) -> Mapping[str, Any]:
        """What `content.content` made of the article."""
        return self.entry.content

    @property
    def key(self) -> tuple[object, ...]:
        """All that its rendered forms depend on: an order belongs to one event, and so to one content."""
        return (self.entry.id, self.entry.order, self.guid, self.full, self.language, self.byline)

    @property
    def body(self) -> str | None:
        """HTML; None where only the summary is shown."""
        return self.content.get("body") if self.full else None

    @property
    def blurb(self) -> str:
        """Plain text that is never empty."""
        return str(self.content.get("summary") or self.content["title"])

    @property
    def categories(self) -> list[str]:
        """Sections, then tags, each once."""
        return list(dict.fromkeys([*self.content.get("sections", ()), *self.content.get("tags", ())]))

    @property
    def authors(self) -> Sequence[Mapping[str, str]]:
        """Bylines; an article of another publication that has none is that publication's."""
        return self.content.get("authors") or ([{"name": self.byline}] if self.byline else [])


def channel(feed: FeedSettings, publication: Publication, address: str, hubs: tuple[str, ...] = ()) -> Channel:
    """The feed's own id never follows its address (RFC 4287, 4.2.6)."""
    title = feed.title or publication.name
    return Channel(
        id=uuid5(FEEDS, f"{feed.publication}/{feed.id}").urn,
        title=title,
        description=feed.description or title,
        home=uri(publication.url),
        address=uri(address),
        language=publication.language,
        publisher=publication.name,
        hubs=hubs,
    )


def items(feed: FeedSettings, shown: Sequence[Entry], publications: Mapping[str, Publication]) -> list[Item]:
    """The entries as `feed` shows them, newest first."""
    return [_item(feed, entry, guid, publications) for entry, guid in zip(shown, guids(shown), strict=True)]


def _item(feed: FeedSettings, entry: Entry, guid: str, publications: Mapping[str, Publication]) -> Item:
    owner, own = publications[feed.publication], publications[entry.id.partition("/")[0]]
    language = entry.content.get("language") or own.language
    return Item(
        entry=entry,
        guid=guid,
        full=feed.content == "full" and (feed.paid == "full" or entry.content["access"] != "PAID"),
        language=None if language.lower() == owner.language.lower() else language,
        byline=None if own is owner or own.id == owner.id else own.name,
    )


def atom_id(guid: str | None, article: str) -> str:
    """An adopted guid where it is an absolute IRI (RFC 4287, 4.2.6), else the minted one."""
    return guid if guid and _IRI.fullmatch(guid) else minted(article)


def rfc3339(time: int) -> str:
    """Microseconds since the epoch as RFC 3339, to the second like RSS."""
    return moment(time - time % SECOND).isoformat()
