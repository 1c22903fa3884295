"""The Sink seam: pure code between events and documents. Implementations: `feeds/`, `sitemaps/`, `articles/`.

A sink says which editions an event may touch (definitions), what they show of an article (content) and what is
published (documents). It does no input or output and reads no clock: the worker does, in `worker/`.
Sinks are found by the entry points `wireroom.sinks`; each is built with the settings as its only argument.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from wireroom.config import Publication, Settings
from wireroom.document import Document
from wireroom.edition import Edition, Entry, Window
from wireroom.errors import ConfigurationError, Fault
from wireroom.event import ArticleEvent
from wireroom.store import Stored

Content = Mapping[str, Any]  # JSON values only: it is kept in editions


class Definition(Protocol):
    """What one edition is: the articles that it takes and the documents made of them."""

    @property
    def publication(self) -> str:
        """The publication that owns path and clock."""
        ...

    @property
    def name(self) -> str:
        """The edition's name inside its publication."""
        ...

    @property
    def sources(self) -> frozenset[str]:
        """The publications that it selects from."""
        ...

    @property
    def digest(self) -> str:
        """Changes when other articles would be selected, or something else of them kept, and only then."""
        ...

    @property
    def window(self) -> Window:
        """How much it shows and remembers."""
        ...

    def selects(self, event: ArticleEvent) -> bool:
        """Whether an article belongs to it; never asked of a withdrawal."""
        ...

    def keeps(self, content: Content) -> Content:
        """The part of an article's content that this edition needs."""
        ...

    def leaves(self, event: ArticleEvent) -> int | None:
        """When the article goes by the clock, in microseconds since the epoch."""
        ...

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        """Its documents: the same edition, entries and publications give the same bytes.

        `shown` is newest first. Raises Red when what it made does not pass the gate.
        """
        ...

    def lift(self, entry: Entry) -> "Direct | None":
        """The document to write when `entry` comes due, for an edition that keeps articles waiting."""
        ...


class Archived(Definition, Protocol):
    """A definition whose window has an archive: a page for each UTC day on which articles of it were published."""

    def page(self, day: str, before: str | None, after: str | None) -> Definition:
        """The page of a day, between those of two others; `render` makes its documents even where it shows nothing."""
        ...

    def rendering(self, publications: Mapping[str, Publication]) -> str:
        """Changes when the same page would be rendered otherwise, neighbours apart, or be selected otherwise."""
        ...


class Direct(Protocol):
    """A document that is its own edition: the winner of all events about one article is written conditionally."""

    @property
    def key(self) -> str:
        """Its key in the store."""
        ...

    @property
    def media_type(self) -> str:
        """Its media type, whatever it says."""
        ...

    def merge(self, current: Stored | None, now: int, publications: Mapping[str, Publication]) -> Document | None:
        """What to write over `current`; None when `current` is as new or newer, or nothing may be shown yet."""
        ...


class Sink(Protocol):
    """One kind of output."""

    @property
    def name(self) -> str:
        """The worker's name: `feeds`, `sitemaps`, `articles` …

        The keys of all its documents begin with it and `/`, those that are not for everybody with `private/` before.
        """
        ...

    def definitions(self, publication: str) -> Sequence[Definition]:
        """Every edition that an event of this publication may touch."""
        ...

    def content(self, event: ArticleEvent) -> Content:
        """What its documents show of an article: sanitised and linted, once per revision. Raises Reject."""
        ...

    def direct(self, event: ArticleEvent) -> Direct | None:
        """The document that this event writes without an edition; a sink has such for every event or for none."""
        ...


class SinkFactory(Protocol):
    """What an entry point names."""

    def __call__(self, settings: Settings) -> Sink:
        """Build the sink."""
        ...


class SinkNotFound(ConfigurationError):
    """No such sink is installed."""

    def __init__(self, name: str, installed: Sequence[str]) -> None:
        super().__init__([Fault("sink", repr(name), f"one of {', '.join(installed)}")])


def installed_sinks() -> Mapping[str, EntryPoint]:
    """The sinks of this environment by name; nothing is imported."""
    return {point.name: point for point in sorted(entry_points(group="wireroom.sinks"))}


def load_sink(name: str, settings: Settings) -> Sink:
    """Import and build one sink. Raises SinkNotFound."""
    sinks = installed_sinks()
    if name not in sinks:
        raise SinkNotFound(name, tuple(sinks))
    factory: SinkFactory = sinks[name].load()
    return factory(settings)
