"""The sharp edge cases of article documents, each by its number in the catalogue of syndication."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.articles.shelf import SINK, Shelf, document
from tests.unit.newsroom import HOUR, NOON, Desk, published, withdrawn
from wireroom.articles.direct import state_of
from wireroom.clock import micros
from wireroom.edition import due
from wireroom.event import Image

LIFT = NOON + HOUR


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def room() -> Desk:
    return Desk(SINK, SINK.definitions("fjordposten")[1])


def waiting(room: Desk) -> list[int]:
    return [entry.order.revision for entry in room.edition.entries.values()]


def test_case_02_url_change_keeps_uri_and_key_and_names_the_old_address(shelf: Shelf) -> None:
    old, new = "https://fjordposten.example/gammel", "https://fjordposten.example/ny"
    before = document(published(url=old), NOON)
    shelf.take(published(url=old), published(revision=2, url=new, previous_urls=[old]), now=NOON)
    assert shelf.said["uri"] == before["uri"]
    assert shelf.said["renditions"][0]["href"] == new
    assert {"role": "previous-url", "value": old} in shelf.said["altIds"]


def test_case_03_republished_after_withdrawal_with_the_same_uri(shelf: Shelf) -> None:
    said = []
    for event in (published(), withdrawn(), published(revision=3)):
        assert shelf.take(event, now=NOON)
        said.append((shelf.said["uri"], shelf.said["pubStatus"], shelf.said["version"]))
    uri = published().minted_guid
    assert said == [(uri, "usable", "1"), (uri, "canceled", "2"), (uri, "usable", "3")]


def test_case_04_republished_as_new_has_another_uri() -> None:
    assert document(published("18"), NOON)["uri"] != document(published("17"), NOON)["uri"]


@pytest.mark.parametrize("date", ["embargoed_until", "published_at", "updated_at", "modified_at"])
def test_case_05_an_article_to_come_exists_nowhere_until_its_time(shelf: Shelf, room: Desk, date: str) -> None:
    dates: dict[str, Any] = {date: LIFT}
    event = published(images=[Image(url="https://cdn.example/hemmelig.jpg")], **dates)
    listing = Desk(SINK, SINK.definitions("fjordposten")[0])
    assert not shelf.take(event, now=NOON)
    assert room.read(event, now=NOON) == {}
    for shown in listing.read(event, published("open"), now=NOON).values():
        assert not any(word in shown.body(1) for word in (b"hemmelig", b"(17)", b"/17", b"13:00"))
    assert due(room.edition, room.definition.window) == micros(LIFT)


def test_case_05_the_lift_needs_no_event_and_the_room_is_empty_after(shelf: Shelf, room: Desk) -> None:
    room.read(published(embargoed_until=LIFT), now=NOON)
    [entry] = room.edition.entries.values()
    direct = room.definition.lift(entry)
    assert direct
    assert shelf.merge(direct, LIFT)
    room.read(now=LIFT)
    assert waiting(room) == []


@pytest.mark.parametrize("lift", [NOON + timedelta(minutes=5), NOON + 3 * HOUR, None])
def test_case_05_an_embargo_can_move_or_go(shelf: Shelf, room: Desk, lift: object) -> None:
    moved = published(revision=2, embargoed_until=lift)
    for event in (published(embargoed_until=LIFT), moved):
        shelf.take(event, now=NOON)
        room.read(event, now=NOON)
    assert (shelf.current is None) == (lift is not None)
    assert waiting(room) == ([] if lift is None else [2])


def test_case_06_withdrawn_before_its_publication_arrives(shelf: Shelf, room: Desk) -> None:
    for event in (withdrawn(), published(embargoed_until=LIFT)):
        shelf.take(event, now=NOON)
    room.read(published(embargoed_until=LIFT), withdrawn(), now=NOON)
    assert shelf.said["pubStatus"] == "canceled"
    assert waiting(room) == []


def test_case_07_duplicates_are_not_written_again(shelf: Shelf) -> None:
    for event in (published(), withdrawn(), published(revision=3, expires_at=NOON)):
        assert shelf.take(event, now=NOON)
        assert not shelf.take(event, event, now=NOON)
    assert shelf.generation == 3


def test_case_08_an_older_revision_that_comes_late_is_not_taken(shelf: Shelf) -> None:
    shelf.take(published(revision=3), now=NOON)
    assert not shelf.take(published(revision=2), withdrawn(revision=2), now=NOON + HOUR)


def test_case_09_a_producer_whose_clock_is_ahead_loses_nothing(shelf: Shelf, room: Desk) -> None:
    ahead = NOON + timedelta(minutes=5)
    event = published(at=ahead)
    shelf.take(event, now=NOON)
    room.read(event, now=NOON)
    assert shelf.current is None
    [entry] = room.edition.entries.values()
    direct = room.definition.lift(entry)
    assert direct
    assert shelf.merge(direct, ahead)


def test_case_09_the_year_2041_is_held_and_not_shown(shelf: Shelf, room: Desk) -> None:
    event = published(at=NOON.replace(year=2041))
    assert not shelf.take(event, now=NOON)
    room.read(event, now=NOON)
    assert waiting(room) == [1]


def test_case_12_the_room_holds_nothing_of_what_is_simply_shown(room: Desk) -> None:
    room.read(published("a"), published("b", at=NOON - 1000 * HOUR), withdrawn("c"), now=NOON)
    assert waiting(room) == []


def test_case_15_the_body_is_safe_and_its_addresses_absolute() -> None:
    body = (
        '<p onclick="x()">Les <a href="../kart">kartet</a> <img src="//cdn.example/x.jpg">'
        '<a href="javascript:x()">her</a><script>x()</script><table><tr><td>1'
    )
    said = document(published(body_html=body), NOON)["bodies"][0]["value"]
    assert 'href="https://fjordposten.example/kart"' in said
    assert 'src="https://cdn.example/x.jpg"' in said
    assert not any(word in said for word in ("onclick", "javascript", "script>", "x()"))
    assert "</table>" in said


def test_case_22_a_batch_that_is_taken_twice_changes_nothing(shelf: Shelf, room: Desk) -> None:
    batch = [published(), published(revision=2, expires_at=NOON + 9 * HOUR), published("18", embargoed_until=LIFT)]
    shelf.take(*batch[:2], now=NOON)
    room.read(*batch, now=NOON)
    edition = room.edition
    assert not shelf.take(*batch[:2], now=NOON)
    room.read(*batch, now=NOON)
    assert room.edition.entries == edition.entries


def test_case_23_an_old_article_gets_its_document_with_its_own_dates(shelf: Shelf) -> None:
    long_ago = NOON.replace(year=1998)
    assert shelf.take(published(at=long_ago), now=NOON)
    assert shelf.said["firstCreated"] == "1998-03-02T12:00:00+00:00"
    assert shelf.current
    assert state_of(shelf.current.body)


def test_case_28_the_same_id_in_two_publications() -> None:
    mine, theirs = published(), published(publication="harbour")
    assert SINK.direct(mine).key != SINK.direct(theirs).key
    assert document(mine, NOON)["uri"] != document(theirs, NOON)["uri"]


def test_case_23_an_old_article_waits_however_old(room: Desk) -> None:
    room.read(published(at=NOON.replace(year=1998), expires_at=LIFT), now=NOON)
    assert waiting(room) == [1]


def test_the_room_keeps_what_expires_until_then(room: Desk) -> None:
    room.read(published(embargoed_until=LIFT, expires_at=NOON + 5 * HOUR), now=NOON)
    room.read(now=LIFT)
    assert due(room.edition, room.definition.window) == micros(NOON + 5 * HOUR)
    room.read(now=NOON + 5 * HOUR)
    assert waiting(room) == []
