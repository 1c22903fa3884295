import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.articles.test_ninjs import ARTICLES, FULL
from tests.unit.newsroom import HOUR, NOON, published
from wireroom.articles.content import content, event_of
from wireroom.errors import Reject
from wireroom.event import ArticleEvent, Author, Image, Related, Source

NOWHERE = "https://" + "ø" * 70 + ".example/"  # no host name is that long


def test_the_listing_says_of_an_article() -> None:
    assert content(FULL)["item"] == {
        "url": "https://fjordposten.example/nyheter/f%C3%B4r/7",
        "title": "Havørn slept til kai",
        "content_text": "Fergen fikk maskintrøbbel & drev av.",
        "summary": "Fergen fikk maskintrøbbel & drev av.",
        "image": "https://cdn.example/hav%C3%B8rn.jpg",
        "date_published": "2026-03-02T12:00:00+00:00",
        "date_modified": "2026-03-02T13:00:00+00:00",
        "language": "nn-NO",
    }


def test_an_article_without_summary_has_its_title_as_text() -> None:
    item = content(published(title="Kort"))["item"]
    assert item["content_text"] == "Kort"
    assert not item.keys() & {"summary", "image", "language"}


def test_case_18_what_is_no_picture_does_not_stand_for_the_article() -> None:
    film = Image(url="https://cdn.example/film.mp4", media_type="video/mp4")
    shown = content(published(images=[film, Image(url="https://cdn.example/ferge.jpg")]))["item"]
    assert shown["image"] == "https://cdn.example/ferge.jpg"
    assert "image" not in content(published(images=[film]))["item"]


def test_case_01_headline_and_silent_fix_move_no_date_and_no_id() -> None:
    before = content(published())["item"]
    after = content(published(revision=2, title="Ny tittel", modified_at=NOON + HOUR))["item"]
    assert {**before, "title": "Ny tittel", "content_text": "Ny tittel"} == after


@given(st.sampled_from([FULL, published(embargoed_until=NOON)]), ARTICLES)
def test_what_waits_comes_back_whole_from_json(event: ArticleEvent, fields: dict[str, Any]) -> None:
    for whole in (event, published(**fields)):
        assert whole == event_of(json.loads(json.dumps(content(whole))))


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"title": "&nbsp;&#xfeff;"}, "empty-title"),
        ({"body_html": "<div>" * 200_000}, "body-nesting"),
        ({"url": NOWHERE}, "invalid-url"),
        ({"previous_urls": [NOWHERE]}, "invalid-url"),
        ({"images": [Image(url=NOWHERE)]}, "invalid-url"),
        ({"related": [Related(title="Mer", url=NOWHERE)]}, "invalid-url"),
        ({"authors": [Author(name="Kari Lund", url=NOWHERE)]}, "invalid-url"),
        ({"source": Source(name="Kystradioen", url=NOWHERE)}, "invalid-url"),
    ],
)
def test_an_article_that_cannot_be_shown_is_refused_at_once(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(Reject) as caught:
        content(published(**fields))
    assert caught.value.rule == rule


def test_editions_hold_json_only() -> None:
    kept = content(FULL)
    assert json.loads(json.dumps(kept)) == kept
