"""What a feed's own document says of its newest articles: whatever the format, the same few facts."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from wireroom.clock import micros
from wireroom.serve.documents import Served

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FOREIGN = (ValueError, TypeError, AttributeError, KeyError, ParseError)  # somebody else put it into the store
_Read = tuple[str, Iterator["Headline"]]
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Headline:
    """An article as a reader first sees it; what is not known is empty.

    `language`: only where it is not the feed's. `published` and `updated`: microseconds. `document`: the key of its own
    document.
    """

    title: str
    url: str = ""
    language: str = ""
    published: int | None = None
    updated: int | None = None
    summary: str = ""
    authors: Sequence[str] = ()
    document: str | None = None

    @property
    def revised(self) -> int | None:
        """When it last changed, if that was not when it was published."""
        return self.updated if self.updated != self.published else None


class Contents(NamedTuple):
    """What is in a document: its first articles, and the address of its archive (RFC 5005), empty where it has none."""

    newest: Sequence[Headline] = ()
    archive: str = ""


def contents(served: Served | None, most: int) -> Contents:
    """At most so many articles; nothing of a document that is not as we write them."""
    if served is None:
        return Contents()
    read = _READERS[served.key.rpartition(".")[2]]
    try:
        archive, items = read(served.stored.body)
        return Contents(tuple(islice(items, most)), archive)
    except _FOREIGN:
        return Contents()


def channel(served: Served | None) -> Mapping[str, Any]:
    """What stands before the items of a JSON Feed; nothing of one that is not as we write them."""
    try:
        return dict(json.loads(served.stored.body)) if served else {}
    except _FOREIGN:
        return {}


def _json(body: bytes) -> _Read:
    feed = json.loads(body)
    return _text(feed, "next_url"), map(_item, feed.get("items", ()))


def _item(item: Mapping[str, Any]) -> Headline:
    """Of JSON Feed 1.1; that of all articles also names their documents."""
    return Headline(
        title=_text(item, "title"),
        url=_text(item, "url"),
        language=_text(item, "language"),
        published=_moment(datetime.fromisoformat, _text(item, "date_published")),
        updated=_moment(datetime.fromisoformat, _text(item, "date_modified")),
        summary=_text(item, "summary") or _text(item, "content_text"),
        authors=[author["name"] for author in item.get("authors", ()) if "name" in author],
        document=_key(str(item.get("_wireroom", {}).get("document", ""))),
    )


def _atom(body: bytes) -> _Read:
    root = fromstring(body)
    return _linked(root, "prev-archive"), map(_entry, root.iter(f"{_ATOM}entry"))


def _entry(entry: Element) -> Headline:
    return Headline(
        title=_child(entry, f"{_ATOM}title"),
        url=_linked(entry, "alternate"),
        language=entry.get(_LANG, ""),
        published=_moment(datetime.fromisoformat, _child(entry, f"{_ATOM}published")),
        updated=_moment(datetime.fromisoformat, _child(entry, f"{_ATOM}updated")),
        summary=_child(entry, f"{_ATOM}summary"),
        authors=[_child(author, f"{_ATOM}name") for author in entry.iter(f"{_ATOM}author")],
    )


def _rss(body: bytes) -> _Read:
    root = fromstring(body)
    archive = "".join(_linked(channel, "prev-archive") for channel in root.iter("channel"))
    return archive, map(_rss_item, root.iter("item"))


def _rss_item(item: Element) -> Headline:
    published = _moment(parsedate_to_datetime, _child(item, "pubDate"))
    return Headline(
        title=_child(item, "title"),
        url=_child(item, "link"),
        language=_child(item, f"{_DC}language"),
        published=published,
        updated=published,
        summary=_child(item, "description"),
        authors=[element.text or "" for element in item.iter(f"{_DC}creator")],
    )


_READERS: Mapping[str, Callable[[bytes], _Read]] = {"json": _json, "atom": _atom, "rss": _rss}


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _child(element: Element, tag: str) -> str:
    return element.findtext(tag) or ""


def _linked(element: Element, relation: str) -> str:
    return next((e.get("href", "") for e in element.findall(f"{_ATOM}link") if e.get("rel") == relation), "")


def _key(address: str) -> str | None:
    """The key in the address of an article's document."""
    _, found, rest = address.rpartition("/articles/")
    return f"articles/{rest}" if found else None


def _moment(parse: Callable[[str], datetime], date: str) -> int | None:
    try:
        parsed = parse(date)
    except (ValueError, OverflowError):  # a zone of twenty digits
        return None
    return micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
