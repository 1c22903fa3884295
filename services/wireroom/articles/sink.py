"""The sink `articles`: documents that are their own editions, a listing of the newest, a room for those that wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireroom.articles.content import content, event_of
from wireroom.articles.direct import ArticleDocument
from wireroom.articles.render import render
from wireroom.config import Publication, Settings
from wireroom.document import Document
from wireroom.edition import Edition, Entry, Window
from wireroom.event import ArticleEvent
from wireroom.sink import Content

NEWEST = Window(entries=100, reserve=50)
EVERYTHING = Window(forget=None)


class ArticlesSink:
    """Built by the entry point `articles`."""

    name = "articles"

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url

    def definitions(self, publication: str) -> Sequence["Listing | Waiting"]:
        """The listing and the waiting room of the publication."""
        return Listing(publication, self._public_url), Waiting(publication)

    def content(self, event: ArticleEvent) -> Content:
        """The article's place in the listing, and the event itself for as long as it must wait. Raises Reject."""
        return content(event)

    def direct(self, event: ArticleEvent) -> ArticleDocument:
        """The article's own document."""
        return ArticleDocument(event)


@dataclass(frozen=True, slots=True)
class _OfOnePublication:
    publication: str

    @property
    def sources(self) -> frozenset[str]:
        """The publication alone."""
        return frozenset([self.publication])

    @property
    def digest(self) -> str:
        """Nothing can be set that selects."""
        return "articles-1"

    def selects(self, event: ArticleEvent) -> bool:
        """All but those kept out by name."""
        return event.article is not None and "articles" not in event.article.exclude


@dataclass(frozen=True, slots=True)
class Listing(_OfOnePublication):
    """The newest articles, with the addresses of their documents."""

    public_url: str

    @property
    def name(self) -> str:
        """One for each publication."""
        return "listing"

    @property
    def window(self) -> Window:
        """The newest 100."""
        return NEWEST

    def keeps(self, content: Content) -> Content:
        """Its item."""
        return {"item": content["item"]}

    def leaves(self, event: ArticleEvent) -> int | None:
        """When the article expires."""
        return event.expires

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        """One JSON Feed. Raises Red."""
        publication = publications[self.publication]
        return [render(publication, publication.public_url or self.public_url, shown)]

    def lift(self, entry: Entry) -> None:
        """None: it links documents and writes none."""


@dataclass(frozen=True, slots=True)
class Waiting(_OfOnePublication):
    """Articles to which something happens by the clock alone: an embargo lifts, a date comes, an article expires.

    It selects all and lets go of each at the last such moment, so that the fold, which has the clock, keeps only
    those that still wait.
    """

    @property
    def name(self) -> str:
        """One for each publication."""
        return "waiting"

    @property
    def window(self) -> Window:
        """Everything, however old."""
        return EVERYTHING

    def keeps(self, content: Content) -> Content:
        """The event."""
        return {"event": content["event"]}

    def leaves(self, event: ArticleEvent) -> int:
        """The last moment at which its document changes by the clock."""
        return event.visible_from if event.expires is None else max(event.visible_from, event.expires)

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        """Nothing: what waits exists nowhere in public."""
        return ()

    def lift(self, entry: Entry) -> ArticleDocument:
        """The document of an article whose time has come."""
        return ArticleDocument(event_of(entry.content))
