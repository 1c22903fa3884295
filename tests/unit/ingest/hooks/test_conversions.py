from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.ingest.hooks.conversions import CONVERSIONS
from wireroom.mapping import Conversion


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("text", 12, "12"),
        ("text", "12", "12"),
        ("text", True, True),
        ("plain", "Teluk &amp; Kota &#8211; <em>baru</em>", "Teluk & Kota – baru"),
        ("plain", "<p>One</p><p>two</p>three<br/>four", "One two three four"),
        ("plain", "5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("plain", "a &lt;b&gt; c", "a <b> c"),
        ("plain", "<a<b>c", "<ac"),
        ("paragraphs", "One & two\nthree.\r\n \r\nFour <b>", "<p>One &amp; two\nthree.</p><p>Four &lt;b&gt;</p>"),
        ("utc", "2026-03-01T09:30:00", "2026-03-01T09:30:00Z"),
        ("utc", "2026-03-01 09:30:00", "2026-03-01T09:30:00Z"),
        ("utc", "2026-03-01T09:30:00+0000", "2026-03-01T09:30:00+00:00"),
        ("utc", "2026-03-01T09:30:00.5-0730", "2026-03-01T09:30:00.5-07:30"),
        ("utc", "2026-03-01T09:30:00+08:00", "2026-03-01T09:30:00+08:00"),
        ("utc", "2026-03-01", "2026-03-01"),
        ("seconds", 1772357400, datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("seconds", "1772357400", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("seconds", 1772357400.25, datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)),
        ("milliseconds", 1772357400250, datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)),
        ("seconds", True, True),
        ("seconds", 10**30, 10**30),
        ("seconds", "soon", "soon"),
        ("number", "800", 800),
        ("number", 800, 800),
        ("number", 0, None),
        ("number", "0", None),
        ("number", "8 px", "8 px"),
        ("byline", "Ann Lee", "Ann Lee"),
        ("byline", "ann@coast.example", None),
        ("byline", "Ann <ann@coast.example>", None),
        ("byline", "https://coast.example/author/ann%40coast.example", None),
        ("byline", "Ann @ Sea", "Ann @ Sea"),
        ("address", "HTTPS://coast.example/a", "HTTPS://coast.example/a"),
        ("address", "urn:x:1", None),
        ("address", "/relative", None),
        ("address", 7, None),
    ],
)
def test_conversions(conversion: str, value: object, expected: object) -> None:
    assert CONVERSIONS[Conversion(conversion)](value) == expected


def test_every_conversion_is_there() -> None:
    assert set(CONVERSIONS) == set(Conversion)


@given(st.sampled_from(list(Conversion)), st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_none_raises(conversion: Conversion, value: object) -> None:
    CONVERSIONS[conversion](value)


@pytest.mark.parametrize(
    "value", ["<" * 200_000, "<a" * 100_000, "<p " * 100_000, "\n \n" * 100_000, "\r\n \t" * 100_000]
)
def test_none_takes_long_over_a_hostile_text(value: str) -> None:
    """Each is linear: were one quadratic, this would take minutes and the test's limit would end it."""
    for conversion in Conversion:
        CONVERSIONS[conversion](value)
