"""A mapping: which path of a payload fills which field of an event. It is data, in our modules as in a configuration.

A path is a JSON Pointer (RFC 6901) in which `*` stands for every item of a list or every value of an object; it is
relative to the whole payload, or to the item that `each` found. What is empty there (null, false, "", [], {}) is as
if it were not there.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from wireroom.faults import Expected


class Conversion(StrEnum):
    """What may be done to a value on its way. What a conversion does not understand stays as it is, to be a fault."""

    TEXT = "text"  # a number as text
    PLAIN = "plain"  # HTML as plain text: no tags, references decoded, white space collapsed
    PARAGRAPHS = "paragraphs"  # plain text as HTML: a paragraph for each block of lines
    UTC = "utc"  # a date and time without its zone is in UTC; `2026-03-01 09:30:00` and `+0000` are taken too
    SECONDS = "seconds"  # Unix time
    MILLISECONDS = "milliseconds"  # Unix time
    NUMBER = "number"  # a whole number written as text; 0 is nothing
    BYLINE = "byline"  # a name or an address, but nothing when an e-mail address is in it
    ADDRESS = "address"  # an http or https address; anything else is nothing


def _scalars(value: object) -> object:
    """Values to compare with, each as the text by which it is known."""
    return [scalar(each) for each in (value if isinstance(value, list | tuple) else [value])]


def _translations(value: object) -> object:
    return {scalar(key): each for key, each in value.items()} if isinstance(value, Mapping) else value


def scalar(value: object) -> object:
    """A number, true, false or null as the text by which a mapping knows it; anything else as it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int) and value.bit_length() < 64 else value


def _paths(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _rules(value: object) -> object:
    """A rule alone, or its path alone, as a list of rules."""
    rules = [value] if isinstance(value, str | Mapping) else value
    return [{"path": rule} if isinstance(rule, str) else rule for rule in rules] if isinstance(rules, list) else rules


def _lists(value: object) -> object:
    """The same for lists, where the path alone is that of the items."""
    rules = [value] if isinstance(value, str | Mapping) else value
    return [{"each": rule} if isinstance(rule, str) else rule for rule in rules] if isinstance(rules, list) else rules


_POINTER = "a path such as /post/title or /tags/*/name"
Pointer = Annotated[str, Strict(), Field(pattern=r"^(/([^/~]|~[01])*)*$"), Expected(_POINTER)]
_Paths = Annotated[tuple[Pointer, ...], BeforeValidator(_paths)]
_Scalars = Annotated[tuple[str, ...], BeforeValidator(_scalars), Expected("a value to compare with, or several")]
_Convert = Annotated[Conversion | None, Expected(f"one of {', '.join(Conversion)}")]
_Translate = Annotated[Mapping[str, str], BeforeValidator(_translations), Expected("what stands for what")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """Whether the value at `path`, or without one the event of the address, is one of `equals`.

    Numbers, true, false and null are compared as text; what is not there is null.
    """

    path: Pointer | None = None
    equals: _Scalars


class _Each(_Part):
    """Where to look: at each item that one of the paths `each` leads to and for which `where` holds; at the whole."""

    each: _Paths = ()
    where: Condition | None = None


class Value(_Each):
    """The first of `path` where there is something, `convert`ed or `translate`d; else `default`."""

    path: _Paths
    convert: _Convert = None
    translate: _Translate = {}
    default: str | None = None


Rule = Annotated[tuple[Value, ...], BeforeValidator(_rules)]  # the first that finds something; empty: not mapped


class Texts(_Each):
    """Texts: of each item what is at `path`."""

    path: Pointer = ""
    convert: _Convert = None


class Authors(_Each):
    """Bylines; an item without a name is none."""

    name: Rule
    url: Rule = ()


class Images(_Each):
    """Pictures; an item without an address is none."""

    url: Rule
    width: Rule = ()
    height: Rule = ()
    media_type: Rule = ()
    size_bytes: Rule = ()
    caption: Rule = ()
    credit: Rule = ()
    alt: Rule = ()


class RelatedArticles(_Each):
    """Links to other articles; an item without a title or an address is none."""

    title: Rule
    url: Rule


class Origins(_Each):
    """Where the story was first reported: the first item with a name."""

    name: Rule
    url: Rule = ()


class RightsMapping(_Part):
    """Who owns the article and what may be done with it."""

    copyright_holder: Rule = ()
    copyright_notice: Rule = ()
    usage_terms: Rule = ()


class Mapped(_Part):
    """A whole mapping: two conditions, then the fields of an event and of its article by their own names.

    Each has one rule or several: the first that finds something counts.
    """

    ignored: Annotated[tuple[Condition, ...], BeforeValidator(_rules)] = ()
    withdrawn: Annotated[tuple[Condition, ...], BeforeValidator(_rules)] = ()
    article_id: Rule
    revision: Rule = ()
    occurred_at: Rule = ()
    url: Rule = ()
    guid: Rule = ()
    published_at: Rule
    note: Rule = ()
    title: Rule
    subtitle: Rule = ()
    summary: Rule = ()
    body_html: Rule = ()
    language: Rule = ()
    authors: Annotated[tuple[Authors, ...], BeforeValidator(_rules)] = ()
    sections: Annotated[tuple[Texts, ...], BeforeValidator(_lists)] = ()
    tags: Annotated[tuple[Texts, ...], BeforeValidator(_lists)] = ()
    images: Annotated[tuple[Images, ...], BeforeValidator(_rules)] = ()
    related: Annotated[tuple[RelatedArticles, ...], BeforeValidator(_rules)] = ()
    source: Annotated[tuple[Origins, ...], BeforeValidator(_rules)] = ()
    updated_at: Rule = ()
    modified_at: Rule
    embargoed_until: Rule = ()
    expires_at: Rule = ()
    access: Rule = ()
    rights: RightsMapping = RightsMapping()
    previous_urls: Annotated[tuple[Texts, ...], BeforeValidator(_lists)] = ()
