"""What programs read to find the feeds."""

import json
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from jsonschema import Draft202012Validator

from tests.unit.serve.test_catalogue import filled, found
from tests.unit.serve.test_catalogue_page import FEED, SECTION
from wireroom.config import FeedSettings
from wireroom.serve.catalogue import Section
from wireroom.serve.menus import feed_menu, opml, robots

# draft-nottingham-feed-menu, appendix A
FEED_MENU: Any = {
    "$ref": "#/$defs/menu",
    "$defs": {
        "menu": {
            "type": "object",
            "required": ["feed-menu", "items"],
            "properties": {
                "feed-menu": {"type": "string"},
                "items": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/menu"}, {"$ref": "#/$defs/feed"}]}},
            },
            "additionalProperties": False,
        },
        "feed": {
            "type": "object",
            "required": ["feed-title"],
            "anyOf": [{"required": ["rss"]}, {"required": ["atom"]}],
            "properties": {
                "feed-title": {"type": "string"},
                "description": {"type": "string"},
                "rss": {"type": "string", "format": "uri-reference"},
                "atom": {"type": "string", "format": "uri-reference"},
            },
            "additionalProperties": False,
        },
    },
}


def outlines(*sections: Section) -> list[Element]:
    return list(fromstring(opml(sections)).iter("outline"))


def test_opml_keeps_the_rules_of_its_standard() -> None:
    """opml.org/spec2.opml: version, head and body, text in every outline, xmlUrl in every subscription."""
    root = fromstring(opml(found(filled())))
    assert (root.tag, root.attrib) == ("opml", {"version": "2.0"})
    assert [child.tag for child in root] == ["head", "body"]
    assert root.findtext("head/title")
    assert all(parsedate_to_datetime(date.text or "") for date in root.iter("dateModified"))
    assert len(root.findall("body/outline")) > 0
    for outline in root.iter("outline"):
        assert outline.get("text")
        assert (outline.get("type") == "rss") is ("xmlUrl" in outline.attrib) is (len(outline) == 0)
        for path in outline.get("category", "/").split(","):
            assert path.startswith("/")


def test_each_feed_is_in_it_once_under_its_publication() -> None:
    root = fromstring(opml(found(filled())))
    assert [(o.get("text"), [s.get("xmlUrl") for s in o]) for o in root.findall("body/outline")] == [
        (
            "The Harbour Post",
            [f"https://feeds.example/feeds/harbour-post/{feed}.rss" for feed in ("latest", "shipping", "opinion")],
        ),
        ("Fjordposten", ["https://feeds.example/feeds/fjordposten/siste.rss"]),
        ("صحيفة الميناء", ["https://feeds.example/feeds/al-mina/latest.rss"]),
    ]
    first = next(each for each in root.iter("outline") if each.get("type"))
    assert first.attrib == {
        "type": "rss",
        "text": "All news",
        "title": "All news",
        "xmlUrl": "https://feeds.example/feeds/harbour-post/latest.rss",
        "htmlUrl": "https://harbourpost.example/",
        "description": "All articles of The Harbour Post.",
        "language": "en",
        "category": "/harbour-post",
    }


def test_a_feed_says_itself_what_it_is_about() -> None:
    settings = FeedSettings(id="latest", publication="tide", description="Of the sea & its people")
    feed = replace(FEED, settings=settings)
    assert outlines(replace(SECTION, feeds=(feed,)))[1].get("description") == "Of the sea & its people"
    assert "description" not in outlines(SECTION)[1].attrib


@pytest.mark.parametrize("text", ["a\x00b", "\ud83d", "<outline/>", "\" & '", "\ufffe", "\u202eevil"])
def test_no_text_breaks_it(text: str) -> None:
    feed = replace(FEED, title=f"{text}x")
    section = replace(SECTION, name=f"{text}x", feeds=(feed,))
    assert len(outlines(section)) == 2
    json.loads(feed_menu((section,)))


def test_a_menu_keeps_to_its_schema() -> None:
    menu = json.loads(feed_menu(found(filled())))
    Draft202012Validator(FEED_MENU).validate(menu)
    assert [each["feed-menu"] for each in menu["items"]] == ["The Harbour Post", "Fjordposten", "صحيفة الميناء"]
    assert menu["items"][0]["items"][1] == {
        "feed-title": "Shipping & trade",
        "description": "All articles of The Harbour Post.",
        "rss": "https://feeds.example/feeds/harbour-post/shipping.rss",
        "atom": "https://feeds.example/feeds/harbour-post/shipping.atom",
    }


def test_what_a_menu_cannot_offer_is_left_out() -> None:
    only_json = replace(FEED, formats=FEED.formats[1:])
    menu = json.loads(feed_menu((replace(SECTION, feeds=(only_json,)),)))
    Draft202012Validator(FEED_MENU).validate(menu)
    assert menu["items"] == []
    assert outlines(replace(SECTION, feeds=(only_json,)))[1].get("xmlUrl") == only_json.address("json")


def test_without_feeds_all_of_them_are_empty_and_valid() -> None:
    assert outlines(replace(SECTION, feeds=())) == []
    Draft202012Validator(FEED_MENU).validate(json.loads(feed_menu(())))
    assert robots(()) == b"User-agent: *\nAllow: /\n"
