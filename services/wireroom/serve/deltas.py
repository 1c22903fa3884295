"""Feeds with only what is new in them: `A-IM: feed` (RFC 3229), for RSS and Atom.

Expat says where each entry stands; the bytes around those that are left out stay as they are, so a delta is a valid
feed with the generation of the whole one.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple
from xml.parsers import expat

_ENTRIES = {"item": "channel", "entry": "feed", "deleted-entry": "feed"}  # and what they stand in


class Entry(NamedTuple):
    """An entry of a feed. `id`: its guid, id or ref."""

    id: str
    digest: bytes


class _Placed(NamedTuple):
    entry: Entry
    start: int
    end: int


def entries(body: bytes) -> Sequence[Entry]:
    """The entries and tombstones of a feed, in order; none when it is no XML."""
    return [placed.entry for placed in _placed(body)]


def delta(known: Sequence[Entry], body: bytes, window: int = 0) -> bytes | None:
    """The feed without the entries that a reader of `known` has; None when only the whole one can tell what changed.

    That is so when an entry was taken out, other than by newer ones at the end of the list, and without a tombstone.
    Newer ones push nothing out of a feed that has fewer entries than its `window`.
    """
    now = _placed(body)
    if not now or _taken_out([entry.id for entry in known], [placed.entry.id for placed in now], window):
        return None
    had = set(known)
    pieces, at = [], 0
    for placed in now:
        pieces.append(body[at : placed.start])
        if placed.entry not in had:
            pieces.append(body[placed.start : placed.end])
        at = placed.end
    return b"".join([*pieces, body[at:]])


def _taken_out(before: Sequence[str], after: Sequence[str], window: int) -> bool:
    """Whether more than the end of the list went, or it was not pushed out."""
    left = set(after)
    stayed = [ident for ident in before if ident in left]
    if len(stayed) == len(before):
        return False
    pushed_out = len(after) >= max(len(before), window) and (not stayed or after[-1] in before)
    return stayed != before[: len(stayed)] or not pushed_out


def _placed(body: bytes) -> Sequence[_Placed]:
    reader = _Reader(body)
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError:
        return ()
    return reader.found


class _Reader:
    """Notes where entries begin and end."""

    def __init__(self, body: bytes) -> None:
        self.found: list[_Placed] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._body = body
        self._path: list[str] = []
        self._begun = 0
        self._id: str | None = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._path and _ENTRIES.get(local) == self._path[-1]:
            self._begun, self._id = self.parser.CurrentByteIndex, attributes.get("ref")
        elif local in ("guid", "id") and self._path[-1:] in (["item"], ["entry"]):
            self._id = ""
            self.parser.CharacterDataHandler = self._text
        self._path.append(local)

    def _text(self, text: str) -> None:
        self._id = (self._id or "") + text

    def _end(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        local = self._path.pop()
        if self._path and _ENTRIES.get(local) == self._path[-1]:
            end = self.parser.CurrentByteIndex  # of an empty element: behind it already
            if self._body.startswith(b"</", end):
                end = self._body.index(b">", end) + 1
            part = self._body[self._begun : end]
            self.found.append(_Placed(Entry(self._id or "", blake2b(part, digest_size=16).digest()), self._begun, end))
