"""What a request's headers decide."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.clock import SECOND
from wireroom.serve.conditions import coding, fields, http_date, last_modified, not_modified, wants_delta

TAG = '"5f3a"'
NOON = 1_767_268_800  # 2026-01-01T12:00:00Z, in seconds


def known_by(headers: Mapping[str, str], modified: int, now: int = (NOON + 3600) * SECOND) -> bool:
    """Whether the reader has the state with `TAG` already. Names and values come as bytes; ASGI allows any."""
    sent = {name.encode(): value.encode("utf-8", "surrogatepass") for name, value in headers.items()}
    return not_modified(sent, TAG, modified, now)


OFFERED = ("br", "gzip")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, br;q=0.9", "gzip"),
        ("GZIP;q=0.1", "gzip"),
        ("gzip ; q=1.0, identity", "gzip"),
        ("*", "br"),
        ("deflate, *;q=0.5", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip;q=0.5, identity;q=0.4", "gzip"),
        ("gzip;q=0.5, *;q=0.1", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0", "identity"),
        ("*;q=0", "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("zstd", "identity"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("x-gzip-like", "identity"),
        ("gzip;q=0, br;q=0, *", "identity"),
        ("gzip;q=1.2.3", "identity"),
        ("gzip;level=9", "identity"),
        (",", "identity"),
    ],
)
def test_the_reader_gets_the_coding_that_it_likes_best(header: str, expected: str) -> None:
    assert coding(header.encode(), OFFERED) == expected


def test_a_document_that_none_makes_smaller_goes_as_it_is() -> None:
    assert coding(b"gzip, br, *", ()) == "identity"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [("feed", True), ("Feed;q=0.5", True), ("vcdiff, feed", True), ("feed;q=0", False), ("feeds", False), ("", False)],
)
def test_who_wants_what_is_new_alone(header: str, wanted: bool) -> None:
    assert wants_delta(header.encode()) is wanted


def test_lines_of_the_same_name_are_one_list() -> None:
    lines = [(b"if-none-match", b'"a"'), (b"host", b"x"), (b"if-none-match", b'"b"')]
    assert fields(lines) == {b"if-none-match": b'"a", "b"', b"host": b"x"}


@given(st.text())
def test_no_header_breaks_the_server(header: str) -> None:
    sent = header.encode("utf-8", "surrogatepass")
    assert coding(sent, OFFERED) in {*OFFERED, "identity"}
    assert wants_delta(sent) in {True, False}
    known_by({"if-none-match": header}, 0)
    known_by({"if-modified-since": header}, 0)


@pytest.mark.parametrize(
    "known", [TAG, f"W/{TAG}", "*", f'"other", {TAG}', f'W/"other",W/{TAG} ', f'"with, comma", {TAG}']
)
def test_a_known_state_is_not_sent_again(known: str) -> None:
    assert known_by({"if-none-match": known}, NOON * SECOND)


@pytest.mark.parametrize("known", ['"other"', "5f3a", "", '"5f3a', '"5F3A"', '"5f3a-gzip"'])
def test_another_state_is_sent_even_if_the_date_is_known(known: str) -> None:
    headers = {"if-none-match": known, "if-modified-since": http_date(NOON + 60)}
    assert not known_by(headers, NOON * SECOND)


def test_the_date_decides_when_no_etag_was_sent() -> None:
    assert known_by({"if-modified-since": "Thu, 01 Jan 2026 12:00:01 GMT"}, NOON * SECOND)
    assert known_by({"if-modified-since": "Thu, 01 Jan 2026 13:00:00 GMT"}, NOON * SECOND)
    assert not known_by({"if-modified-since": "Thu, 01 Jan 2026 13:00:01 GMT"}, NOON * SECOND), "it is still to come"
    assert not known_by({"if-modified-since": "Thu, 01 Jan 2026 12:00:00 GMT"}, NOON * SECOND)
    assert not known_by({"if-modified-since": "yesterday"}, NOON * SECOND)
    assert not known_by({}, NOON * SECOND)


@pytest.mark.parametrize("date", [f"Thu, 01 Jan {'9' * 20} 12:00:00 GMT", f"Thu, 01 Jan 2026 12:00:00 +{'9' * 20}"])
def test_a_date_that_no_clock_can_show_decides_nothing(date: str) -> None:
    assert not known_by({"if-modified-since": date}, NOON * SECOND)


def test_a_date_is_written_as_http_wants_it() -> None:
    assert http_date(NOON) == "Thu, 01 Jan 2026 12:00:00 GMT"


moments = st.integers(NOON * SECOND, (NOON + 5) * SECOND)


@given(st.tuples(moments, moments, moments, moments))
def test_no_change_is_missed_by_a_reader_that_knows_only_dates(times: tuple[int, int, int, int]) -> None:
    """Case F4: two changes within a second. Whoever read the first is sent the second, with a later date if any."""
    first, read_at, second, read_again = sorted(times)
    if known := last_modified(first, read_at):
        assert not known_by({"if-modified-since": http_date(known)}, second)
        assert (last_modified(second, read_again) or known + 1) > known


@given(moments, st.integers(0, 10 * SECOND))
def test_a_date_is_never_in_the_future_nor_changes(modified: int, later: int) -> None:
    given_date = last_modified(modified, modified + later)
    if given_date is None:
        assert later < 2 * SECOND
    else:
        assert given_date * SECOND <= modified + later
        assert given_date == last_modified(modified, modified + later + SECOND)
        assert known_by({"if-modified-since": http_date(given_date)}, modified)
