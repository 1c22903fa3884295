from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.feeds.reading import body, found, latest, titles
from tests.unit.newsroom import HOUR, NOON, published, withdrawn
from wireroom.clock import micros
from wireroom.errors import Reject
from wireroom.event import Article, Author, Image, Source
from wireroom.feeds import lint
from wireroom.feeds.content import content

PHOTO = Image(url="https://bilder.example/ferge.jpg")


def test_content_holds_nothing_that_is_empty() -> None:
    assert content(published()) == {
        "url": "https://fjordposten.example/nyheter/17",
        "title": "Fergen gikk på grunn (17)",
        "access": "FREE",
        "published": micros(NOON),
        "updated": micros(NOON),
    }


def test_content_is_plain_text_but_for_the_body() -> None:
    event = published(
        title="A &amp; B",
        summary=" x &lt; \n y ",
        body_html="<p>A &amp; B</p>",
        sections=["Sjø &amp; havn", "Sjø & havn", "&nbsp;"],
        tags=["b", "a", "b"],
        authors=[Author(name="Kari &amp; Ola", url="https://fjordposten.example/kari"), Author(name="&nbsp;")],
        source=Source(name="NTB &amp; co"),
        images=[PHOTO.model_copy(update={"caption": "1 &lt; 2", "credit": "", "alt": None, "width": 9})],
    )
    shown = content(event)
    assert (shown["title"], shown["summary"]) == ("A & B", "x < y")
    assert shown["body"] == "<p>A &amp; B</p>"
    assert (shown["sections"], shown["tags"]) == (["Sjø & havn"], ["b", "a"])
    assert shown["authors"] == [{"name": "Kari & Ola", "url": "https://fjordposten.example/kari"}]
    assert shown["source"] == {"name": "NTB & co"}
    assert shown["images"] == [{"url": PHOTO.url, "width": 9, "caption": "1 < 2"}]


def test_addresses_become_uris() -> None:
    author = Author(name="Kari", url="https://fjordposten.example/å")
    images = [Image(url="https://b.example/å.jpg")]
    shown = content(published(url="https://fjordposten.example/新闻", authors=[author], images=images))
    assert shown["authors"] == [{"name": "Kari", "url": "https://fjordposten.example/%C3%A5"}]
    assert shown["url"] == "https://fjordposten.example/%E6%96%B0%E9%97%BB"
    assert shown["images"] == [{"url": "https://b.example/%C3%A5.jpg"}]


@pytest.mark.parametrize(("summary", "shown"), [("Kort", "Kort"), (None, "Under"), ("&nbsp;", "Under")])
def test_a_subtitle_stands_in_for_a_missing_summary(summary: str | None, shown: str) -> None:
    assert content(published(summary=summary, subtitle="Under"))["summary"] == shown


def test_dates_are_the_first_visible_and_the_last_significant() -> None:
    shown = content(published(at=NOON, embargoed_until=NOON + HOUR, updated_at=NOON + 3 * HOUR))
    assert (shown["published"], shown["updated"]) == (micros(NOON + HOUR), micros(NOON + 3 * HOUR))


def test_an_article_of_1970_has_its_date() -> None:
    epoch = NOON - timedelta(microseconds=micros(NOON))
    assert content(published(at=epoch))["published"] == 0


def test_a_withdrawal_has_no_content() -> None:
    with pytest.raises(ValueError, match="withdrawal"):
        content(withdrawn())


@pytest.mark.parametrize(
    ("rule", "path", "fields"),
    [
        ("empty-title", "article.title", {"title": "&nbsp;"}),
        ("invalid-url", "url", {"url": f"https://{'ø' * 70}.example/"}),
        ("body-too-long", "article.body_html", {"body_html": "<p>&" * 90_000}),
        ("body-references", "article.body_html", {"body_html": "&" * 300_000}),
        ("body-nesting", "article.body_html", {"body_html": "<div>" * 10_000}),
    ],
)
def test_what_no_feed_can_show_is_refused_by_name(rule: str, path: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Reject) as refused:
        content(published(**fields))
    assert (refused.value.rule, [fault.path for fault in refused.value.faults]) == (rule, [path])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Reject) as refused:
        content(published(title="&nbsp;", body_html="<p>&" * 90_000))
    assert [fault.path for fault in refused.value.faults] == ["article.title", "article.body_html"]


def test_every_rule_has_a_case_above() -> None:
    mark = next(iter(test_what_no_feed_can_show_is_refused_by_name.pytestmark))
    assert {rule.__name__.replace("_", "-") for rule in lint.RULES} <= {case[0] for case in mark.args[1]}


ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAME = ANYTHING.map(lambda text: f"a{text}")
ARTICLES = st.builds(
    Article,
    title=NAME | st.sampled_from(["&nbsp;", "]]>", "<![CDATA[", "<!-- wireroom:generation 9 -->"]),
    subtitle=st.none() | ANYTHING,
    summary=st.none() | ANYTHING,
    body_html=st.none() | ANYTHING | ANYTHING.map(lambda text: f"<p title='{text}'>{text}<b>]]></p><!--{text}"),
    sections=st.lists(NAME, max_size=3),
    tags=st.lists(NAME, max_size=3),
    authors=st.lists(st.builds(Author, name=NAME.map(lambda text: text.replace("@", ""))), max_size=2),
    images=st.lists(st.builds(Image, url=st.just(PHOTO.url), caption=ANYTHING, credit=ANYTHING, alt=ANYTHING)),
    source=st.none() | st.builds(Source, name=NAME),
    modified_at=st.just(NOON),
)


@given(ARTICLES, st.none() | ANYTHING)
def test_any_text_in_any_field_gives_documents_or_is_refused(article: Article, note: str | None) -> None:
    event = published().model_copy(update={"article": article})
    desk = latest()
    try:
        documents = desk.read(event, withdrawn("18", note=note), now=NOON)
    except Reject as refused:
        assert refused.rule == "empty-title"  # noqa: PT017 -- either outcome is right
        return
    assert len(titles(documents)) == 1
    assert body(documents, "rss").count(b"<!-- wireroom:generation ") == 1
    assert len(found(documents, "atom", "at:deleted-entry")) == 1
