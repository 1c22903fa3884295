import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.articles.shelf import SINK, document, ninjs, rendered
from tests.unit.newsroom import FJORDPOSTEN, HOUR, NOON, published, withdrawn
from wireroom.clock import micros
from wireroom.event import Article, ArticleEvent, Author, Image, Related, Rights, Source
from wireroom.text import plain

FULL = published(
    "fôr/7",
    3,
    guid="https://old.fjordposten.example/?p=7",
    note="Rettet: skipet heter «Havørn».",
    title="Havørn slept til kai",
    subtitle="Ingen skadd",
    summary="Fergen fikk maskintrøbbel &amp; drev av.",
    body_html='<p onclick="x()">Se <a href="/kart">kartet</a>.</p><script>x()</script>',
    language="nn-NO",
    authors=[Author(name="Kari Lund", url="https://fjordposten.example/ansatte/kari"), Author(name="Odd Vik")],
    sections=["Sjøfart"],
    tags=["ferge", "Vestfjorden"],
    images=[
        Image(
            url="https://cdn.example/havørn.jpg",
            width=1200,
            height=800,
            media_type="image/jpeg",
            size_bytes=98_765,
            caption="Havørn ved kai",
            credit="Foto: Liv Dahl",
            alt="En ferge",
        ),
        Image(url="https://cdn.example/kart.png"),
    ],
    related=[Related(title="Tidligere havarier", url="https://fjordposten.example/havarier")],
    source=Source(name="NTB", url="https://ntb.example/"),
    updated_at=NOON + HOUR,
    modified_at=NOON + HOUR,
    expires_at=NOON + 100 * HOUR,
    rights=Rights(copyright_holder="Fjordposten AS", copyright_notice="© 2026", usage_terms="Kun for abonnenter"),
    previous_urls=["https://fjordposten.example/blå"],
    extra={"intern": "hemmelig beskjed"},
)


def test_everything_that_the_standard_can_carry() -> None:
    assert document(FULL, NOON + HOUR) == {
        "uri": FULL.minted_guid,
        "type": "text",
        "version": "3",
        "versionCreated": "2026-03-02T12:00:00+00:00",
        "pubStatus": "usable",
        "representationType": "full",
        "firstCreated": "2026-03-02T12:00:00+00:00",
        "contentCreated": "2026-03-02T12:00:00+00:00",
        "expires": "2026-03-06T16:00:00+00:00",
        "language": "nn-NO",
        "headlines": [
            {"role": "main", "value": "Havørn slept til kai"},
            {"role": "subtitle", "value": "Ingen skadd"},
        ],
        "descriptions": [
            {"role": "summary", "value": "Fergen fikk maskintrøbbel & drev av."},
            {"role": "correction-note", "value": "Rettet: skipet heter «Havørn»."},
        ],
        "bodies": [
            {
                "role": "main",
                "contentType": "text/html",
                "value": '<p>Se <a href="https://fjordposten.example/kart">kartet</a>.</p>',
            }
        ],
        "by": "Kari Lund, Odd Vik",
        "people": [
            {"name": "Kari Lund", "rel": "author", "uri": "https://fjordposten.example/ansatte/kari"},
            {"name": "Odd Vik", "rel": "author"},
        ],
        "subjects": [
            {"name": "Sjøfart", "rel": "section"},
            {"name": "ferge", "rel": "tag"},
            {"name": "Vestfjorden", "rel": "tag"},
        ],
        "infoSources": [{"name": "NTB", "role": "source", "uri": "https://ntb.example/"}],
        "renditions": [
            {
                "name": "web",
                "href": "https://fjordposten.example/nyheter/f%C3%B4r/7",
                "contentType": "text/html",
            }
        ],
        "associations": [
            {
                "name": "picture-1",
                "rel": "lead",
                "uri": "https://cdn.example/hav%C3%B8rn.jpg",
                "type": "picture",
                "by": "Foto: Liv Dahl",
                "descriptions": [
                    {"role": "caption", "value": "Havørn ved kai"},
                    {"role": "alt", "value": "En ferge"},
                ],
                "renditions": [
                    {
                        "name": "original",
                        "href": "https://cdn.example/hav%C3%B8rn.jpg",
                        "contentType": "image/jpeg",
                        "width": 1200,
                        "height": 800,
                        "sizeInBytes": 98765,
                    }
                ],
            },
            {
                "name": "picture-2",
                "rel": "illustration",
                "uri": "https://cdn.example/kart.png",
                "type": "picture",
                "renditions": [{"name": "original", "href": "https://cdn.example/kart.png"}],
            },
            {
                "name": "Tidligere havarier",
                "rel": "related",
                "uri": "https://fjordposten.example/havarier",
                "type": "text",
                "renditions": [
                    {"name": "web", "href": "https://fjordposten.example/havarier", "contentType": "text/html"}
                ],
            },
        ],
        "copyrightHolder": "Fjordposten AS",
        "copyrightNotice": "© 2026",
        "usageTerms": "Kun for abonnenter",
        "standard": {
            "name": "ninjs",
            "version": "3.1",
            "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
        },
        "altIds": [
            {"role": "guid", "value": "https://old.fjordposten.example/?p=7"},
            {"role": "previous-url", "value": "https://fjordposten.example/bl%C3%A5"},
            {"role": "wireroom:event", "value": "fôr/7-3"},
        ],
    }


FORMS = {
    "full": (FULL, NOON + HOUR),
    "bare": (published(article=Article(title="Kort", modified_at=NOON)), NOON),
    "tombstone": (withdrawn(note="Trukket"), NOON),
    "tombstone without a note": (withdrawn(), NOON),
    "expired": (published(expires_at=NOON + HOUR), NOON + HOUR),
}


@pytest.mark.parametrize("form", FORMS)
def test_valid_by_the_iptc_schema(form: str) -> None:
    event, now = FORMS[form]
    ninjs().validate(document(event, now))


def test_a_tombstone_says_what_is_fixed_and_no_more() -> None:
    said = document(withdrawn(revision=9, note="Feil &amp; beklagelig", guid="https://old.example/hemmelig"), NOON)
    assert said == {
        "uri": withdrawn().minted_guid,
        "type": "text",
        "version": "9",
        "versionCreated": "2026-03-02T12:00:00+00:00",
        "pubStatus": "canceled",
        "descriptions": [{"role": "withdrawal-note", "value": "Feil & beklagelig"}],
        "altIds": [{"role": "wireroom:event", "value": "17-9"}],
    }


def test_language_falls_back_to_the_publications() -> None:
    assert document(published(), NOON)["language"] == "nb"


def test_a_lifted_embargo_is_the_first_visible_date() -> None:
    said = document(published(embargoed_until=NOON + HOUR), NOON + HOUR)
    assert said["firstCreated"] == said["embargoedUntil"] == "2026-03-02T13:00:00+00:00"
    assert said["contentCreated"] == "2026-03-02T12:00:00+00:00"


def test_names_that_say_nothing_are_left_out() -> None:
    nothing, url = "&nbsp;", "https://fjordposten.example/x"
    authors, related = [Author(name=nothing), Author(name="Kari Lund")], [Related(title=nothing, url=url)]
    source = Source(name=nothing, url=url)
    event = published(authors=authors, related=related, tags=[nothing], sections=[nothing], source=source)
    said = document(event, NOON)
    assert said["by"] == "Kari Lund"
    assert said["people"] == [{"name": "Kari Lund", "rel": "author"}]
    assert said["associations"][0]["name"] == url
    assert not said.keys() & {"subjects", "infoSources"}


def test_dates_are_exact_and_in_utc() -> None:
    event = published(at=NOON.replace(microsecond=123_456)).model_dump(mode="json")
    event["occurred_at"] = "2026-03-02T19:00:00.123456+07:00"
    said = document(ArticleEvent.parse(event), NOON + HOUR)
    assert said["versionCreated"] == said["firstCreated"] == "2026-03-02T12:00:00.123456+00:00"


@pytest.mark.parametrize("access", ["FREE", "METERED", "REGISTERED", "PAID"])
def test_case_20_paid_shows_the_summary_only(access: str) -> None:
    event = published(access=access, summary="Kort sagt", body_html="<p>Bak muren</p>")
    said = document(event, NOON)
    paid = access == "PAID"
    assert said["representationType"] == ("partial" if paid else "full")
    assert ("Bak muren" in str(said)) is not paid
    assert "Kort sagt" in str(said)


def test_case_20_a_paid_body_is_shown_where_the_configuration_says_so() -> None:
    event = published(access="PAID", body_html="<p>Bak muren</p>")
    open_handed = FJORDPOSTEN.model_copy(update={"paid": "full"})
    made = SINK.direct(event).merge(None, micros(NOON), {"fjordposten": open_handed})
    assert made is not None
    said = json.loads(made.body(1))
    assert (said["representationType"], said["bodies"][0]["value"]) == ("full", "<p>Bak muren</p>")


def test_case_20_what_is_internal_never_leaks() -> None:
    assert b"hemmelig beskjed" not in rendered(FULL, NOON + HOUR).body(1)


def test_case_13_nothing_illegal_is_in_any_text() -> None:
    bad = "a\x00\x0b\ufffe]]>&nbsp;&b"
    event = published(title=bad, summary=bad, tags=[bad], authors=[Author(name=bad)], body_html=f"<p>{bad}")
    said = document(event, NOON)
    assert said["headlines"][0]["value"] == said["by"] == said["subjects"][0]["name"] == "a]]>\xa0&b"
    assert not any(mark in str(said) for mark in ("\x00", "\x0b", "\ufffe"))


def test_case_18_an_unknown_size_is_left_out_and_not_zero() -> None:
    [picture] = document(published(images=[Image(url="https://cdn.example/x.gif")]), NOON)["associations"]
    assert picture["renditions"] == [{"name": "original", "href": "https://cdn.example/x.gif"}]


def test_case_19_a_renamed_author_leaves_no_trace_and_the_uri_stays() -> None:
    before = document(published(authors=[Author(name="Odd Vik")]), NOON)
    after = document(published(revision=2, authors=[Author(name="O. V.")]), NOON)
    assert before["uri"] == after["uri"]
    assert "Odd Vik" not in str(after)


TEXT = st.text().map(lambda text: f"{text}ø")
URLS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='<>"\\^`{|}')).map(
    lambda rest: f"https://fjordposten.example/{rest}"
)
ARTICLES = st.fixed_dictionaries(
    {"title": TEXT},
    optional={
        "subtitle": TEXT,
        "summary": TEXT,
        "body_html": TEXT,
        "tags": st.lists(TEXT, max_size=2),
        "url": URLS,
        "previous_urls": st.lists(URLS, max_size=2),
        "authors": st.lists(st.builds(Author, name=st.just("Kari"), url=URLS), max_size=1),
        "images": st.lists(st.builds(Image, url=URLS, caption=TEXT, alt=TEXT), max_size=2),
        "related": st.lists(st.builds(Related, title=TEXT, url=URLS), max_size=2),
        "source": st.builds(Source, name=TEXT, url=URLS),
        "rights": st.builds(Rights, usage_terms=TEXT),
    },
)


@given(ARTICLES)
def test_any_text_in_any_field_gives_a_valid_document_that_says_it(fields: dict[str, Any]) -> None:
    said = document(published(**fields), NOON)
    ninjs().validate(said)
    assert said["headlines"][0]["value"] == plain(fields["title"])
