"""The event model: what a publishing system says about one article, as in `schemas/article_event.avsc`.

Invalid input raises InvalidEvent with every fault at once, from `ArticleEvent.parse(…)` (JSON-shaped) as from
`ArticleEvent(…)`; what may stand in a field is said in `wireroom.fields`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self, TypeVar
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wireroom.clock import micros
from wireroom.errors import Fault, InvalidEvent
from wireroom.faults import NOTHING, faults_of, found, oversize
from wireroom.fields import (
    MANY,
    ArticleId,
    Bytes,
    Few,
    Id,
    Language,
    Line,
    MediaType,
    Moment,
    Name,
    Person,
    PersonalUrl,
    Pixels,
    Revision,
    Text,
    Url,
)
from wireroom.once import once

GUIDS = UUID("6f0d5c1e-52a4-4d0b-9d0e-3b1a7f1f6c11")  # the fixed namespace of minted guids of articles


T = TypeVar("T")


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


_SHOWN = (Kind.PUBLISHED, Kind.UPDATED, Kind.CORRECTED)


class Order(NamedTuple):
    """Which of two events about one article wins: the greater, whatever the order of arrival."""

    revision: int
    withdrawn: bool
    occurred_at: int
    event_id: str


class Facts(NamedTuple):
    """What an edition must know of an event beside the article that it shows."""

    id: str
    order: Order
    sort_key: tuple[int, str]
    guid: str | None
    note: str | None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(once,))

    def __init__(self, **data: object) -> None:
        _checked(type(self), data, lambda: BaseModel.__init__(self, **data))

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # else decoding calls it for every part

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, validated like any other. Raises InvalidEvent."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **update}) if update else super().model_copy(deep=deep)

    @classmethod
    def _contradictions(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong with fields that may each be right."""
        yield from ()


def _checked(model: type[_Part], data: Mapping[str, Any], build: Callable[[], T]) -> T:
    contradictions = list(model._contradictions(data))
    try:
        built = build()
    except ValidationError as error:
        raise InvalidEvent([*faults_of(error, model), *contradictions, *oversize(data)]) from error
    if contradictions:
        raise InvalidEvent([*contradictions, *oversize(data)])
    return built


class Author(_Part):
    """A byline."""

    name: Person
    url: PersonalUrl | None = None


class Image(_Part):
    """A picture; the first one of an article leads."""

    url: Url
    width: Pixels | None = None
    height: Pixels | None = None
    media_type: MediaType | None = None
    size_bytes: Bytes | None = None
    caption: Text | None = None
    credit: Text | None = None
    alt: Text | None = None

    @property
    def is_picture(self) -> bool:
        """Whether it may be shown as one: partners refuse the whole entry for something of another type."""
        return self.media_type is None or self.media_type.lower().startswith("image/")


class Related(_Part):
    """A link to another article."""

    title: Name
    url: Url


class Source(_Part):
    """Where the story was first reported."""

    name: Name
    url: Url | None = None


class Rights(_Part):
    """Who owns the article and what may be done with it."""

    copyright_holder: Text | None = None
    copyright_notice: Text | None = None
    usage_terms: Text | None = None


class Article(_Part):
    """The full state of an article at a revision."""

    title: Name
    subtitle: Text | None = None
    summary: Text | None = None
    body_html: Text | None = None
    language: Language | None = None
    authors: Annotated[tuple[Author, ...], Few()] = ()
    sections: Annotated[tuple[Name, ...], Few()] = ()
    tags: Annotated[tuple[Name, ...], Few()] = ()
    images: Annotated[tuple[Image, ...], Few()] = ()
    related: Annotated[tuple[Related, ...], Few()] = ()
    source: Source | None = None
    updated_at: Moment | None = None
    modified_at: Moment
    embargoed_until: Moment | None = None
    expires_at: Moment | None = None
    access: Access = Access.FREE
    rights: Rights | None = None
    previous_urls: Annotated[tuple[Url, ...], Few()] = ()
    exclude: Annotated[tuple[Id, ...], Few()] = ()
    extra: Annotated[Mapping[Text, Text], Field(max_length=MANY)] = Field(default_factory=dict)


class ArticleEvent(_Part):
    """One message on the log: an article at a revision, or its withdrawal (`article` is None)."""

    event_id: Line = Field(default_factory=lambda: str(uuid4()))
    kind: Kind
    publication: Id
    article_id: ArticleId
    revision: Revision
    occurred_at: Moment
    url: Url | None = None
    guid: Line | None = None
    published_at: Moment
    note: Text | None = None
    article: Article | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """An event from a JSON object, its dates as RFC 3339 text. Raises InvalidEvent with every fault."""
        if not isinstance(data, Mapping):
            raise InvalidEvent([Fault("", found(data), "an object")])
        return _checked(cls, data, lambda: cls.model_validate(data))

    @classmethod
    def _contradictions(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        kind, url, article = data.get("kind"), data.get("url"), data.get("article")
        if kind == Kind.WITHDRAWN and article is not None:
            yield Fault("article", "an article", "null: a withdrawal carries none")
        if kind in _SHOWN and article is None:
            yield Fault("article", NOTHING, "an object, null only when WITHDRAWN")
        if kind in _SHOWN and url is None:
            yield Fault("url", NOTHING, "the canonical address, null only when WITHDRAWN")

    @once
    def id(self) -> str:
        """The article's identity as one string: `publication/article_id`."""
        return f"{self.publication}/{self.article_id}"

    @once
    def order(self) -> Order:
        """Its place among all events about the same article."""
        return Order(self.revision, self.kind is Kind.WITHDRAWN, micros(self.occurred_at), self.event_id)

    @once
    def sort_key(self) -> tuple[int, str]:
        """First publication in microseconds, and the identity: it never moves."""
        return micros(self.published_at), self.id

    @once
    def facts(self) -> Facts:
        """What is left of it once its article is let go."""
        return Facts(self.id, self.order, self.sort_key, self.guid, self.note)

    @property
    def minted_guid(self) -> str:
        """The guid made from the identity: it never follows URL or title."""
        return uuid5(GUIDS, self.id).urn

    @once
    def first_visible(self) -> int:
        """First visible date, in microseconds: the later of publication and embargo."""
        embargo = self.article and self.article.embargoed_until
        return micros(max(self.published_at, embargo) if embargo else self.published_at)

    @once
    def visible_from(self) -> int:
        """When it may be shown, in microseconds: nothing dated in the future shows anywhere."""
        if self.article is None:
            return self.first_visible
        updated, modified = self.article.updated_at, self.article.modified_at
        return max(self.first_visible, micros(max(updated, modified) if updated else modified))

    @property
    def significant_at(self) -> int:
        """The last change that readers should notice, in microseconds; never before the first visible date."""
        updated = self.article.updated_at if self.article else None
        return max(self.first_visible, micros(updated)) if updated else self.first_visible

    @property
    def expires(self) -> int | None:
        """When it goes by the clock, in microseconds; None: never."""
        moment = self.article.expires_at if self.article else None
        return None if moment is None else micros(moment)
