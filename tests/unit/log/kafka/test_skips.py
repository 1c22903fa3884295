import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.errors import Red, RetryAfter
from wireroom.log.kafka.library import Damaged
from wireroom.log.kafka.skips import Skip, Skips, extent, readable_at

ARTICLES = ("w.articles", 0)


def skips(*given_up: Skip) -> Skips:
    return Skips(lambda: [b"no mark", *(skip.mark() for skip in given_up)], lambda name: f"id of {name}")


def test_a_position_in_what_was_given_up_is_moved_behind_it() -> None:
    known = skips(Skip("id of w.articles", 0, 10, 20))
    positions = (9, 10, 19, 20)
    assert [known.beyond({ARTICLES: position}).get(ARTICLES) for position in positions] == [None, 20, 20, None]


def test_two_that_follow_each_other_are_passed_in_one_go() -> None:
    known = skips(Skip("id of w.articles", 0, 10, 20), Skip("id of w.articles", 0, 20, 25))
    assert known.beyond({ARTICLES: 12}) == {ARTICLES: 25}


def test_a_topic_made_anew_and_another_partition_are_read() -> None:
    known = skips(Skip("an older id", 0, 10, 20), Skip("id of w.articles", 1, 10, 20))
    assert known.beyond({ARTICLES: 12, ("w.articles", 1): 12}) == {("w.articles", 1): 20}


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 50), st.data())
def test_the_damage_is_found_from_any_offset_in_it(
    before: int, length: int, behind: int, start: int, data: st.DataObject
) -> None:
    first = start + before
    offset = data.draw(st.integers(first, first + length - 1))
    found = extent(lambda at: not first <= at < first + length, offset, start, first + length + behind)
    assert found == (first, first + length)


def test_only_damage_counts_as_damage() -> None:
    def read(offset: int) -> object:
        raise {0: Damaged("damaged", ""), 1: RetryAfter("away"), 2: Red("lost", "")}[offset]

    can_read = readable_at(read)
    assert not can_read(0)
    for offset, error in ((1, RetryAfter), (2, Red)):
        with pytest.raises(error):
            can_read(offset)
