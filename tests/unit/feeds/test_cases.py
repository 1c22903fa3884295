"""The sharp edge cases of feeds, each by its number in the catalogue of syndication."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.unit.feeds.reading import (
    XML_LANG,
    attributes,
    body,
    dates,
    declared,
    feed,
    found,
    guids,
    latest,
    titles,
    tree,
)
from tests.unit.newsroom import HOUR, NOON, Desk, published, withdrawn
from wireroom.errors import Reject
from wireroom.event import Author, Image

SECOND = timedelta(seconds=1)
NOON_TEXT, ONE_TEXT = "2026-03-02T12:00:00+00:00", "2026-03-02T13:00:00+00:00"
PHOTO = "https://bilder.example/ferge.jpg"


@pytest.fixture
def desk() -> Desk:
    return latest()


def test_case_01_headline_change_keeps_the_guid_and_moves_updated_only_if_significant(desk: Desk) -> None:
    first = desk.read(published(title="Bro stengt"), now=NOON)
    silent = desk.read(published(revision=2, title="Broen stengt", modified_at=NOON + HOUR), now=NOON + HOUR)
    assert titles(silent) == ["Broen stengt"]
    assert guids(silent) == guids(first)
    assert dates(silent) == dates(first) == [(NOON_TEXT, NOON_TEXT)]
    later = desk.read(published(revision=3, title="Broen åpen", updated_at=NOON + HOUR), now=NOON + HOUR)
    assert dates(later) == [(NOON_TEXT, ONE_TEXT)]
    assert found(later, "rss", "channel/item/pubDate") == ["Mon, 02 Mar 2026 12:00:00 +0000"]


def test_case_02_url_change_keeps_the_guid_and_moves_the_link(desk: Desk) -> None:
    first = desk.read(published(url="https://fjordposten.example/gammel"), now=NOON)
    moved = desk.read(published(revision=2, url="https://fjordposten.example/ny"), now=NOON)
    assert guids(moved) == guids(first)
    assert found(moved, "rss", "channel/item/link") == ["https://fjordposten.example/ny"]
    assert b"gammel" not in b"".join(body(moved, form) for form in ("rss", "atom", "json"))


def test_case_03_unpublish_republish_keeps_the_guid_and_the_first_date(desk: Desk) -> None:
    first = desk.read(published(), now=NOON)
    gone = desk.read(withdrawn(note="Kilden trakk seg &amp; ba om det"), now=NOON)
    assert titles(gone) == []
    assert attributes(gone, "atom", "at:deleted-entry") == [{"ref": guids(first)[0], "when": NOON_TEXT}]
    assert found(gone, "atom", "at:deleted-entry/at:comment") == ["Kilden trakk seg & ba om det"]
    back = desk.read(published(revision=3, updated_at=NOON + HOUR), now=NOON + HOUR)
    assert guids(back) == guids(first)
    assert dates(back) == [(NOON_TEXT, ONE_TEXT)]
    assert not found(back, "atom", "at:deleted-entry")


def test_case_03_the_newest_tombstone_comes_first(desk: Desk) -> None:
    gone = [withdrawn(f"{n}", occurred_at=NOON - n * HOUR) for n in (2, 1, 3)]
    graves = attributes(desk.read(*gone, now=NOON), "atom", "at:deleted-entry")
    assert [grave["when"][11:13] for grave in graves] == ["11", "10", "09"]


def test_case_03_a_tombstone_goes_after_72_hours(desk: Desk) -> None:
    desk.read(published(), withdrawn(), now=NOON)
    assert found(desk.read(now=NOON + 72 * HOUR - SECOND), "atom", "at:deleted-entry")
    assert not found(desk.read(now=NOON + 72 * HOUR), "atom", "at:deleted-entry")


def test_case_03_a_withdrawal_without_the_adopted_guid_buries_it_all_the_same(desk: Desk) -> None:
    desk.read(published(guid="tag:x,2026:1"), now=NOON)
    [grave] = attributes(desk.read(withdrawn(), now=NOON), "atom", "at:deleted-entry")
    assert grave["ref"] == "tag:x,2026:1"


def test_case_04_republished_as_new_has_a_guid_of_its_own(desk: Desk) -> None:
    documents = desk.read(published("17"), withdrawn("17"), published("18", title="Fergen gikk på grunn"), now=NOON)
    assert titles(documents) == ["Fergen gikk på grunn"]
    [grave] = attributes(documents, "atom", "at:deleted-entry")
    assert guids(documents) != [grave["ref"]]


def test_case_04_no_tombstone_has_the_id_of_an_entry_that_is_shown(desk: Desk) -> None:
    twins = [published(name, guid="tag:x,2026:1") for name in ("17", "18")]
    documents = desk.read(*twins, withdrawn("18", guid="tag:x,2026:1"), now=NOON)
    assert guids(documents) == ["tag:x,2026:1"]
    assert not found(documents, "atom", "at:deleted-entry")


def test_case_04_a_guid_that_is_used_twice_stays_with_the_first(desk: Desk) -> None:
    older, newer = published("1", at=NOON - HOUR, guid="tag:x,2026:1"), published("2", guid="tag:x,2026:1")
    ids = guids(desk.read(newer, older, now=NOON))
    assert ids[1] == "tag:x,2026:1"
    assert UUID(ids[0])


def test_case_04_nobody_adopts_the_guid_that_is_minted_for_another(desk: Desk) -> None:
    newer = published("2")
    ids = guids(desk.read(newer, published("1", at=NOON - HOUR, guid=newer.minted_guid), now=NOON))
    assert ids[0] == newer.minted_guid
    assert len(set(ids)) == 2


@pytest.mark.parametrize("date", ["embargoed_until", "published_at", "modified_at", "updated_at"])
def test_case_05_nothing_of_an_article_to_come_is_in_any_byte_until_its_time(desk: Desk, date: str) -> None:
    values: dict[str, Any] = {date: NOON + HOUR}
    secret = published(
        "secret", title="Hemmelig avtale", images=[Image(url="https://cdn.example/secret.jpg")], **values
    )
    before = desk.read(published("open"), secret, now=NOON + HOUR - SECOND)
    everything = b"".join(document.body(1) for document in before.values())
    assert not [word for word in (b"secret", b"Hemmelig", b"13:00") if word in everything]
    assert "Hemmelig avtale" in titles(desk.read(now=NOON + HOUR))


def test_case_05_an_article_is_dated_by_the_lift_of_its_embargo(desk: Desk) -> None:
    lifted = desk.read(published(at=NOON - HOUR, embargoed_until=NOON), now=NOON)
    assert dates(lifted) == [(NOON_TEXT, NOON_TEXT)]


def test_case_05_a_tombstone_of_the_future_waits_for_its_time(desk: Desk) -> None:
    desk.read(published(), now=NOON)
    soon = desk.read(withdrawn(occurred_at=NOON + HOUR), now=NOON)
    assert titles(soon) == []
    assert not found(soon, "atom", "at:deleted-entry")
    assert found(desk.read(now=NOON + HOUR), "atom", "at:deleted-entry")


def test_case_06_retracted_before_it_was_published(desk: Desk) -> None:
    documents = desk.read(withdrawn(revision=2), published(revision=1), now=NOON)
    assert titles(documents) == []


def test_case_07_duplicates_change_nothing(desk: Desk) -> None:
    first = desk.read(published(), now=NOON)
    again = desk.read(published(), published(event_id="from another try"), now=NOON)
    assert [document.digest() for document in first.values()] == [document.digest() for document in again.values()]


def test_case_08_revisions_in_any_order_give_the_same_documents() -> None:
    revisions = [published(revision=n, title=f"Versjon {n}", updated_at=NOON + n * HOUR) for n in (1, 2, 3)]
    forth, back = (latest().read(*order, now=NOON + 4 * HOUR) for order in (revisions, revisions[::-1]))
    assert titles(forth) == ["Versjon 3"]
    assert [document.body(1) for document in forth.values()] == [document.body(1) for document in back.values()]


def test_case_09_an_article_of_2041_is_not_shown_in_2026(desk: Desk) -> None:
    documents = desk.read(published(at=NOON.replace(year=2041)), published("18"), now=NOON)
    assert titles(documents) == ["Fergen gikk på grunn (18)"]
    assert found(documents, "rss", "channel/lastBuildDate") == ["Mon, 02 Mar 2026 12:00:00 +0000"]


def test_case_10_a_burst_keeps_the_window_and_a_withdrawal_brings_the_next_back() -> None:
    desk = declared(entries=3)
    burst = [published(f"{n}", at=NOON + n * SECOND) for n in range(9)]
    assert titles(desk.read(*burst, now=NOON + HOUR)) == [f"Fergen gikk på grunn ({n})" for n in (8, 7, 6)]
    assert titles(desk.read(withdrawn("7"), now=NOON + HOUR)) == [f"Fergen gikk på grunn ({n})" for n in (8, 6, 5)]


def test_case_10_what_is_younger_than_the_minutes_stays_in_a_burst() -> None:
    desk = declared(entries=2, minutes=30)
    burst = [published(f"{n}", at=NOON + n * SECOND) for n in range(30)]
    assert len(titles(desk.read(*burst, now=NOON + HOUR / 4))) == 10
    assert len(titles(desk.read(now=NOON + HOUR))) == 2


def test_case_12_an_empty_feed_is_a_feed(desk: Desk) -> None:
    documents = desk.read(now=NOON)
    assert titles(documents) == []
    assert not found(documents, "rss", "channel/lastBuildDate")
    assert titles(desk.read(published(), withdrawn(), now=NOON)) == []


TEXT = "Ærlig &amp; <b>東京</b>]]> \U0001f469\u200d\U0001f469\u200d\U0001f467 \u202bעברית\u202c e\u0301"
SHOWN = "Ærlig & <b>東京</b>]]> \U0001f469\u200d\U0001f469\u200d\U0001f467 \u202bעברית\u202c e\u0301"


def test_case_13_what_xml_forbids_is_gone_and_the_rest_arrives(desk: Desk) -> None:
    forbidden = "\x00\x08\x0b\x10\ufffe\uffff\ufeff"
    documents = desk.read(
        published(
            title=f"{forbidden}{TEXT}",
            summary=f"{TEXT}{forbidden}",
            body_html=f"<p title=']]>'>]]&gt; {forbidden}&nbsp;&#16;</p>",
            tags=[TEXT],
            authors=[Author(name=TEXT)],
            images=[Image(url=PHOTO, caption=TEXT, credit=TEXT, alt=TEXT)],
        ),
        now=NOON,
    )
    assert titles(documents) == [SHOWN]
    item = "channel/item/"
    for path in ("description", "category", "dc:creator", "m:content/m:description", "m:content/m:text"):
        assert found(documents, "rss", item + path) == [SHOWN]
    encoded = '<p title="]]&gt;">]]&gt; &nbsp;</p>'
    assert found(documents, "rss", f"{item}content:encoded") == [encoded]
    assert found(documents, "atom", "a:entry/a:content") == [encoded]
    assert feed(documents)["items"][0]["content_html"] == encoded


@pytest.mark.parametrize(("language", "shown"), [("nb", None), ("NB", None), ("zh-Hans", "zh-Hans"), (None, None)])
def test_case_14_a_language_stands_where_it_differs(desk: Desk, language: str | None, shown: str | None) -> None:
    documents = desk.read(published(language=language), now=NOON)
    assert attributes(documents, "atom", "a:entry") == ([{XML_LANG: shown}] if shown else [{}])
    assert found(documents, "rss", "channel/item/dc:language") == ([shown] if shown else [])
    assert feed(documents)["items"][0].get("language") == shown
    assert found(documents, "rss", "channel/language") == [feed(documents)["language"]] == ["nb"]
    assert tree(documents, "atom").get(XML_LANG) == "nb"


def test_case_15_html_is_clean_and_escaped_once(desk: Desk) -> None:
    html = '<p onclick="x()">R&amp;D <a href="/bro">bro</a><script>x</script><img src="//cdn.example/a.jpg"></p>'
    clean = '<p>R&amp;D <a href="https://fjordposten.example/bro">bro</a><img src="https://cdn.example/a.jpg"></p>'
    documents = desk.read(published(body_html=html), now=NOON)
    assert found(documents, "rss", "channel/item/content:encoded") == [clean]
    assert found(documents, "atom", "a:entry/a:content") == [clean]


def test_case_16_a_title_is_decoded_and_escaped_once(desk: Desk) -> None:
    documents = desk.read(published(title="  Hval &amp; krill:\n 3 &lt; 5&nbsp;%"), now=NOON)
    assert titles(documents) == ["Hval & krill: 3 < 5\u00a0%"]
    assert b"<title>Hval &amp; krill: 3 &lt; 5" in body(documents, "rss")


def test_case_16_a_title_of_which_nothing_is_left_is_refused(desk: Desk) -> None:
    with pytest.raises(Reject) as refused:
        desk.read(published(title="&nbsp;&#32;&#xfeff;"), now=NOON)
    assert refused.value.rule == "empty-title"


def test_case_18_what_is_not_known_of_a_picture_is_not_said(desk: Desk) -> None:
    documents = desk.read(published(images=[Image(url=PHOTO, size_bytes=0)]), now=NOON)
    assert attributes(documents, "atom", "a:entry/a:link")[1] == {"href": PHOTO, "rel": "enclosure"}
    assert attributes(documents, "rss", "channel/item/m:content") == [{"url": PHOTO, "medium": "image"}]
    item = feed(documents)["items"][0]
    assert item["image"] == PHOTO
    assert "attachments" not in item


def test_case_18_what_is_no_picture_is_left_out_alone(desk: Desk) -> None:
    clip = Image(url="https://bilder.example/klipp.mp4", media_type="video/mp4")
    documents = desk.read(published(images=[clip, Image(url=PHOTO)]), now=NOON)
    assert feed(documents)["items"][0]["image"] == PHOTO
    assert b"klipp" not in body(documents, "rss")


def test_case_19_a_renamed_section_keeps_the_feed_and_the_guids() -> None:
    desk = declared(include={"sections": ["Sjø", "Havn"]})
    first = desk.read(published(sections=["Sjø"]), now=NOON)
    renamed = desk.read(published(revision=2, sections=["Havn"]), now=NOON)
    assert guids(renamed) == guids(first)
    assert found(renamed, "atom", "a:id") == found(first, "atom", "a:id")
    assert titles(desk.read(published(revision=3, sections=["Kultur"]), now=NOON)) == []


def test_case_19_an_author_who_is_taken_off_is_nowhere(desk: Desk) -> None:
    desk.read(published(authors=[Author(name="Kari Lund")]), now=NOON)
    documents = desk.read(published(revision=2), now=NOON)
    assert not [form for form in ("rss", "atom", "json") if b"Kari" in body(documents, form)]


def test_case_20_a_paid_body_is_shown_only_where_that_is_said() -> None:
    paid = published(access="PAID", summary="Kort sagt", body_html="<p>Alt om det</p>")
    hidden, open_ = declared().read(paid, now=NOON), declared(paid="full").read(paid, now=NOON)
    assert not [form for form in ("rss", "atom", "json") if b"Alt om det" in body(hidden, form)]
    assert feed(hidden)["items"][0]["content_text"] == "Kort sagt"
    assert found(hidden, "atom", "a:entry/a:summary") == ["Kort sagt"]
    assert all(b"Alt om det" in body(open_, form) for form in ("rss", "atom", "json"))


def test_case_20_nothing_internal_leaks(desk: Desk) -> None:
    internal = published(extra={"desk": "ring redaktøren"}, note="intern merknad", exclude=["sitemaps"])
    documents = desk.read(internal, now=NOON)
    everything = b"".join(document.body(1) for document in documents.values())
    assert not [word for word in ("ring", "merknad", "sitemaps") if word.encode() in everything]


def test_case_22_an_article_that_is_refused_leaves_the_others(desk: Desk) -> None:
    desk.read(published("17"), now=NOON)
    with pytest.raises(Reject):
        desk.read(published("18", title="&nbsp;"), now=NOON)
    assert titles(desk.read(published("19"), now=NOON)) == ["Fergen gikk på grunn (19)", "Fergen gikk på grunn (17)"]


def test_case_23_a_backfill_keeps_its_dates_and_its_place(desk: Desk) -> None:
    old = published("old", at=NOON - 20 * 24 * HOUR, guid="1998-arkiv/4", occurred_at=NOON, modified_at=NOON)
    documents = desk.read(published("17"), old, now=NOON)
    assert guids(documents)[1] == "1998-arkiv/4"
    assert dates(documents)[1] == ("2026-02-10T12:00:00+00:00",) * 2
    assert found(documents, "rss", "channel/lastBuildDate") == ["Mon, 02 Mar 2026 12:00:00 +0000"]


def test_case_28_the_same_article_id_in_two_publications() -> None:
    desk = declared(publications=["fjordposten", "harbour"])
    documents = desk.read(published(), published(publication="harbour", title="Ferry aground"), now=NOON)
    assert sorted(titles(documents)) == ["Fergen gikk på grunn (17)", "Ferry aground"]
    assert len(set(guids(documents))) == 2
    assert sorted(found(documents, "rss", "channel/item/link")) == [
        "https://fjordposten.example/nyheter/17",
        "https://harbour.example/nyheter/17",
    ]
    names = found(documents, "atom", "a:entry/a:author/a:name")
    assert names == ["Harbour & Quay"]
    assert found(documents, "rss", "channel/item/dc:language") == ["en-GB"]
