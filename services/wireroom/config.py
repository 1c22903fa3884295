"""The settings: one `wireroom.yaml`, every value also as an environment variable `WIREROOM_SECTION__KEY`."""

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Publication(_Section):
    """One news site or brand. `public_url`: where its documents are read, if not where all others are."""

    id: str
    name: str
    language: str
    url: str
    public_url: str | None = None
    shards: int = 1


class Selection(_Section):
    """A choice of articles: every list that is given must share a value with the article."""

    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    access: tuple[str, ...] = ()


class FeedSettings(_Section):
    """A declared selection of articles, in one or more formats."""

    id: str
    publication: str
    publications: tuple[str, ...] = ()  # to select from several; default: the one that owns it
    formats: tuple[str, ...] = ("rss", "atom", "json")
    title: str | None = None
    description: str | None = None
    entries: int = 50
    minutes: int = 0
    include: Selection = Selection()
    exclude: Selection = Selection()
    content: str = "full"  # or summary
    paid: str = "summary"  # or full: the body of PAID articles too
    cache_control: str = "public, max-age=60"


class LogSettings(_Section):
    """Where events live."""

    url: str = "sqlite:///data/wireroom.db"
    prefix: str = "wireroom."


class StoreSettings(_Section):
    """Where documents and editions live."""

    url: str = "file:///data/store"


class Settings(_Section):
    """Everything that can be set. Without publications, each one that turns up is taken (`discover`)."""

    publications: tuple[Publication, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
    public_url: str = "http://127.0.0.1:8080/"
    log: LogSettings = LogSettings()
    store: StoreSettings = StoreSettings()
    flush_interval: float = Field(default=1.0, ge=0)  # seconds

    @property
    def discover(self) -> bool:
        """Whether publications are taken as they turn up."""
        return not self.publications
