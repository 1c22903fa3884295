"""How long others may keep a document."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.clock import DAY, HOUR, MINUTE, SECOND
from wireroom.serve.lifetimes import Lifetimes, cache_control


@pytest.mark.parametrize(
    ("unchanged", "longest", "expected"),
    [
        (0, 300, "public, max-age=60, stale-while-revalidate=60"),
        (10 * MINUTE, 300, "public, max-age=60, stale-while-revalidate=60"),
        (20 * MINUTE, 300, "public, max-age=120, stale-while-revalidate=60"),
        (DAY, 300, "public, max-age=240, stale-while-revalidate=60"),
        (DAY, 3600, "public, max-age=3540, stale-while-revalidate=60"),
        (DAY, 100, "public, max-age=60, stale-while-revalidate=40"),
        (DAY, 60, "public, max-age=60"),
        (DAY, 5, "public, max-age=5"),
        (HOUR, 0, "public, no-cache"),
        (-5 * SECOND, 300, "public, max-age=60, stale-while-revalidate=60"),
    ],
)
def test_what_is_still_is_kept_for_longer(unchanged: int, longest: int, expected: str) -> None:
    assert cache_control(unchanged, longest) == expected


@given(st.integers(0, 10 * DAY), st.integers(0, 86_400))
def test_nothing_lives_longer_in_a_cache_than_it_may(unchanged: int, longest: int) -> None:
    assert sum(map(int, re.findall(r"\d+", cache_control(unchanged, longest)))) <= longest


def test_what_a_feed_says_wins() -> None:
    lifetimes = Lifetimes({"feeds/p/slow": "public, max-age=900"}, 300)
    assert lifetimes.of("feeds/p/slow.atom", 0) == "public, max-age=900"
    assert lifetimes.of("feeds/p/slow-not.atom", DAY) == cache_control(DAY, 300)
