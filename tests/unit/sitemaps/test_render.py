from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.unit.newsroom import FJORDPOSTEN, NOON, SETTINGS, Desk, published
from wireroom.document import generation_of
from wireroom.event import Author, Image
from wireroom.sitemaps import SitemapsSink
from wireroom.sitemaps.lint import LONGEST_TITLE, MOST_BYTES, gate
from wireroom.text import plain

TEXT = st.text().map(lambda text: f"{text}ø{text}")
ADDRESSES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='<>"\\^`{|}')).map(
    lambda rest: f"https://fjordposten.example/{rest}"
)
TITLE = "{http://www.google.com/schemas/sitemap-news/0.9}title"
PATH = "/".join(
    ["{http://www.sitemaps.org/schemas/sitemap/0.9}url", "{http://www.google.com/schemas/sitemap-news/0.9}news", TITLE]
)


def newsdesk() -> Desk:
    sink = SitemapsSink(SETTINGS)
    return Desk(sink, sink.definitions(FJORDPOSTEN.id)[0])


@given(TEXT, ADDRESSES, TEXT, st.lists(ADDRESSES, max_size=3), st.sampled_from([None, "und", "zh-Hant", "sr-Latn-RS"]))
def test_any_text_in_any_field_gives_a_sitemap_that_says_it(
    title: str, url: str, author: str, images: list[str], language: str | None
) -> None:
    event = published(
        title=title,
        url=url,
        authors=[Author(name=author)],
        images=[Image(url=image) for image in images],
        language=language,
    )
    child, _ = newsdesk().read(event, now=NOON).values()
    root = etree.fromstring(child.body(1))
    said = plain(title)
    ends = tuple(f" {mark} {plain(author)}" for mark in "-–—|·•")
    assert root.findtext(PATH) == said or said.endswith(ends)
    assert len(root.findall(".//{*}image")) == len(images)


@given(TEXT)
def test_no_text_can_pass_for_the_generation(title: str) -> None:
    event = published(title=f"{title}<!-- wireroom:generation 99 -->")
    for document in newsdesk().read(event, now=NOON).values():
        assert generation_of(document.body(3)) == 3


def test_the_same_edition_gives_the_same_bytes() -> None:
    events = [published(f"{number}") for number in range(30)]
    first = newsdesk().read(*events, now=NOON)
    assert newsdesk().read(*reversed(events), now=NOON) == first
    assert all(gate(document) for document in first.values())


def test_a_thousand_articles_stay_below_the_limit_of_the_protocol() -> None:
    urls = [f"https://fjordposten.example/{number}?{'&' * 1000}" for number in range(1000)]
    event = published(url=urls[0], title='"' * LONGEST_TITLE, images=[Image(url=url) for url in urls])
    child, _ = newsdesk().read(event, now=NOON).values()
    assert 0 < len(child.body(1).split(b"<image:loc>")) - 1 < 10
    assert 1000 * len(child.body(1)) < MOST_BYTES
