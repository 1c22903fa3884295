from email.utils import format_datetime

import pytest

from wireroom.clock import DAY, HOUR, SECOND, moment
from wireroom.notify.outcome import BREAKS, Verdict, circuit, outcome, pause, retry_after

NOW = 1_772_452_800 * SECOND


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (299, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (308, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.AWAY),
        (410, Verdict.ENDED),
        (425, Verdict.AWAY),
        (429, Verdict.AWAY),
        (500, Verdict.REFUSED),
        (502, Verdict.AWAY),
        (503, Verdict.AWAY),
        (504, Verdict.AWAY),
    ],
)
def test_what_an_answer_means(status: int, verdict: Verdict) -> None:
    assert outcome(status, {}, NOW).verdict is verdict


def test_how_long_to_wait_is_honoured_wherever_it_stands() -> None:
    assert outcome(429, {"retry-after": "120"}, NOW).retry_after == 120 * SECOND
    assert outcome(500, {"retry-after": " 7 "}, NOW).retry_after == 7 * SECOND


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("3600", 3600),
        ("9" * 5000, DAY // SECOND),
        (format_datetime(moment(NOW + 90 * SECOND), usegmt=True), 90),
        (format_datetime(moment(NOW - 90 * SECOND), usegmt=True), 0),
        ("Sun, 06 Nov 2044 08:49:37 GMT", DAY // SECOND),
        ("Tue, 24 Nov 2026 08:49:37", DAY // SECOND),
        ("soon", 0),
        ("", 0),
        ("-5", 0),
        ("٣", 0),
        ("Mon, 99 Xyz 99999 99:99:99 GMT", 0),
    ],
)
def test_what_the_header_says(value: str, seconds: int) -> None:
    assert retry_after(value, NOW) == seconds * SECOND


def test_pauses_double_up_to_an_hour_and_jitter_takes_at_most_half_away() -> None:
    assert [pause(failures, 0) // SECOND for failures in (1, 2, 3, 12)] == [1, 2, 4, 2048]
    assert {pause(failures, 0) for failures in (13, 100, 10**9)} == {HOUR}
    assert pause(3, 1) == 2 * SECOND
    assert pause(3, 0.5) == 3 * SECOND


def test_the_circuit_in_a_word() -> None:
    assert [circuit(False, failures) for failures in (0, 1, BREAKS - 1, BREAKS)] == [
        "well",
        "retrying",
        "retrying",
        "open",
    ]
    assert circuit(True, 0) == "ended"
