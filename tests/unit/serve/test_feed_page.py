"""A feed as a page."""

from dataclasses import replace
from itertools import pairwise

import pytest
from lxml import html

from tests.unit.serve.test_catalogue_page import FEED, HEADLINE, NOW, SECTION
from wireroom.clock import HOUR, MINUTE
from wireroom.config import FeedSettings, Selection
from wireroom.serve.catalogue import Feed, Section
from wireroom.serve.feed_page import feed_page
from wireroom.serve.headlines import Contents, Headline

SETTINGS = FeedSettings(
    id="latest",
    publication="tide",
    description="Of the sea & its people",
    include=Selection(sections=("الساحل", "Coast")),
)
DECLARED, SHOWN = replace(FEED, settings=SETTINGS), Contents((HEADLINE,))


def parsed(feed: Feed = DECLARED, section: Section = SECTION, shown: Contents = SHOWN) -> html.HtmlElement:
    section = replace(section, feeds=(feed,))
    return html.document_fromstring(feed_page(feed, (section,), shown, NOW, NOW).decode())


def test_it_says_what_the_feed_is_and_what_it_selects() -> None:
    tree = parsed()
    assert tree.xpath("string(//title)") == "The Tide: All news"
    assert tree.xpath("string(//h1)") == "All news"
    assert tree.xpath("string(//p[@class='standfirst'])") == "Of the sea & its people"
    words = "Articles of The Tide in the sections الساحل or Coast. The newest 50, each with its full text; "
    assert tree.xpath("string(//p[@class='summary'])") == f"{words}those for subscribers with their summary."
    assert tree.xpath("//p[@class='summary']/bdi/text()") == ["The Tide", "الساحل", "Coast"]
    assert tree.xpath("string((//p[@class='summary'])[2])") == "Last change 3 min ago"


def test_of_a_feed_that_is_not_declared_it_does_not_say_what_it_selects() -> None:
    assert len(parsed(FEED).xpath("//p[@class='summary' or @class='standfirst']")) == 1


def test_each_address_can_be_copied_and_followed() -> None:
    tree = parsed()
    assert tree.xpath("//div[@class='addresses']//code/text()") == [
        "https://feeds.example/feeds/tide/latest.rss",
        "https://feeds.example/feeds/tide/latest.json",
    ]
    links = ["../../feeds/tide/latest.rss", "../../feeds/tide/latest.json"]
    assert tree.xpath("//div[@class='addresses']//a/@href") == links
    assert [link.get("href") for link in tree.xpath("//link[@rel='alternate']")] == links
    assert tree.xpath("//div[@class='addresses']//a/@aria-label") == ["RSS 2.0, All news", "JSON Feed 1.1, All news"]
    assert tree.xpath("//nav//a/@href") == ["../../", "../../#tide"]


def test_it_leads_to_the_archive_where_there_is_one() -> None:
    address = "https://feeds.example/feeds/tide/latest/2026-01-01.rss"
    tree = parsed(shown=Contents((), address))
    assert tree.xpath("//a[text()='Archive']/@href") == [address]
    assert not parsed(shown=Contents((), "javascript:alert(1)")).xpath("//a[text()='Archive']")


def test_withdrawals_are_told_of_where_atom_tells_them() -> None:
    atom = replace(FEED, formats=(("atom", "feeds/tide/latest.atom"),))
    assert "Atom names it for three days more" in parsed(atom).text_content()
    assert "Atom" not in parsed().xpath("string(//div[@class='how'])")


def test_articles_are_shown_as_a_person_reads_them() -> None:
    full = replace(
        HEADLINE, summary="At noon.", authors=("Kari Lund", "Ola Nes"), updated=NOW - 5 * MINUTE, language="no"
    )
    tree = parsed(shown=Contents((full, replace(HEADLINE, summary=HEADLINE.title))))
    first, second = tree.xpath("//ol/li")
    assert first.xpath("a/@href") == ["https://tide.example/1"]
    assert first.xpath("a/@lang") == first.xpath("p[@class='teaser']/@lang") == ["no"]
    assert [each.text_content() for each in first.xpath("p[@class='note']/bdi")] == [
        "Kari Lund, Ola Nes",
        "2 h ago",
        "updated 5 min ago",
    ]
    assert not second.xpath("p[@class='teaser']")


def test_an_article_of_which_little_is_known_is_shown_with_that() -> None:
    (item,) = parsed(shown=Contents((Headline("High water"),))).xpath("//ol/li")
    assert item.text_content() == "High water"
    assert parsed(shown=Contents()).xpath("//p[@class='note']/text()") == ["No articles yet."]


@pytest.mark.parametrize(("language", "direction"), [("ar", ["rtl"]), ("en", [])])
def test_it_is_written_in_the_direction_of_its_language(language: str, direction: list[str]) -> None:
    tree = parsed(section=replace(SECTION, language=language), shown=Contents((replace(HEADLINE, language=""),)))
    assert tree.xpath("//ol/@dir") == direction
    assert tree.xpath("//h1/bdi/@lang") == tree.xpath("//ol//a/@lang") == [language]
    assert tree.xpath("//code/@dir") == ["ltr", "ltr"]


def test_it_can_be_read_by_everyone() -> None:
    tree = parsed()
    assert tree.get("lang") == "en"
    assert [len(tree.xpath(f"//{landmark}")) for landmark in ("header", "main", "nav", "footer", "h1")] == [1] * 5
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1 | //h2 | //h3")]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert tree.xpath("//section/@aria-label") == ["All news"]


def test_it_says_when_it_cannot_be_brought_up_to_date() -> None:
    section = replace(SECTION, feeds=(FEED,))
    tree = html.document_fromstring(feed_page(FEED, (section,), Contents(), NOW - HOUR, NOW).decode())
    assert str(tree.xpath("string(//*[@role='status'])")).endswith("what there was 1 h ago.")
