"""What programs read to find the feeds: OPML 2.0, a feed menu, and robots.txt."""

import json
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wireroom.serve.catalogue import Feed, Section
from wireroom.serve.selection import in_words
from wireroom.text import legal

TITLE = "Feeds"
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def opml(sections: Sequence[Section]) -> bytes:
    """A subscription list (opml.org/spec2.opml): an outline per publication, in it each feed once, in its first format.

    So that whoever imports it does not subscribe to the same feed three times.
    """
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = TITLE
    body = SubElement(root, "body")
    for section in filter(_offers, sections):
        outline = SubElement(body, "outline", text=legal(section.name))
        for feed in section.feeds:
            SubElement(outline, "outline", _subscription(section, feed, sections))
    indent(root)
    return (_DECLARATION + tostring(root, "unicode") + "\n").encode()


def feed_menu(sections: Sequence[Section]) -> bytes:
    """A Feed Menu (draft-nottingham-feed-menu): a menu per publication; it knows RSS and Atom only."""
    menus = [
        {"feed-menu": section.name, "items": [_item(feed, sections) for feed in section.feeds if _formats(feed)]}
        for section in sections
    ]
    menu = {"feed-menu": TITLE, "items": [menu for menu in menus if menu["items"]]}
    return json.dumps(menu, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"


def robots(sitemaps: Sequence[str]) -> bytes:
    """Everything may be read (RFC 9309), and where the sitemaps are (sitemaps.org)."""
    lines = ["User-agent: *", "Allow: /", *(f"Sitemap: {url}" for url in sitemaps)]
    return ("\n".join(lines) + "\n").encode()


def described(feed: Feed, sections: Sequence[Section]) -> str:
    """What it is about, as it says itself; else what it selects."""
    if feed.settings is None:
        return ""
    names = {section.id: section.name for section in sections}
    return feed.settings.description or in_words(feed.settings, names)


def _offers(section: Section) -> bool:
    return bool(section.feeds)


def _subscription(section: Section, feed: Feed, sections: Sequence[Section]) -> dict[str, str]:
    """`type` is "rss" whatever the format, as the standard has it; `category` is a path, so it has the id."""
    told = {
        "type": "rss",
        "text": feed.title,
        "title": feed.title,
        "xmlUrl": feed.address(feed.formats[0][0]),
        "htmlUrl": section.url,
        "description": described(feed, sections),
        "language": section.language,
        "category": f"/{section.id}",
    }
    return {name: legal(value) for name, value in told.items() if value}


def _item(feed: Feed, sections: Sequence[Section]) -> Mapping[str, str]:
    description = described(feed, sections)
    return {
        "feed-title": feed.title,
        **({"description": description} if description else {}),
        **{ending: feed.address(ending) for ending in _formats(feed)},
    }


def _formats(feed: Feed) -> Sequence[str]:
    return [ending for ending, _ in feed.formats if ending in ("rss", "atom")]
