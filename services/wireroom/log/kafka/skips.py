"""Damaged batches that a person gave up: each is told on the log `dead-letters`, where every reader finds it."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wireroom.log.kafka.library import Damaged, Place

SKIPPED = "wireroom.skipped"  # header of the dead letter that stands for the batch
_MARK = re.compile(rb"([^/]+)/(\d+)/(\d+)-(\d+)")

Marks = Callable[[], Iterable[bytes]]


class Skip(NamedTuple):
    """Offsets from `first` up to `beyond`, which are not read, of a partition of one topic as it was made."""

    topic_id: str
    partition: int
    first: int
    beyond: int

    def mark(self) -> bytes:
        """As it stands in the header."""
        return f"{self.topic_id}/{self.partition}/{self.first}-{self.beyond}".encode()


class Skips:
    """What was given up. `marks` are read anew each time: a reader asks only when it meets damage."""

    def __init__(self, marks: Marks, topic_id: Callable[[str], str]) -> None:
        self._marks = marks
        self._topic_id = topic_id  # by the name that the brokers know

    def beyond(self, positions: Mapping[Place, int]) -> Mapping[Place, int]:
        """Where to go on in those of the partitions whose position was given up. Raises RetryAfter, Red."""
        ids = {name: self._topic_id(name) for name, _ in positions}
        found: dict[Place, int] = {}
        for skip in filter(None, map(_skip, self._marks())):
            for place, position in positions.items():
                at = found.get(place, position)
                if (ids[place[0]], place[1]) == skip[:2] and skip.first <= at < skip.beyond:
                    found[place] = skip.beyond
        return found


def _skip(mark: bytes) -> Skip | None:
    match = _MARK.fullmatch(mark)
    return Skip(match[1].decode(), int(match[2]), int(match[3]), int(match[4])) if match else None


def extent(can_read: Callable[[int], bool], offset: int, start: int, end: int) -> tuple[int, int]:
    """The first offset of the damage around `offset`, and the one behind it: a batch, if those beside it are sound.

    `can_read` tells whether reading may begin at an offset: those of one batch stand and fall together. `start` and
    `end` are those of the partition.
    """
    behind = _distance(lambda steps: can_read(offset + steps), end - offset)
    before = _distance(lambda steps: can_read(offset - steps), offset - start + 1)
    return offset - before + 1, offset + behind


def _distance(is_sound: Callable[[int], bool], most: int) -> int:
    """The fewest steps to what is sound; `most` steps lead out of the partition."""
    low, step = 0, 1
    while step < most and not is_sound(step):
        low, step = step, 2 * step
    high = min(step, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_sound(middle) else (middle, high)
    return high


def readable_at(read: Callable[[int], object]) -> Callable[[int], bool]:
    """Whether `read` meets no damage at an offset."""

    def can_read(offset: int) -> bool:
        try:
            read(offset)
        except Damaged:
            return False
        return True

    return can_read
