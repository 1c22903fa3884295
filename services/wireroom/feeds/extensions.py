"""Extensions for feedgen, in the shape that it expects: Dublin Core, Media RSS, hubs and tombstones.

Its own are loaded by a failing import for every entry, and none of them knows captions, credits or languages.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lxml import etree

DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
ATOM = "http://www.w3.org/2005/Atom"
AT = "http://purl.org/atompub/tombstones/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Deleted(NamedTuple):
    """A tombstone as Atom shows it: the entry's id, a date of RFC 3339 and why."""

    ref: str
    when: str
    comment: str


class DublinCore:
    """Bylines and language of an RSS item (its own elements want e-mail addresses), the source in both formats."""

    def __init__(self) -> None:
        self.creators: list[str] = []
        self.source: str | None = None
        self.language: str | None = None

    def extend_ns(self) -> dict[str, str]:
        """The prefix for feedgen."""
        return {"dc": DC}

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """After RSS's own elements."""
        _texts(item, f"{{{DC}}}creator", self.creators)
        _texts(item, f"{{{DC}}}source", [self.source])
        _texts(item, f"{{{DC}}}language", [self.language])
        return item

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Atom has bylines, and `xml:lang` for the whole entry (RFC 4287, 2)."""
        if self.language:
            entry.set(XML_LANG, self.language)
        _texts(entry, f"{{{DC}}}source", [self.source])
        return entry


class MediaRss:
    """Pictures with caption, credit and alternative text (Media RSS 1.5.1), each a `media:content` of its own."""

    def __init__(self) -> None:
        self.images: list[Mapping[str, Any]] = []

    def extend_ns(self) -> dict[str, str]:
        """The prefix for feedgen."""
        return {"media": MEDIA}

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """The same in both formats."""
        for image in self.images:
            content = etree.SubElement(item, f"{{{MEDIA}}}content", url=image["url"], medium="image")
            for attribute, key in (("type", "type"), ("width", "width"), ("height", "height"), ("fileSize", "length")):
                if key in image:
                    content.set(attribute, str(image[key]))
            for name, key in (("description", "caption"), ("credit", "credit"), ("text", "alt")):
                _texts(content, f"{{{MEDIA}}}{name}", [image.get(key)])
        return item

    extend_atom = extend_rss


class Hubs:
    """Hubs in RSS, of whose links of Atom feedgen writes only `self`."""

    def __init__(self) -> None:
        self.hubs: Iterable[str] = ()

    def extend_ns(self) -> dict[str, str]:
        """None: feedgen has that of Atom."""
        return {}

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """After the channel's own elements."""
        for hub in self.hubs:
            etree.SubElement(feed[0], f"{{{ATOM}}}link", href=hub, rel="hub")
        return feed


class Tombstones:
    """Withdrawn entries (RFC 6721), which feedgen puts before the others, as RELAX NG wants it."""

    def __init__(self) -> None:
        self.deleted: Iterable[Deleted] = ()

    def extend_ns(self) -> dict[str, str]:
        """The prefix for feedgen."""
        return {"at": AT}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """After the feed's own elements."""
        for deleted in self.deleted:
            element = etree.SubElement(feed, f"{{{AT}}}deleted-entry", ref=deleted.ref, when=deleted.when)
            _texts(element, f"{{{AT}}}comment", [deleted.comment])
        return feed


def _texts(parent: etree._Element, tag: str, values: Iterable[str | None]) -> None:
    for value in filter(None, values):
        etree.SubElement(parent, tag).text = value
