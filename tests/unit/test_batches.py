from collections.abc import Sequence

import pytest

from wireroom.batches import BATCH_BYTES, BATCH_EVENTS, append_all, batches
from wireroom.errors import Fault, Refusal, Refused
from wireroom.log import ARTICLES, Message, Partition, Position


def test_a_batch_is_worth_a_transaction_and_no_larger() -> None:
    small = Message("k", b"x")
    large = Message("k", b"x" * (BATCH_BYTES // 2))
    assert [len(batch) for batch in batches([small] * (BATCH_EVENTS + 1))] == [BATCH_EVENTS, 1]
    assert [len(batch) for batch in batches([large] * 5)] == [2, 2, 1]
    assert [len(batch) for batch in batches([small, large, large, small])] == [2, 2]
    assert [len(batch) for batch in batches([large] * 3, 1)] == [1, 1, 1]
    assert list(batches([])) == []


def position(offset: int) -> Position:
    return Position(Partition(ARTICLES, 0), offset)


def refusal(index: int) -> Refusal:
    return Refusal(index, f"id-{index}", "forbidden", (Fault("", "another's event", "your own"),))


def append(part: Sequence[int]) -> list[Position]:
    """Refuses what is negative."""
    if any(number < 0 for number in part):
        refusals = [refusal(index) for index, number in enumerate(part) if number < 0]
        raise Refused(refusals, [position(number) if number >= 0 else None for number in part])
    return [position(number) for number in part]


def test_where_all_went() -> None:
    assert append_all([[3, 4], [], [5]], append) == [position(3), position(4), position(5)]


def test_every_refusal_of_any_part_is_told_at_the_end_by_its_place_in_the_whole() -> None:
    with pytest.raises(Refused) as caught:
        append_all([[3, -1], [4], [-1, -1, 5]], append)
    assert [each.index for each in caught.value.refusals] == [1, 3, 4]
    assert caught.value.positions == (position(3), None, position(4), None, None, position(5))
    assert [fault.found for fault in caught.value.faults] == ["another's event"] * 3
    assert "event 4 (id-1): forbidden; (whole): found another's event, expected your own" in str(caught.value)
