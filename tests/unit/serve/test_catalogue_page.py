"""The catalogue as a page."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from wireroom.clock import DAY, HOUR, MINUTE, SECOND
from wireroom.serve.catalogue import Feed, Section
from wireroom.serve.catalogue_page import catalogue_page
from wireroom.serve.headlines import Headline
from wireroom.serve.page import ago, direction

NOW = 1_767_268_800 * SECOND  # 2026-01-01T12:00:00Z
FEED = Feed(
    publication="tide",
    id="latest",
    title="All news",
    formats=(("rss", "feeds/tide/latest.rss"), ("json", "feeds/tide/latest.json")),
    updated=NOW - 3 * MINUTE,
    base="https://feeds.example/",
)
HEADLINE = Headline(
    "High water at noon", "https://tide.example/1", "en", NOW - 2 * HOUR, document="articles/tide/1.json"
)
SECTION = Section(
    "tide",
    "The Tide",
    "en",
    "https://tide.example/",
    (FEED,),
    "sitemaps/tide/news.xml",
    "articles/tide.json",
    (HEADLINE,),
)


def parsed(*sections: Section) -> html.HtmlElement:
    return html.document_fromstring(catalogue_page(sections, NOW, NOW).decode())


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (-SECOND, "just now"),
        (4 * SECOND, "just now"),
        (5 * SECOND, "5 s ago"),
        (MINUTE - 1, "59 s ago"),
        (MINUTE, "1 min ago"),
        (3 * MINUTE, "3 min ago"),
        (HOUR - 1, "59 min ago"),
        (HOUR, "1 h ago"),
        (2 * DAY - 1, "47 h ago"),
        (2 * DAY, "2 days ago"),
        (8 * DAY - 1, "7 days ago"),
        (8 * DAY, "24 Dec 2025"),
    ],
)
def test_an_age_is_told_for_people(age: int, words: str) -> None:
    assert ago(NOW - age, NOW) == words


def test_every_format_is_linked_and_announced() -> None:
    tree = parsed(SECTION)
    announced = [
        (link.get("type"), link.get("href"), link.get("title")) for link in tree.xpath("//link[@rel='alternate']")
    ]
    assert announced == [
        ("application/rss+xml", "feeds/tide/latest.rss", "The Tide: All news (RSS)"),
        ("application/feed+json", "feeds/tide/latest.json", "The Tide: All news (JSON)"),
        ("text/x-opml", "feeds.opml", "All feeds (OPML)"),
    ]
    links = set(tree.xpath("//main//a/@href"))
    assert "feeds/tide/latest" in links
    assert {"feeds/tide/latest.rss", "feeds/tide/latest.json", "sitemaps/tide/news.xml", "articles/tide.json"} <= links
    assert {"https://tide.example/", "https://tide.example/1", "articles/tide/1.json"} <= links


def test_it_tells_what_is_fresh_with_the_absolute_time_at_hand() -> None:
    tree = parsed(SECTION)
    for time in tree.xpath("//header//time | //ul[@class='feeds']//time"):
        assert (time.text, time.get("datetime")) == ("3 min ago", "2026-01-01T11:57:00Z")
        assert time.get("title") == "1 January 2026, 11:57:00 UTC"
    assert tree.xpath("//ol//time/text()") == ["2 h ago"]
    assert len(tree.xpath("//*[@class='fresh']")) == 1
    old = replace(SECTION, feeds=(replace(FEED, updated=NOW - HOUR),))
    assert not parsed(old).xpath("//*[@class='fresh']")


def test_an_empty_store_says_how_to_begin() -> None:
    tree = parsed()
    assert "wireroom publish article.json" in tree.xpath("//main//code/text()")
    assert not tree.xpath("//nav | //link[@rel='alternate' and @type!='text/x-opml'] | //time")


def test_a_publication_without_anything_is_still_named() -> None:
    tree = parsed(replace(SECTION, feeds=(), sitemap=None, listing=None, newest=(), url="", language="und"))
    assert tree.xpath("string(//h2)") == "The Tide"
    assert tree.xpath("//section//p/text()") == ["Nothing has been published yet.", "No articles yet."]
    assert not tree.xpath("//ul[@class='facts']/li")


def test_it_can_be_read_by_everyone() -> None:
    """Landmarks, one first heading, no heading level left out, names for sections, the language of each headline."""
    other = replace(SECTION, id="flo", name="Flo", newest=(replace(HEADLINE, language="no"),))
    tree = parsed(SECTION, other)
    assert tree.get("lang") == "en"
    assert [len(tree.xpath(f"//{landmark}")) for landmark in ("header", "main", "nav", "footer", "h1")] == [1] * 5
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1 | //h2 | //h3 | //h4")]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for section in tree.xpath("//section"):
        assert tree.get_element_by_id(section.get("aria-labelledby")).text_content()
    assert tree.xpath("//ol//a/@lang") == ["en", "no"]
    assert tree.xpath("//a[@class='skip']/@href") == ["#content"]
    assert tree.xpath("//main/@id") == ["content"]
    assert len(set(tree.xpath("//@id"))) == len(tree.xpath("//@id"))


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("<>&\"'/"), min_size=1, max_size=20)


@given(texts, texts, texts)
def test_no_text_becomes_markup(name: str, title: str, headline: str) -> None:
    feed = replace(FEED, title=title)
    tree = parsed(replace(SECTION, name=name, feeds=(feed,), newest=(replace(HEADLINE, title=headline),)))
    plain = parsed(SECTION)
    assert [element.tag for element in tree.iter()] == [element.tag for element in plain.iter()]
    assert tree.xpath("string(//h2)") == name
    assert tree.xpath("string(//*[@class='name'])") == title
    assert tree.xpath("string(//ol//a)") == headline


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "//evil.example", ""]
)
def test_only_web_addresses_become_links(address: str) -> None:
    tree = parsed(replace(SECTION, url=address, newest=(replace(HEADLINE, url=address),)))
    assert address not in tree.xpath("//a/@href")
    assert tree.xpath("string(//ol/li/span)") == HEADLINE.title


def test_broken_characters_do_not_break_the_page() -> None:
    assert "half ? a pair" in parsed(replace(SECTION, name="half \ud83d a pair")).text_content()


def test_the_page_does_not_remember_when_it_was_rendered() -> None:
    later = html.document_fromstring(catalogue_page((SECTION,), NOW + 4 * MINUTE, NOW + 4 * MINUTE).decode())
    assert later.xpath("//header//time/text()") == ["7 min ago"]
    assert later.xpath("//header//time/@title") == parsed(SECTION).xpath("//header//time/@title")


def test_a_page_that_cannot_be_brought_up_to_date_says_so() -> None:
    fresh = catalogue_page((SECTION,), NOW, NOW + 9 * SECOND)
    assert not html.document_fromstring(fresh.decode()).xpath("//*[@role='status']")
    old = html.document_fromstring(catalogue_page((SECTION,), NOW, NOW + 3 * MINUTE).decode())
    assert str(old.xpath("string(//*[@role='status'])")).endswith("It shows what there was 3 min ago.")


@pytest.mark.parametrize("language", ["ar", "he", "fa-AF", "ckb", "pa-Arab", "yi", "dv"])
def test_what_is_written_from_the_right_stands_at_the_right(language: str) -> None:
    assert direction(language) == "rtl"
    tree = parsed(replace(SECTION, language=language))
    assert tree.xpath("//ol/@dir") == ["rtl"]


@pytest.mark.parametrize("language", ["en", "nb", "zh-Hans", "pa", "az", "und", "", "no such tag", "x"])
def test_what_is_not_stands_at_the_left(language: str) -> None:
    assert direction(language) is None
