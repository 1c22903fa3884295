"""The event model: what a publishing system says about one article. `schemas/article_event.avsc` is its source of truth."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from wireroom.clock import micros

GUIDS = UUID("6f0d5c1e-52a4-4d0b-9d0e-3b1a7f1f6c11")  # the fixed namespace of minted guids of articles


class Kind(StrEnum):
    """What happened. Only WITHDRAWN changes what a sink does."""

    PUBLISHED = "PUBLISHED"
    UPDATED = "UPDATED"
    CORRECTED = "CORRECTED"
    WITHDRAWN = "WITHDRAWN"


class Access(StrEnum):
    """Who may read the article at its address."""

    FREE = "FREE"
    METERED = "METERED"
    REGISTERED = "REGISTERED"
    PAID = "PAID"


class Order(NamedTuple):
    """Which of two events about one article wins: the greater, whatever the order of arrival."""

    revision: int
    withdrawn: bool
    occurred_at: int
    event_id: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Author(_Part):
    """A byline."""

    name: str
    url: str | None = None


class Image(_Part):
    """A picture; the first one of an article leads."""

    url: str
    width: int | None = None
    height: int | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


class Related(_Part):
    """A link to another article."""

    title: str
    url: str


class Source(_Part):
    """Where the story was first reported."""

    name: str
    url: str | None = None


class Rights(_Part):
    """Who owns the article and what may be done with it."""

    copyright_holder: str | None = None
    copyright_notice: str | None = None
    usage_terms: str | None = None


class Article(_Part):
    """The full state of an article at a revision."""

    title: str
    subtitle: str | None = None
    summary: str | None = None
    body_html: str | None = None
    language: str | None = None
    authors: tuple[Author, ...] = ()
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Related, ...] = ()
    source: Source | None = None
    updated_at: AwareDatetime | None = None
    modified_at: AwareDatetime
    embargoed_until: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    access: Access = Access.FREE
    rights: Rights | None = None
    previous_urls: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    extra: Mapping[str, str] = Field(default_factory=dict)


class ArticleEvent(_Part):
    """One message on the log: an article at a revision, or its withdrawal (`article` is None)."""

    event_id: str
    kind: Kind
    publication: str
    article_id: str
    revision: int
    occurred_at: AwareDatetime
    url: str | None = None
    guid: str | None = None
    published_at: AwareDatetime
    note: str | None = None
    article: Article | None = None

    @property
    def id(self) -> str:
        """The article's identity as one string: `publication/article_id`."""
        return f"{self.publication}/{self.article_id}"

    @property
    def order(self) -> Order:
        """Its place among all events about the same article."""
        return Order(self.revision, self.kind is Kind.WITHDRAWN, micros(self.occurred_at), self.event_id)

    @property
    def minted_guid(self) -> str:
        """The guid made from the identity: it never follows URL or title."""
        return uuid5(GUIDS, self.id).urn

    @property
    def first_visible(self) -> int:
        """First visible date, in microseconds: the later of publication and embargo."""
        embargo = self.article.embargoed_until if self.article else None
        return micros(max(self.published_at, embargo) if embargo else self.published_at)

    @property
    def visible_from(self) -> int:
        """When it may be shown, in microseconds: nothing dated in the future shows anywhere."""
        if self.article is None:
            return self.first_visible
        dates = (self.article.updated_at, self.article.modified_at)
        return max(self.first_visible, *(micros(date) for date in dates if date))

    @property
    def significant_at(self) -> int:
        """The last change that readers should notice, in microseconds; never before the first visible date."""
        updated = self.article.updated_at if self.article else None
        return max(self.first_visible, micros(updated)) if updated else self.first_visible
