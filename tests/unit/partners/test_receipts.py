"""A receipt says what the records prove, and nothing more."""

import pytest

from tests.unit.partners.story import RSS, access, seconds, state
from wireroom.partners.receipts import Verdict, receipts
from wireroom.partners.records import Record
from wireroom.partners.shown import digest

ARTICLE = [digest("urn:a"), digest("https://daily.example/a")]
WITH, WITHOUT = state(1, 1, "urn:z", "urn:a"), state(50, 2, "urn:z")


def verdict(*records: Record) -> Verdict:
    [receipt] = receipts([WITH, WITHOUT, *records], ARTICLE)
    return receipt.verdict


def test_sent_and_then_confirmed() -> None:
    records: list[Record] = [
        WITH,
        access(2, 1),
        access(3, 1, 304),
        WITHOUT,
        access(60, 2),
        access(61, 2, 304),
        access(62, 2, 304),
    ]
    [receipt] = receipts(records, ARTICLE)
    assert receipt.verdict is Verdict.CONFIRMED
    assert (receipt.partner, receipt.document) == ("northern", RSS)
    assert receipt.sent
    assert receipt.confirmed
    assert seconds(receipt.had_from, receipt.had_until) == [2, 3]
    assert seconds(receipt.sent.time, receipt.confirmed.time) == [60, 61]
    assert receipt.confirmed.etag == '"tag2"'


def test_a_304_for_a_state_without_it_counts_though_that_state_was_never_seen_sent() -> None:
    assert verdict(access(2, 1), access(60, 2, 304)) is Verdict.CONFIRMED


@pytest.mark.parametrize("later", [[], [access(3, 1, 304)], [access(60, None, 429)], [access(60, None, 401)]])
def test_who_did_not_come_back_has_it(later: list[Record]) -> None:
    assert verdict(access(2, 1), *later) is Verdict.HAS


def test_the_head_alone_brings_nothing() -> None:
    assert verdict(access(2, 1), access(60, 2, method="HEAD")) is Verdict.HAS


def test_304_on_any_state_proves_nothing() -> None:
    assert verdict(access(2, 1), access(60, 2, 304, known="*")) is Verdict.HAS


def test_304_on_a_date_proves_nothing() -> None:
    """A clock that is fast, or any date in the future, gets 304 for what was never sent."""
    assert verdict(access(2, 1), access(60, 2, 304, dated=True)) is Verdict.HAS
    assert verdict(access(2, 1), access(60, 2), access(61, 2, 304, dated=True)) is Verdict.SENT


def test_a_server_that_was_behind_gives_it_again() -> None:
    assert verdict(access(2, 1), access(60, 2), access(61, 1)) is Verdict.HAS
    assert verdict(access(2, 1), access(60, 2), access(61, 1), access(62, 2)) is Verdict.SENT


def test_who_never_got_it_needs_no_receipt() -> None:
    assert verdict(access(60, 2)) is Verdict.NEVER


def test_an_adopted_guid_is_the_same_article() -> None:
    records: list[Record] = [state(1, 1, "https://daily.example/a"), access(2, 1), state(50, 2), access(60, 2)]
    assert [receipt.verdict for receipt in receipts(records, ARTICLE)] == [Verdict.SENT]


def test_of_a_state_that_nobody_told_nothing_is_known() -> None:
    assert receipts([access(2, 7)], ARTICLE) == []


def test_each_partner_and_document_by_itself() -> None:
    json = RSS.replace("rss", "json")
    records: list[Record] = [
        WITH, state(1, 1, "urn:a", document=json), access(2, 1), access(2, 1, document=json), access(2, 1, partner="b"),
        WITHOUT, access(60, 2),
    ]  # fmt: skip
    found = {(receipt.partner, receipt.document): receipt.verdict for receipt in receipts(records, ARTICLE)}
    assert found == {("northern", RSS): Verdict.SENT, ("northern", json): Verdict.HAS, ("b", RSS): Verdict.HAS}
