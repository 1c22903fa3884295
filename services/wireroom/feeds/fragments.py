"""Rendered entries, kept so that a document is put together from them instead of being rendered again."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wireroom.feeds.channel import Item

ROOM = 24 * 1024 * 1024  # bytes: all formats of some 1,200 entries of 6 KB, or of 5,000 summaries
PLACE = 300  # bytes that each takes besides: its key and its place in the order


class Pieces(NamedTuple):
    """A document's bytes, but for the digits of its generation, which go before `tail`."""

    head: bytes
    parts: Sequence[bytes]
    tail: bytes


class Fragments:
    """The bytes of entries by all that they depend on; what was not used for longest makes room."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def get(self, form: str, item: Item, build: Callable[[Item], bytes]) -> bytes:
        """An entry's bytes in one format; built when they are not there."""
        key = (form, *item.key)
        fragment = self._kept.get(key)
        if fragment is not None:
            self._kept.move_to_end(key)
            return fragment
        fragment = self._kept[key] = build(item)
        self._room -= len(fragment) + PLACE
        while self._room < 0:
            self._room += len(self._kept.popitem(last=False)[1]) + PLACE
        return fragment
