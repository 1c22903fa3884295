import pytest

from tests.unit.newsroom import NOON, published
from wireroom.errors import Reject
from wireroom.event import Author, Image
from wireroom.sitemaps.content import bare_headline, content, news_language


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-GB", "en"),
        ("pt-BR", "pt"),
        ("nb", "nb"),
        ("nn-NO", "nn"),
        ("no", "no"),
        ("ID", "id"),
        ("ast", "ast"),
        ("zh", "zh-cn"),
        ("zh-Hans", "zh-cn"),
        ("zh-CN", "zh-cn"),
        ("zh-SG", "zh-cn"),
        ("zh-Hant", "zh-tw"),
        ("zh-Hant-TW", "zh-tw"),
        ("zh-HK", "zh-tw"),
        ("zh-TW", "zh-tw"),
        ("cmn-Hans-CN", "zh-cn"),
        ("yue-Hant-HK", "yue"),
        ("und", None),
        ("und-Latn", None),
        ("x-press", None),
        ("i-klingon", None),
        (None, None),
    ],
)
def test_case_14_language_codes(tag: str | None, expected: str | None) -> None:
    assert news_language(tag) == expected


@pytest.mark.parametrize(
    ("title", "names", "expected"),
    [
        ("Broen stenges - Fjordposten", ["Fjordposten"], "Broen stenges"),
        ("Broen stenges – Kari Lund | Fjordposten", ["Fjordposten", "Kari Lund"], "Broen stenges"),
        ("Fjordposten fyller hundre", ["Fjordposten"], "Fjordposten fyller hundre"),
        ("Slik ble Fjordposten", ["Fjordposten"], "Slik ble Fjordposten"),
        ("Fjordposten", ["Fjordposten", ""], "Fjordposten"),
    ],
)
def test_case_16_no_publication_or_author_at_the_end_of_a_title(title: str, names: list[str], expected: str) -> None:
    assert bare_headline(title, names) == expected


def test_case_16_entities_are_decoded_once() -> None:
    assert content(published(title="Fisk &amp;amp; skip &#8211; R&amp;D"))["title"] == "Fisk &amp; skip – R&D"


@pytest.mark.parametrize("title", ["&nbsp;", " &#32; ", "&#xfeff;&#xa0;"])
def test_case_16_empty_title_is_refused(title: str) -> None:
    with pytest.raises(Reject) as caught:
        content(published(title=title))
    assert caught.value.rule == "empty-title"


def test_author_at_the_end_of_the_title_goes() -> None:
    event = published(title="Siste båt • Kari Lund", authors=[Author(name="Kari Lund")])
    assert content(event)["title"] == "Siste båt"


def test_addresses_are_uris() -> None:
    event = published(url="https://fjordposten.example/blåskjell", images=[Image(url="https://cdn.example/blå.jpg")])
    said = content(event)
    assert said["loc"] == "https://fjordposten.example/bl%C3%A5skjell"
    assert said["images"] == ["https://cdn.example/bl%C3%A5.jpg"]


def test_an_address_of_2048_characters_is_refused_and_one_less_is_not() -> None:
    start = "https://fjordposten.example/"
    longest = start + "x" * (2047 - len(start))
    assert content(published(url=longest))["loc"] == longest
    with pytest.raises(Reject, match="loc-too-long"):
        content(published(url=longest + "x"))
    images = [Image(url=longest + "x"), Image(url=longest)]
    assert content(published(images=images))["images"] == [longest]


def test_the_body_is_not_looked_at() -> None:
    bomb = "<div>" * 100_000
    assert content(published(body_html=bomb)) == content(published())


def test_dates_are_the_events_own() -> None:
    event = published(at=NOON, updated_at=NOON.replace(hour=15), modified_at=NOON.replace(hour=16))
    said = content(event)
    assert (said["published"], said["significant"]) == (event.first_visible, event.significant_at)
    assert said["significant"] - said["published"] == 3 * 3600 * 10**6
