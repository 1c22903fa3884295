"""RSS and Atom: what feedgen would make of the whole, and what a reader is owed."""

import locale
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from tests.unit.feeds.reading import attributes, body, declared, feed, found, latest, tree
from tests.unit.newsroom import HOUR, NOON, PUBLICATIONS, published, withdrawn
from wireroom.clock import moment
from wireroom.config import FeedSettings
from wireroom.document import Document, generation_of
from wireroom.edition import shown
from wireroom.event import Author, Image, Source
from wireroom.feeds import render
from wireroom.feeds.channel import Channel, Item, channel, items
from wireroom.feeds.extensions import Deleted
from wireroom.feeds.fragments import Fragments, Pieces

LATEST = FeedSettings(id="latest", publication="fjordposten", description="Fra havna & byen")
HUBS = "https://feeds.example/hub", "https://hub.example/"
ABOUT = channel(LATEST, PUBLICATIONS["fjordposten"], "https://feeds.example/latest.rss", HUBS)
PHOTO = Image(
    url="https://bilder.example/ferge.jpg?b=1&h=2",
    media_type="image/jpeg",
    size_bytes=90_001,
    width=1600,
    height=900,
    caption="Ved kaia <i dag>",
    credit="Kari Lund",
    alt="En ferge",
)
FULL: dict[str, Any] = {
    "summary": "Kort & godt",
    "body_html": "<p>Lang &amp; <b>god</b> ]]&gt; 🚢</p>",
    "authors": [Author(name="Kari Lund", url="https://fjordposten.example/kari"), Author(name="Ola")],
    "sections": ["Sjø"],
    "tags": ["Ferge", "Sjø"],
    "images": [PHOTO, PHOTO],
    "source": Source(name="NTB", url="https://ntb.example/"),
    "language": "ar",
}


def listed() -> list[Item]:
    desk = latest()
    some = [published(f"{n}", at=NOON - n * HOUR, **(FULL if n % 2 else {})) for n in range(6)]
    desk.read(*some, now=NOON)
    return items(LATEST, shown(desk.edition, desk.definition.window), PUBLICATIONS)


def by_feedgen(generator: FeedGenerator, entries: Iterable[FeedEntry], newest: int) -> FeedGenerator:
    generator.updated(moment(newest))
    generator.lastBuildDate(moment(newest))
    generator.entry(list(entries))
    return generator


def document(key: str, pieces: Pieces) -> Document:
    return Document(key, "", b"".join((pieces.head, *pieces.parts)), pieces.tail)


def without_comment(pieces: Pieces) -> bytes:
    return document("", pieces).body(3).replace(b"<!-- wireroom:generation 3 -->", b"")


def test_rss_is_byte_identical_to_feedgens_own() -> None:
    entries, fragments = listed(), Fragments()
    whole = by_feedgen(render.rss_header(ABOUT), map(render.rss_entry, entries), entries[0].content["updated"])
    assert without_comment(render.rss(ABOUT, entries, fragments)) == whole.rss_str()
    assert without_comment(render.rss(ABOUT, entries, fragments)) == whole.rss_str()


def test_atom_is_byte_identical_to_feedgens_own() -> None:
    entries, deleted = listed(), (Deleted("urn:uuid:x", "2026-01-01T00:00:00+00:00", "b & c"),)
    header = render.atom_header(ABOUT, deleted)
    whole = by_feedgen(header, map(render.atom_entry, entries), entries[0].content["updated"])
    assert without_comment(render.atom(ABOUT, entries, deleted, Fragments())) == whole.atom_str()


def test_a_body_may_hold_what_ends_cdata() -> None:
    [item, *_] = listed()
    trap = replace(item, entry=item.entry._replace(content={**item.content, "body": "<p>]]></p>"}))
    documents = {"x.rss": document("x.rss", render.rss(ABOUT, [trap], Fragments()))}
    assert found(documents, "rss", "channel/item/content:encoded") == ["<p>]]></p>"]


def test_rendering_leaves_the_locale_of_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads of `up` format dates too."""
    monkeypatch.setattr(locale, "setlocale", lambda *_: pytest.fail("the locale is the whole process's"))
    assert body(latest().read(published(), now=NOON), "rss")


def test_rss_of_a_full_article() -> None:
    documents = latest().read(published(**FULL), now=NOON)
    order = [etree.QName(element).localname for element in tree(documents, "rss").iterfind("channel/item/*")]
    assert order.index("description") < order.index("encoded")
    assert not {"enclosure", "author"} & set(order)
    assert found(documents, "rss", "channel/item/dc:creator") == ["Kari Lund", "Ola"]
    assert found(documents, "rss", "channel/item/dc:source") == ["NTB"]
    assert found(documents, "rss", "channel/item/category") == ["Sjø", "Ferge"]
    assert attributes(documents, "rss", "channel/item/guid") == [{"isPermaLink": "false"}]


@pytest.mark.parametrize(("form", "path"), [("rss", "channel/item/m:content"), ("atom", "a:entry/m:content")])
def test_a_picture_with_caption_credit_and_alternative_text(form: str, path: str) -> None:
    documents = latest().read(published(images=[PHOTO, PHOTO]), now=NOON)
    expected = {"url": PHOTO.url, "medium": "image", "type": "image/jpeg", "fileSize": "90001"}
    assert attributes(documents, form, path) == [{**expected, "width": "1600", "height": "900"}] * 2
    for name, text in (("description", PHOTO.caption), ("credit", PHOTO.credit), ("text", PHOTO.alt)):
        assert found(documents, form, f"{path}/m:{name}") == [text] * 2


def test_atom_of_a_full_article() -> None:
    documents = latest().read(published(**FULL), now=NOON)
    assert found(documents, "atom", "a:entry/a:author/a:name") == ["Kari Lund", "Ola"]
    assert found(documents, "atom", "a:entry/a:author/a:uri") == ["https://fjordposten.example/kari"]
    assert attributes(documents, "atom", "a:entry/a:content") == [{"type": "html"}]
    enclosure = {"href": PHOTO.url, "rel": "enclosure", "type": "image/jpeg", "length": "90001"}
    alternate = {"href": "https://fjordposten.example/nyheter/17", "rel": "alternate"}
    assert attributes(documents, "atom", "a:entry/a:link") == [alternate, enclosure, enclosure]
    assert attributes(documents, "atom", "a:entry/a:category") == [{"term": "Sjø"}, {"term": "Ferge"}]
    assert found(documents, "atom", "a:entry/dc:source") == ["NTB"]


@pytest.mark.parametrize(
    ("fields", "summaries"),
    [
        ({}, ["Fergen gikk på grunn (17)"]),
        ({"summary": "Kort"}, ["Kort"]),
        ({"body_html": "<p>Lang</p>"}, []),
        ({"body_html": "<p>Lang</p>", "access": "PAID"}, ["Fergen gikk på grunn (17)"]),
    ],
)
def test_an_entry_of_atom_says_something_in_summary_or_content(fields: dict[str, Any], summaries: list[str]) -> None:
    assert found(latest().read(published(**fields), now=NOON), "atom", "a:entry/a:summary") == summaries


def test_the_channel_says_what_it_is() -> None:
    documents = declared(title="Fjord & fjell").read(published(), now=NOON)
    assert found(documents, "rss", "channel/title") == found(documents, "atom", "a:title") == ["Fjord & fjell"]
    assert (
        found(documents, "rss", "channel/link")
        == [feed(documents)["home_page_url"]]
        == ["https://fjordposten.example/"]
    )
    address = "https://feeds.example/feeds/fjordposten/siste"
    own = {"href": f"{address}.rss", "rel": "self", "type": "application/rss+xml"}
    assert attributes(documents, "rss", "channel/a:link") == [own]
    links = attributes(documents, "atom", "a:link")
    assert {link["rel"]: link["href"] for link in links} == {
        "self": f"{address}.atom",
        "alternate": "https://fjordposten.example/",
    }
    assert found(documents, "atom", "a:author/a:name") == ["Fjordposten"]


def test_a_title_or_a_publication_that_is_renamed_shows_at_once() -> None:
    one, other = ABOUT._replace(title="Før"), ABOUT._replace(title="Etter")
    assert [b"<title>F\xc3\xb8r<" in render.rss(about, [], Fragments())[0] for about in (one, other)] == [True, False]


@pytest.mark.parametrize("title", ["<lastBuildDate>Sat, 01 Jan 2000 00:00:00 +0000</lastBuildDate>", "]]>", "<!--"])
def test_a_title_is_only_text(title: str) -> None:
    about: Channel = ABOUT._replace(title=title, description=title)
    entries = listed()
    for form, pieces in (
        ("rss", render.rss(about, entries, Fragments())),
        ("atom", render.atom(about, entries, (), Fragments())),
    ):
        documents = {f"x.{form}": document(f"x.{form}", pieces)}
        path = "channel/title" if form == "rss" else "a:title"
        assert found(documents, form, path) == [title]
    assert b"<lastBuildDate>Mon, 02 Mar 2026" in render.rss(about, entries, Fragments()).parts[0]


def test_the_feed_is_as_new_as_its_newest_change() -> None:
    desk = latest()
    events = [published("1", at=NOON - 2 * HOUR, updated_at=NOON - HOUR), published("2", at=NOON - 3 * HOUR)]
    documents = desk.read(*events, now=NOON)
    assert found(documents, "rss", "channel/lastBuildDate") == ["Mon, 02 Mar 2026 11:00:00 +0000"]
    assert found(documents, "atom", "a:updated") == ["2026-03-02T11:00:00+00:00"]
    documents = desk.read(withdrawn("2", occurred_at=NOON), now=NOON)
    assert found(documents, "atom", "a:updated") == ["2026-03-02T12:00:00+00:00"]


def test_no_date_has_a_fraction() -> None:
    exact = NOON.replace(microsecond=999_999)
    documents = latest().read(published(at=exact, updated_at=exact), now=NOON + HOUR)
    assert b"12:00:00.9" not in body(documents, "atom") + body(documents, "json")


@pytest.mark.parametrize(
    ("guid", "adopted"),
    [
        ("https://gammel.example/?p=1", True),
        ("tag:gammel.example,2019:1", True),
        ("urn:uuid:59e8d7a0-1111-5f00-8000-000000000000", True),
        ("12345", False),
        ("/nyheter/1", False),
        ("http://gammel.example/a b", False),
    ],
)
def test_atom_adopts_a_guid_that_is_an_iri(guid: str, adopted: bool) -> None:
    documents = latest().read(published(guid=guid), now=NOON)
    assert found(documents, "rss", "channel/item/guid") == [guid]
    assert (found(documents, "atom", "a:entry/a:id") == [guid]) is adopted
    assert found(documents, "atom", "a:entry/a:id")[0] != "12345"


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_the_generation_is_in_the_body(form: str) -> None:
    trap = '<!-- wireroom:generation 99 --> "_wireroom":{"generation":99'
    documents = latest().read(published(title=trap, body_html=trap), now=NOON)
    assert generation_of(body(documents, form)) == 7
