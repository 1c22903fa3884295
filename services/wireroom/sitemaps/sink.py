"""The sink `sitemaps`: one edition for each publication, `news`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wireroom.clock import HOUR
from wireroom.config import Publication, Settings
from wireroom.document import Document
from wireroom.edition import Edition, Entry, Window
from wireroom.event import ArticleEvent
from wireroom.sink import Content
from wireroom.sitemaps.content import content
from wireroom.sitemaps.lint import MOST_URLS
from wireroom.sitemaps.render import Kept, render

SHOWN_FOR = 48 * HOUR  # Google: only articles created in the last 2 days
WINDOW = Window(slot_size=MOST_URLS)


class SitemapsSink:
    """Built by the entry point `sitemaps`."""

    name = "sitemaps"

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._known: dict[str, Sequence[NewsSitemap]] = {}

    def definitions(self, publication: str) -> Sequence["NewsSitemap"]:
        """The one sitemap that an event of this publication may touch."""
        if publication not in self._known:
            self._known[publication] = (NewsSitemap(publication, self._public_url),)
        return self._known[publication]

    def content(self, event: ArticleEvent) -> Content:
        """What the sitemap says of an article; its body is not looked at. Raises Reject."""
        return content(event)

    def direct(self, event: ArticleEvent) -> None:
        """None: every document has an edition."""


@dataclass(frozen=True, slots=True)
class NewsSitemap:
    """Articles first visible less than 48 hours ago; each keeps its place in one child for as long as it stays."""

    publication: str
    public_url: str
    kept: Kept = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """One for each publication."""
        return "news"

    @property
    def sources(self) -> frozenset[str]:
        """The publication alone."""
        return frozenset([self.publication])

    @property
    def digest(self) -> str:
        """Nothing can be set that selects."""
        return "news-1"

    @property
    def window(self) -> Window:
        """Everything until it leaves by the clock, in children of 1,000."""
        return WINDOW

    def selects(self, event: ArticleEvent) -> bool:
        """All but those kept out by name."""
        return event.article is not None and "sitemaps" not in event.article.exclude

    def keeps(self, content: Content) -> Content:
        """All of it."""
        return content

    def leaves(self, event: ArticleEvent) -> int:
        """48 hours after it was first visible, to the microsecond, or when it expires."""
        aged = event.first_visible + SHOWN_FOR
        return aged if event.expires is None else min(aged, event.expires)

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        """Children, then the index that lists them. Raises Red."""
        publication = publications[self.publication]
        return render(publication, publication.public_url or self.public_url, edition.documents, shown, self.kept)

    def lift(self, entry: Entry) -> None:
        """None: nothing waits here."""
