"""The sink `feeds`: one edition for each declared feed; without a configuration, a feed `latest` per publication."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from wireroom import __version__
from wireroom.clock import HOUR, MINUTE
from wireroom.config import FeedSettings, Publication, Settings
from wireroom.document import ArticleAt, Document
from wireroom.edition import Edition, Entry, Window
from wireroom.event import ArticleEvent
from wireroom.feeds import gate, render
from wireroom.feeds.channel import Channel, History, Item, atom_id, channel, items, rfc3339
from wireroom.feeds.content import content
from wireroom.feeds.extensions import Deleted
from wireroom.feeds.fragments import Fragments, Pieces
from wireroom.feeds.jsonfeed import jsonfeed
from wireroom.feeds.selection import Choices, choices, takes
from wireroom.once import once
from wireroom.sink import Content
from wireroom.text import plain
from wireroom.uri import uri

TOMBSTONES = 72 * HOUR
PAGE_CACHE_CONTROL = "public, max-age=300"
MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


class FeedsSink:
    """Built by the entry point `feeds`."""

    name = "feeds"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._languages = {publication.id: publication.language for publication in settings.publications}
        self._fragments = Fragments()
        self._feeds: dict[str, list[Feed]] = defaultdict(list)
        for feed in map(self._feed, settings.feeds):
            for publication in feed.sources:
                self._feeds[publication].append(feed)

    def definitions(self, publication: str) -> Sequence["Feed"]:
        """The feeds that select from a publication."""
        if self._settings.discover and publication not in self._feeds:
            self._feeds[publication] = [self._feed(FeedSettings(id="latest", publication=publication))]
        return self._feeds.get(publication, ())

    def content(self, event: ArticleEvent) -> Content:
        """What all formats show of an article. Raises Reject."""
        return content(event)

    def direct(self, event: ArticleEvent) -> None:
        """None: every document has an edition."""

    def _feed(self, settings: FeedSettings) -> "Feed":
        around = self._settings
        hubs = tuple(map(uri, around.hubs))
        wanted, unwanted = choices(settings.include), choices(settings.exclude)
        return Feed(settings, around.public_url, hubs, self._languages, self._fragments, wanted, unwanted)


class Place(NamedTuple):
    """Where a document stands in an archive: the day of its page, or None for the feed, and the days next to it."""

    day: str | None = None
    before: str | None = None
    after: str | None = None


_ITSELF = Place()


@dataclass(frozen=True)
class Feed:
    """One feed, or a page of its archive: the articles of one UTC day.

    `hubs`: those that it names; `languages`: of the publications, for articles that name none.
    """

    settings: FeedSettings
    public_url: str
    hubs: tuple[str, ...]
    languages: Mapping[str, str]
    fragments: Fragments
    wanted: Choices
    unwanted: Choices
    place: Place = _ITSELF

    @property
    def publication(self) -> str:
        """Who owns its path and clock."""
        return self.settings.publication

    @property
    def name(self) -> str:
        """Its id; no feed has one as a page has."""
        return f"{self.settings.id}/{self.place.day}" if self.place.day else self.settings.id

    @property
    def sources(self) -> frozenset[str]:
        """The publications that it selects from."""
        return frozenset(self.settings.publications or (self.publication,))

    @property
    def digest(self) -> str:
        """Of all that selects, articles and what is kept of them; not of what renders."""
        feed = self.settings
        chosen = [{name: sorted(values) for name, values in lists.items()} for lists in (self.wanted, self.unwanted)]
        kept = [*(["archive"] if feed.archive else []), *(["summary"] if feed.content == "summary" else [])]
        selecting = [sorted(self.sources), *chosen, feed.entries, feed.minutes, *kept]
        return blake2b(json.dumps(selecting, sort_keys=True).encode(), digest_size=16).hexdigest()

    @once
    def window(self) -> Window:
        """As many as are declared, and a reserve of half as many; tombstones only where a format can show them.

        Of a page everything.
        """
        feed = self.settings
        tombstones = TOMBSTONES if "atom" in feed.formats else 0
        if self.place.day:
            return Window(forget=None, tombstones=tombstones)
        return Window(
            entries=feed.entries,
            younger_than=feed.minutes * MINUTE,
            reserve=max(10, feed.entries // 2),
            tombstones=tombstones,
            archive=feed.archive,
        )

    def selects(self, event: ArticleEvent) -> bool:
        """Whether `include` and `exclude` take the article, and it does not itself keep out of this feed."""
        article = event.article
        if article is None or (article.exclude and not {"feeds", self.settings.id}.isdisjoint(article.exclude)):
            return False
        language = self.languages.get(event.publication, "")
        return takes(self.wanted, self.unwanted, article, language)

    def keeps(self, content: Content) -> Content:
        """All of it; a feed of summaries has no use for the body, which is most of an article."""
        if self.settings.content == "full":
            return content
        return {name: value for name, value in content.items() if name != "body"}

    def leaves(self, event: ArticleEvent) -> int | None:
        """When the article expires."""
        return event.expires

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        """A document for each format. Raises Red when the gate refuses one."""
        place = self.place if self.place.day else Place(before=edition.newest_page if self.settings.archive else None)
        listed = items(self.settings, shown, publications)
        owner, articles = publications[self.publication], () if place.day else tuple(entry.article for entry in shown)
        return [self._document(form, edition, listed, articles, owner, place) for form in self.settings.formats]

    def lift(self, entry: Entry) -> None:
        """None: nothing but feeds and their pages shows an article."""

    def page(self, day: str, before: str | None, after: str | None) -> "Feed":
        """The page of a day in its archive. Its entries are not kept rendered: a page is seldom written twice."""
        return replace(self, fragments=Fragments(0), place=Place(day, before, after))

    def rendering(self, publications: Mapping[str, Publication]) -> str:
        """Of all that its documents depend on, articles apart."""
        of = [
            publications[name].model_dump_json()
            for name in sorted({self.publication, *self.sources} & publications.keys())
        ]
        said = [__version__, self.digest, self.public_url, self.settings.model_dump_json(), *of]
        return blake2b("\n".join(said).encode(), digest_size=8).hexdigest()

    def _document(
        self,
        form: str,
        edition: Edition,
        listed: Sequence[Item],
        articles: tuple[ArticleAt, ...],
        owner: Publication,
        place: Place,
    ) -> Document:
        is_topic = not (self.settings.private or place.day)  # nobody subscribes to a private feed, nor to a page
        address, history = self._address(form, owner, place.day), self._history(form, owner, place)
        about = channel(self.settings, owner, address, self.hubs if is_topic else (), history)
        pieces = self._pieces(form, about, listed, edition)
        document = Document(
            key=self._key(form, place.day),
            media_type=MEDIA_TYPES[form],
            head=b"".join((pieces.head, *pieces.parts)),
            tail=pieces.tail,
            articles=articles,
            cache_control=self._cache_control(place),
            language=owner.language,
        )
        return gate.check(document, [_id(form, item) for item in listed])

    def _key(self, form: str, day: str | None) -> str:
        return f"{self.settings.stem}{f'/{day}' if day else ''}.{form}"

    def _address(self, form: str, owner: Publication, day: str | None) -> str:
        return f"{(owner.public_url or self.public_url).rstrip('/')}/{self._key(form, day)}"

    def _history(self, form: str, owner: Publication, place: Place) -> History | None:
        if not (place.day or place.before):
            return None
        before, after = (day and self._address(form, owner, day) for day in (place.before, place.after))
        return History(before, after, self._address(form, owner, None) if place.day else None)

    def _cache_control(self, place: Place) -> str:
        """A page may be kept longer, but what is withdrawn must not linger."""
        is_said = self.settings.private or "cache_control" in self.settings.model_fields_set
        return PAGE_CACHE_CONTROL if place.day and not is_said else self.settings.caching

    def _pieces(self, form: str, about: Channel, listed: Sequence[Item], edition: Edition) -> Pieces:
        if form == "rss":
            return render.rss(about, listed, self.fragments)
        if form == "atom":
            return render.atom(about, listed, _deleted(edition, listed), self.fragments)
        return jsonfeed(about, listed, self.fragments)


def _id(form: str, item: Item) -> str:
    return atom_id(item.guid, item.entry.id) if form == "atom" else item.guid


def _deleted(edition: Edition, listed: Sequence[Item]) -> tuple[Deleted, ...]:
    """Tombstones, newest first; none from the future and none with the id of an entry that is shown."""
    live = {_id("atom", item) for item in listed}
    graves = [
        Deleted(atom_id(grave.guid, grave.id), rfc3339(grave.when), plain(grave.note or ""))
        for grave in sorted(edition.tombstones.values(), key=lambda grave: (grave.when, grave.id), reverse=True)
        if grave.when <= edition.clock
    ]
    return tuple(grave for grave in graves if grave.ref not in live)
