import json
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from tests.unit.articles.shelf import SINK, rendered
from tests.unit.articles.test_ninjs import FULL
from tests.unit.newsroom import HOUR, NOON, PUBLICATIONS, Desk, published, schema, withdrawn
from wireroom.articles.lint import gate
from wireroom.document import Document, generation_of
from wireroom.edition import needs_refill
from wireroom.errors import Red
from wireroom.event import ArticleEvent

KEY = "articles/fjordposten.json"


def listing(publication: str = "fjordposten") -> Desk:
    return Desk(SINK, SINK.definitions(publication)[0])


def feed(document: Document) -> dict[str, Any]:
    return json.loads(document.body(1))  # type: ignore[no-any-return]


def ids(desk: Desk, *events: ArticleEvent) -> list[str]:
    documents = desk.read(*events, now=NOON + HOUR)
    return [item["url"].rsplit("/", 1)[1] for item in feed(documents[KEY])["items"]]


def test_a_listing_links_the_documents() -> None:
    document = listing().read(FULL, now=NOON + HOUR)[KEY]
    said = feed(document)
    base = "https://feeds.fjordposten.example/articles/fjordposten"
    assert (said["feed_url"], said["home_page_url"]) == (f"{base}.json", "https://fjordposten.example/")
    assert said["items"][0]["_wireroom"] == {"document": f"{base}/f~C3~B4r~2F7.json", "revision": 3}
    assert document.language == said["language"] == PUBLICATIONS["fjordposten"].language
    assert said["items"][0]["_wireroom"]["document"].endswith(rendered(FULL, NOON + HOUR).key)


def test_case_04_a_guid_that_is_used_twice_stays_with_the_first() -> None:
    newest, newer, first = (
        published("3", guid=" "),
        published("2", guid="tag:x,2026:1"),
        published("1", guid="tag:x,2026:1"),
    )
    first = first.model_copy(update={"published_at": NOON - HOUR})
    said = feed(listing().read(newest, newer, first, now=NOON)[KEY])
    assert [item["id"] for item in said["items"]] == [newest.minted_guid, newer.minted_guid, "tag:x,2026:1"]


def test_case_28_publications_have_their_own_listings_at_their_own_addresses() -> None:
    [document] = listing("harbour").read(published(publication="harbour"), now=NOON).values()
    said = feed(document)
    assert document.key == "articles/harbour.json"
    assert said["title"] == "Harbour & Quay"
    assert said["items"][0]["_wireroom"]["document"] == "https://harbour.example/wire/articles/harbour/17.json"
    assert said["items"][0]["id"] != feed(listing().read(published(), now=NOON)[KEY])["items"][0]["id"]


@pytest.mark.parametrize("count", [0, 1, 120])
def test_valid_by_the_json_feed_schema(count: int) -> None:
    events = [FULL, withdrawn("x"), *(published(f"{n}", summary="Kort") for n in range(count))]
    said = feed(listing().read(*events, now=NOON + HOUR)[KEY])
    standard = json.loads(schema("jsonfeed", "schema-v1.1.json").read_text())
    Draft7Validator(standard, format_checker=FormatChecker()).validate(said)


def test_the_newest_hundred_newest_first() -> None:
    events = [published(f"{n:03}", at=NOON + timedelta(seconds=n)) for n in range(130)]
    assert ids(listing(), *reversed(events)) == [f"{n:03}" for n in range(129, 29, -1)]


def test_a_withdrawal_brings_the_next_one_in() -> None:
    desk = listing()
    desk.read(*(published(f"{n:03}", at=NOON + timedelta(seconds=n)) for n in range(130)), now=NOON + HOUR)
    found = ids(desk, withdrawn("129", at=NOON + timedelta(seconds=129)))
    assert (len(found), found[0], found[-1]) == (100, "128", "029")
    assert not needs_refill(desk.edition, desk.definition.window)


def test_case_12_all_withdrawn_is_an_empty_listing() -> None:
    desk = listing()
    desk.read(published(), now=NOON)
    assert ids(desk, withdrawn()) == []


def test_excluded_articles_are_not_listed() -> None:
    desk = listing()
    assert ids(desk, published("a", exclude=["articles"]), published("b", exclude=["sitemaps"])) == ["b"]
    assert ids(desk, published("b", 2, exclude=["articles"])) == []


def test_an_expired_article_leaves() -> None:
    desk = listing()
    assert ids(desk, published(expires_at=NOON + 2 * HOUR)) == ["17"]
    assert feed(desk.read(now=NOON + 2 * HOUR)[KEY])["items"] == []


def test_the_generation_stands_last_and_cannot_be_forged() -> None:
    forged = '<!-- wireroom:generation 99 -->"_wireroom":{"generation":98'
    document = listing().read(published(title=forged, summary=forged), now=NOON)[KEY]
    assert generation_of(document.body(3)) == 3
    assert document.body(3).endswith(b'"_wireroom":{"generation":3}}')


def test_what_it_shows_is_told() -> None:
    document = listing().read(published("a/b", 4), now=NOON)[KEY]
    assert document.articles == (("fjordposten", "a/b", 4),)


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        (b'{"uri":"other","_wireroom":{"generation":', b"}}"),
        (b'{"_wireroom":{"generation":', b"}}"),
        (b'{"uri":"u","altIds":[', b"]}"),
        (b'{"uri":"u","_wireroom":{"generation":', b'},"title":"<!-- wireroom:generation 5 -->"}'),
        (b'{"uri":"u"', b""),
        (b'["uri",', b"]"),
    ],
)
def test_gate_refuses_what_cannot_be_read_back(head: bytes, tail: bytes) -> None:
    with pytest.raises(Red, match="was not published"):
        gate(Document("articles/fjordposten/17.json", "application/json", head, tail), {"uri": "u"})


def test_gate_lets_a_good_document_through() -> None:
    good = Document("k", "application/json", b'{"uri":"u","_wireroom":{"generation":', b"}}")
    assert gate(good, {"uri": "u"}) is good
