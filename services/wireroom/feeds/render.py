"""RSS 2.0 and Atom 1.0 by feedgen, the only module that knows it: entries one by one, then spliced.

What stands before the entries, and each entry, is rendered by feedgen once and kept; a document is their
concatenation, byte-identical to what feedgen makes of the whole (but for the comment with the generation).
Fenced off: dates default to now; entry links in Atom lose all but `href`; every date sets the process's locale.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from wireroom.clock import SECOND, moment
from wireroom.feeds.channel import Channel, Item, atom_id, rfc3339
from wireroom.feeds.extensions import AT, ATOM, DC, MEDIA, Deleted, DublinCore, Hubs, MediaRss, Tombstones
from wireroom.feeds.fragments import Fragments, Pieces

feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = format_datetime  # its own calls setlocale, in all threads

_THEN = datetime(2000, 1, 1, tzinfo=UTC)  # stands in a kept header where the real date goes
_RSS_DATE = b"<lastBuildDate>%b</lastBuildDate>" % format_datetime(_THEN).encode()
_ATOM_DATE = b"<updated>%b</updated>" % _THEN.isoformat().encode()
_RSS_SPACES = {
    "dc": DC,
    "media": MEDIA,
    "atom": ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",
}
_ATOM_SPACES = {"dc": DC, "media": MEDIA, "at": AT}
_COMMENT = b"<!-- wireroom:generation "


def rss(channel: Channel, items: Sequence[Item], fragments: Fragments) -> Pieces:
    """The document; an empty feed was never built."""
    before, after = _rss_header(channel)
    newest = max((item.content["updated"] for item in items), default=None)
    built = b"" if newest is None else b"<lastBuildDate>%b</lastBuildDate>" % format_datetime(_seconds(newest)).encode()
    entries = [fragments.get("rss", item, _rss_fragment) for item in items]
    return Pieces(before, (built, after, *entries, b"</channel>", _COMMENT), b" --></rss>")


def atom(channel: Channel, items: Sequence[Item], deleted: tuple[Deleted, ...], fragments: Fragments) -> Pieces:
    """The same for Atom; `deleted` are the tombstones, newest first."""
    before, after = _atom_header(channel, deleted)
    newest = max((item.content["updated"] for item in items), default=0)
    updated = max([rfc3339(newest), *(grave.when for grave in deleted)])
    entries = [fragments.get("atom", item, _atom_fragment) for item in items]
    date = b"<updated>%b</updated>" % updated.encode()
    return Pieces(before, (date, after, *entries, _COMMENT), b" --></feed>")


def generator(channel: Channel, deleted: Sequence[Deleted] = ()) -> FeedGenerator:
    """What stands before the entries, as feedgen's own object. Its dates must still be set."""
    feed = FeedGenerator()
    feed.register_extension("dc", DublinCore, DublinCore)
    feed.register_extension("media", MediaRss, MediaRss)
    feed.register_extension("at", Tombstones, None, rss=False)
    feed.register_extension("hubs", Hubs, None, atom=False)
    feed.hubs.hubs = channel.hubs
    feed.at.deleted = deleted
    feed.id(channel.id)
    feed.title(channel.title)
    feed.description(channel.description)
    feed.language(channel.language)
    feed.author({"name": channel.publisher, "uri": channel.home})
    feed.generator("Wireroom")
    return feed


def rss_header(channel: Channel) -> FeedGenerator:
    """Before the items of RSS. The self link comes first: feedgen takes the last one for `link`."""
    feed = generator(channel)
    feed.link(href=channel.address, rel="self", type="application/rss+xml")
    feed.link(href=channel.home, rel="alternate")
    return feed


def atom_header(channel: Channel, deleted: Sequence[Deleted]) -> FeedGenerator:
    """Before the entries of Atom."""
    feed = generator(channel, deleted)
    feed.link(href=channel.address, rel="self", type="application/atom+xml")
    feed.link(href=channel.home, rel="alternate", type="text/html")
    for hub in channel.hubs:
        feed.link(href=hub, rel="hub")
    return feed


def rss_entry(item: Item) -> FeedEntry:
    """An item of RSS, as feedgen's own object: description before content:encoded, the guid no permalink."""
    entry = _common(FeedEntry(), item)
    entry.guid(item.guid, permalink=False)
    entry.description(item.blurb)
    if item.body:
        entry.content(item.body, type="CDATA")
    entry.dc.creators = [author["name"] for author in item.authors]
    return entry


def atom_entry(item: Item) -> FeedEntry:
    """An entry of Atom, as feedgen's own object."""
    content = item.content
    entry = _common(_AtomEntry(), item)
    entry.id(atom_id(item.guid, item.entry.id))
    entry.updated(_seconds(content["updated"]))
    entry.author([{"name": author["name"], "uri": author.get("url")} for author in item.authors])
    if content.get("summary") or not item.body:  # RFC 4287, 4.1.1.1: text should be in one of the two
        entry.summary(item.blurb)
    if item.body:
        entry.content(item.body, type="html")
    entry.link([_enclosure(image) for image in content.get("images", ())])
    return entry


def _enclosure(image: Mapping[str, Any]) -> dict[str, Any]:
    """Its length only where it is known (RFC 4287, 4.2.7.6, calls it a hint: a lie is worse than none)."""
    length = str(image["length"]) if "length" in image else None
    return {"href": image["url"], "rel": "enclosure", "type": image.get("type"), "length": length}


class _AtomEntry(FeedEntry):  # type: ignore[misc]  # feedgen has no types
    """Entry links with all their attributes (feedgen's loop shadows its own variable)."""

    def atom_entry(self, extensions: bool = True) -> etree._Element:
        entry: etree._Element = super().atom_entry(extensions)
        for element, link in zip(entry.findall("link"), self.link(), strict=True):
            for name in ("rel", "type", "title", "length"):
                if link.get(name):
                    element.set(name, link[name])
        return entry


def _common(entry: FeedEntry, item: Item) -> FeedEntry:
    content = item.content
    entry.register_extension("dc", DublinCore)
    entry.register_extension("media", MediaRss)
    entry.title(content["title"])
    entry.link({"href": content["url"], "rel": "alternate"})
    entry.published(_seconds(content["published"]))
    entry.category([{"term": category} for category in item.categories])
    entry.dc.source = content.get("source", {}).get("name")
    entry.dc.language = item.language
    entry.media.images = content.get("images", [])
    return entry


@lru_cache(maxsize=256)
def _rss_header(channel: Channel) -> tuple[bytes, bytes]:
    feed = rss_header(channel)
    feed.lastBuildDate(_THEN)
    before, _, after = feed.rss_str().removesuffix(b"</channel></rss>").partition(_RSS_DATE)
    return before, after


@lru_cache(maxsize=256)
def _atom_header(channel: Channel, deleted: tuple[Deleted, ...]) -> tuple[bytes, bytes]:
    feed = atom_header(channel, deleted)
    feed.updated(_THEN)
    before, _, after = feed.atom_str().removesuffix(b"</feed>").partition(_ATOM_DATE)
    return before, after


def _rss_fragment(item: Item) -> bytes:
    return _cut(rss_entry(item).rss_entry(), _RSS_SPACES)


def _atom_fragment(item: Item) -> bytes:
    return _cut(atom_entry(item).atom_entry(), _ATOM_SPACES)


def _cut(entry: etree._Element, spaces: dict[str, str]) -> bytes:
    """An entry as it stands in its document: inside a root that declares the same prefixes."""
    root = etree.Element("w", nsmap=spaces)
    root.append(entry)
    whole = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return whole[whole.index(b">") + 1 : -len(b"</w>")]


def _seconds(time: int) -> datetime:
    """RSS knows no fractions; so that all formats agree, Atom gets none."""
    return moment(time - time % SECOND)
