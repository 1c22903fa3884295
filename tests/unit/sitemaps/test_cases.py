"""The sharp edge cases of news sitemaps, each by its number in the catalogue of syndication."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from tests.unit.newsroom import HOUR, NOON, SETTINGS, Desk, published, withdrawn
from wireroom.document import Document
from wireroom.event import Article, ArticleEvent, Image
from wireroom.sitemaps import SitemapsSink

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
INDEX = "sitemaps/fjordposten/news.xml"
CHILD = "sitemaps/fjordposten/news-1.xml"
BASE = "https://feeds.fjordposten.example/sitemaps/fjordposten"
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def desk() -> Desk:
    sink = SitemapsSink(SETTINGS)
    return Desk(sink, sink.definitions("fjordposten")[0])


def values(document: Document, path: str) -> list[str]:
    return [node.text or "" for node in etree.fromstring(document.body(1)).iterfind(path, NAMES)]


def locs(document: Document) -> list[str]:
    return [loc.rsplit("/", 1)[1] for loc in values(document, ".//s:loc")]


def many(count: int, start: int = 0, at: datetime = NOON) -> list[ArticleEvent]:
    return [published(f"{number:05}", at=at + timedelta(seconds=number)) for number in range(start, start + count)]


def test_case_01_headline_change_shows_at_the_same_address_and_keeps_the_date(desk: Desk) -> None:
    desk.read(published(title="Broen stenges"), now=NOON)
    child = desk.read(published(revision=2, title="Broen åpner igjen", updated_at=NOON + HOUR), now=NOON + HOUR)[CHILD]
    assert values(child, ".//n:title") == ["Broen åpner igjen"]
    assert values(child, ".//n:publication_date") == ["2026-03-02T12:00:00+00:00"]
    assert values(child, ".//s:lastmod") == ["2026-03-02T13:00:00+00:00"]


def test_case_01_a_silent_fix_moves_no_date(desk: Desk) -> None:
    desk.read(published(), now=NOON)
    child = desk.read(published(revision=2, modified_at=NOON + HOUR), now=NOON + HOUR)[CHILD]
    assert values(child, ".//s:lastmod") == ["2026-03-02T12:00:00+00:00"]


def test_a_date_is_cut_to_the_second_and_so_never_in_the_future(desk: Desk) -> None:
    soon = NOON + HOUR - MICROSECOND
    child = desk.read(published(at=soon), now=soon)[CHILD]
    assert values(child, ".//n:publication_date") == values(child, ".//s:lastmod") == ["2026-03-02T12:59:59+00:00"]


def test_case_02_url_change_lists_the_new_address_only(desk: Desk) -> None:
    desk.read(published(url="https://fjordposten.example/gammel"), now=NOON)
    moved = published(
        revision=2, url="https://fjordposten.example/ny", previous_urls=["https://fjordposten.example/gammel"]
    )
    assert locs(desk.read(moved, now=NOON)[CHILD]) == ["ny"]


def test_case_03_withdrawn_leaves_at_once_and_a_republished_one_returns_with_its_first_date(desk: Desk) -> None:
    desk.read(published(), now=NOON)
    assert locs(desk.read(withdrawn(), now=NOON)[CHILD]) == []
    back = desk.read(published(revision=3, updated_at=NOON + HOUR), now=NOON + HOUR)[CHILD]
    assert values(back, ".//n:publication_date") == ["2026-03-02T12:00:00+00:00"]


@pytest.mark.parametrize("date", ["embargoed_until", "published_at", "modified_at"])
def test_case_05_nothing_of_an_article_to_come_is_in_any_byte_until_its_time(desk: Desk, date: str) -> None:
    lift = NOON + HOUR
    dates: dict[str, Any] = {date: lift}
    secret = published("secret", title="Hemmelig avtale", images=[Image(url="https://cdn.example/secret.jpg")], **dates)
    before = desk.read(published("open"), secret, now=lift - MICROSECOND)
    assert not any(
        word in document.body(1) for document in before.values() for word in (b"secret", b"Hemmelig", b"13:00")
    )
    assert "secret" in locs(desk.read(now=lift)[CHILD])


def test_case_05_an_embargo_on_a_public_article_hides_it(desk: Desk) -> None:
    desk.read(published(), now=NOON)
    hidden = desk.read(published(revision=2, embargoed_until=NOON + 2 * HOUR), now=NOON + HOUR)
    assert locs(hidden[CHILD]) == []
    assert locs(hidden[INDEX]) == []


def test_case_06_a_publication_that_comes_after_its_withdrawal_is_ignored(desk: Desk) -> None:
    desk.read(published(), published(revision=3), now=NOON)
    assert locs(desk.read(published(revision=2, url="https://fjordposten.example/sen"), now=NOON)[CHILD]) == ["17"]


def test_case_07_duplicates_change_nothing(desk: Desk) -> None:
    first = desk.read(published(), now=NOON)
    edition = desk.edition
    again = desk.read(published(), published(event_id="retried"), published(), now=NOON)
    assert [d.body(1) for d in first.values()] == [d.body(1) for d in again.values()]
    assert desk.edition.generation == edition.generation


def test_case_10_the_1001st_article_opens_a_second_child(desk: Desk) -> None:
    documents = desk.read(*many(1001), now=NOON + HOUR)
    assert [len(locs(documents[f"sitemaps/fjordposten/news-{n}.xml"])) for n in (1, 2)] == [1000, 1]
    assert values(documents[INDEX], ".//s:loc") == [f"{BASE}/news-1.xml", f"{BASE}/news-2.xml"]


def test_case_10_a_new_article_takes_the_place_of_one_that_went_and_no_other_moves(desk: Desk) -> None:
    before = desk.read(*many(1001), now=NOON + HOUR)
    desk.read(withdrawn("00500", at=NOON + timedelta(seconds=500)), now=NOON + HOUR)
    after = desk.read(*many(1, start=2000), now=NOON + HOUR)
    assert set(locs(after[CHILD])) == set(locs(before[CHILD])) - {"00500"} | {"02000"}
    assert after["sitemaps/fjordposten/news-2.xml"] == before["sitemaps/fjordposten/news-2.xml"]
    assert after[INDEX] == before[INDEX]


def test_case_10_an_emptied_child_leaves_the_index_and_stays_as_an_empty_urlset(desk: Desk) -> None:
    desk.read(*many(1001), now=NOON + HOUR)
    after = desk.read(withdrawn("01000", at=NOON + timedelta(seconds=1000)), now=NOON + HOUR)
    assert values(after[INDEX], ".//s:loc") == [f"{BASE}/news-1.xml"]
    assert locs(after["sitemaps/fjordposten/news-2.xml"]) == []


def test_case_10_an_event_rewrites_one_child_and_not_the_index(desk: Desk) -> None:
    desk.read(*many(2500), now=NOON + HOUR)
    before = desk.edition.documents
    desk.read(published("01500", 2, at=NOON + timedelta(seconds=1500), title="Ny tittel"), now=NOON + HOUR)
    changed = {key for key, state in desk.edition.documents.items() if before[key] != state}
    assert changed == {"sitemaps/fjordposten/news-2.xml"}


def test_case_11_an_article_of_exactly_48_hours_is_gone(desk: Desk) -> None:
    shown = desk.read(published("a"), published("b", at=NOON + MICROSECOND), now=NOON + 48 * HOUR - MICROSECOND)
    assert locs(shown[CHILD]) == ["b", "a"]
    assert locs(desk.read(now=NOON + 48 * HOUR)[CHILD]) == ["b"]
    assert locs(desk.read(now=NOON + 48 * HOUR + MICROSECOND)[CHILD]) == []


def test_case_11_an_update_after_72_hours_does_not_return(desk: Desk) -> None:
    late = NOON + 72 * HOUR
    documents = desk.read(published(revision=2, updated_at=late, modified_at=late, occurred_at=late), now=late)
    assert locs(documents[INDEX]) == []
    assert CHILD not in documents


def test_case_11_48_hours_count_from_the_end_of_the_embargo(desk: Desk) -> None:
    lifted = NOON + 24 * HOUR
    child = desk.read(published(embargoed_until=lifted), now=NOON + 71 * HOUR)[CHILD]
    assert values(child, ".//n:publication_date") == ["2026-03-03T12:00:00+00:00"]
    assert locs(desk.read(now=lifted + 48 * HOUR)[CHILD]) == []


def test_case_12_all_withdrawn_leaves_valid_empty_documents(desk: Desk) -> None:
    desk.read(published("a"), published("b"), now=NOON)
    documents = desk.read(withdrawn("a"), withdrawn("b"), now=NOON)
    assert [etree.fromstring(d.body(1)).tag.partition("}")[2] for d in documents.values()] == ["urlset", "sitemapindex"]
    assert not any(locs(document) for document in documents.values())


def test_case_12_the_first_thing_known_may_be_a_withdrawal(desk: Desk) -> None:
    assert list(desk.read(withdrawn(), now=NOON)) == [INDEX]


@pytest.mark.parametrize(
    "title",
    ["Skip\x00\x10 i havn\ufffe", "]]> og <b>", "Fisk & vilt", "👩‍👩‍👧 i båt", "\u202bעברית\u202c", "Cafe\u0301"],
)
def test_case_13_any_text_can_stand_in_a_title(desk: Desk, title: str) -> None:
    [read] = values(desk.read(published(title=title), now=NOON)[CHILD], ".//n:title")
    assert read == title.translate(dict.fromkeys([0, 0x10, 0xFFFE]))


def test_case_14_language_falls_back_to_the_publications(desk: Desk) -> None:
    child = desk.read(published("a", language="und"), published("b", language="zh-Hant-TW"), published("c"), now=NOON)[
        CHILD
    ]
    assert values(child, ".//n:language") == ["nb", "zh-tw", "nb"]


def test_case_16_publication_name_leaves_the_title(desk: Desk) -> None:
    child = desk.read(published(title="Broen stenges | Fjordposten"), now=NOON)[CHILD]
    assert values(child, ".//n:title") == ["Broen stenges"]


def test_case_18_what_is_no_picture_is_not_listed_as_one(desk: Desk) -> None:
    images = [Image(url=f"https://cdn.example/{kind}", media_type=kind) for kind in ("video/mp4", "Image/PNG")]
    child = desk.read(published(images=[*images, Image(url="https://cdn.example/x")]), now=NOON)[CHILD]
    assert values(child, ".//{*}image/{*}loc") == ["https://cdn.example/Image/PNG", "https://cdn.example/x"]


def test_case_20_nothing_but_headline_and_addresses_is_told(desk: Desk) -> None:
    told = published(
        body_html="<p>Lukket</p>",
        summary="Lukket",
        note="Lukket",
        extra={"desk": "Lukket"},
        access="PAID",
        tags=["Lukket"],
    )
    assert b"Lukket" not in desk.read(told, now=NOON)[CHILD].body(1)


def test_case_23_a_backfill_of_old_articles_lists_nothing(desk: Desk) -> None:
    old = [published(f"{n}", at=NOON - timedelta(days=3 + n)) for n in range(50)]
    documents = desk.read(*old, published("now"), now=NOON + HOUR)
    assert locs(documents[CHILD]) == ["now"]


def test_case_28_the_same_article_id_in_two_publications(desk: Desk) -> None:
    sink = SitemapsSink(SETTINGS)
    other = Desk(sink, sink.definitions("harbour")[0])
    mine = desk.read(published(), now=NOON)
    theirs = other.read(published(publication="harbour", title="The Seine & us"), now=NOON)
    assert not set(mine) & set(theirs)
    child = theirs["sitemaps/harbour/news-1.xml"]
    assert values(child, ".//n:name") == ["Harbour & Quay"]
    assert values(child, ".//n:language") == ["en"]
    assert values(theirs["sitemaps/harbour/news.xml"], ".//s:loc") == [
        "https://harbour.example/wire/sitemaps/harbour/news-1.xml"
    ]


def test_an_expired_article_leaves(desk: Desk) -> None:
    desk.read(published(expires_at=NOON + HOUR), now=NOON)
    assert locs(desk.read(now=NOON + HOUR - MICROSECOND)[CHILD]) == ["17"]
    assert locs(desk.read(now=NOON + HOUR)[CHILD]) == []


def test_an_article_that_excludes_sitemaps_is_not_listed_and_leaves_when_it_was(desk: Desk) -> None:
    desk.read(published(), now=NOON)
    assert locs(desk.read(published(revision=2, exclude=["sitemaps"]), now=NOON)[CHILD]) == []
    assert locs(desk.read(published(revision=3, exclude=["articles"]), now=NOON)[CHILD]) == ["17"]


def test_newest_first_whatever_the_order_of_arrival(desk: Desk) -> None:
    events = many(20)
    assert locs(desk.read(*reversed(events), now=NOON + HOUR)[CHILD]) == [e.article_id for e in reversed(events)]


def test_what_a_child_shows_is_told(desk: Desk) -> None:
    documents = desk.read(published("a/b", 4), now=NOON)
    assert documents[CHILD].articles == (("fjordposten", "a/b", 4),)
    assert documents[INDEX].articles == ()


def test_children_come_before_the_index_that_lists_them(desk: Desk) -> None:
    assert list(desk.read(published(), now=NOON)) == [CHILD, INDEX]


def test_an_article_without_a_body_is_listed(desk: Desk) -> None:
    bare = published(article=Article(title="Kort", modified_at=NOON))
    assert values(desk.read(bare, now=NOON)[CHILD], ".//n:title") == ["Kort"]
