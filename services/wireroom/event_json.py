"""Events as JSON: in files one object, several, an array, or one a line (NDJSON), each with the line where it begins.

JSON is taken strictly (RFC 8259): no key twice in an object (4: readers differ in which they take), no NaN.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple, Protocol, cast

from wireroom.errors import Fault, InvalidEvent
from wireroom.event import ArticleEvent
from wireroom.faults import found

BLOCK = 1 << 20  # bytes
MOST_KEYS = 20_000  # in one value: an event with all that it may have needs fewer, and each wrong one would be a fault
_BLANK = " \t\r\n"
_BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    """A binary stream."""

    def read1(self, size: int, /) -> bytes:
        """What is there, waiting only when nothing is."""
        ...


class Value(NamedTuple):
    """A JSON value, or what is wrong with it."""

    line: int
    value: object
    faults: list[Fault]


def event(value: Value) -> ArticleEvent:
    """The event that a value is. Raises InvalidEvent with every fault."""
    if value.faults:
        raise InvalidEvent(value.faults)
    return ArticleEvent.parse(cast(Mapping[str, Any], value.value))  # which says so when it is no object


def one(data: bytes, line: int = 1) -> Value:
    """The one value that this text is."""
    return _line(_Strict(), line, data)


def read(stream: Readable) -> Iterator[list[Value]]:
    """Values in blocks: those of a line each as soon as they come, all others at once."""
    blocks = _blocks(stream)
    first = next(blocks, b"").removeprefix(_BOM)
    if _begins_with_a_line(first):
        yield from _by_line(chain([first], blocks))
    else:
        yield list(_whole(b"".join([first, *blocks])))


def _blocks(stream: Readable) -> Iterator[bytes]:
    """Whole lines; the last one may lack its end."""
    rest: list[bytes] = []
    while chunk := stream.read1(BLOCK):
        lines, end, last = chunk.rpartition(b"\n")
        if end:
            yield b"".join([*rest, lines, end])
            rest = []
        rest.append(last)
    yield b"".join(rest)


def _begins_with_a_line(block: bytes) -> bool:
    line = block.lstrip().partition(b"\n")[0].rstrip()
    return line.startswith(b"{") and line.endswith(b"}")


def _by_line(blocks: Iterator[bytes]) -> Iterator[list[Value]]:
    strict = _Strict()
    before = 0
    for block in blocks:
        lines = block.split(b"\n")
        yield [_line(strict, number, line) for number, line in enumerate(lines, before + 1) if line.strip()]
        before += len(lines) - 1


def _line(strict: "_Strict", number: int, data: bytes) -> Value:
    try:
        text = data.decode().strip(_BLANK)
    except UnicodeDecodeError as error:
        return Value(number, None, [_not_utf8(error)])
    value, end = strict.next(text, 0, number)
    if end is not None and end < len(text):
        return Value(number, None, [Fault("", found(text[end:].strip(_BLANK)), "nothing after the object")])
    return value


def _whole(data: bytes) -> Iterator[Value]:
    """A value, several, or those of an array."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        yield Value(data.count(b"\n", 0, error.start) + 1, None, [_not_utf8(error)])
        return
    start = _skip(text, 0)
    yield from _array(text, start + 1) if text.startswith("[", start) else _several(text, start)


def _several(text: str, at: int) -> Iterator[Value]:
    """One value after the other."""
    strict, lines = _Strict(), _Lines(text)
    while at < len(text):
        value, end = strict.next(text, at, lines.of(at))
        yield value
        if end is None:
            return
        at = _skip(text, end)


def _array(text: str, at: int) -> Iterator[Value]:
    """The values of an array that begins just before."""
    strict, lines = _Strict(), _Lines(text)
    at = _skip(text, at)
    more = not text.startswith("]", at)
    while more:
        value, end = strict.next(text, at, lines.of(at))
        yield value
        if end is None:
            return
        at = _skip(text, end)
        if not text.startswith((",", "]"), at):
            yield Value(lines.of(at), None, [Fault("", _here(text, at), "a comma or the end of the array")])
            return
        if more := text[at] == ",":
            at = _skip(text, at + 1)
    if rest := text[at + 1 :].strip(_BLANK):
        yield Value(lines.of(at), None, [Fault("", found(rest), "nothing after the array")])


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _here(text: str, at: int) -> str:
    return found(text[at : at + 20]) if at < len(text) else "the end of the text"


class _Lines:
    """Tells the lines of places in a text, each further on than the last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line = 0, 1

    def of(self, at: int) -> int:
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line


def _not_utf8(error: UnicodeDecodeError) -> Fault:
    return Fault("", f"the byte {error.object[error.start]:#x}", "text in UTF-8")


class _Strict:
    """A decoder that tells every key that stands twice, and every NaN."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._keys = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)

    def next(self, text: str, at: int, line: int) -> tuple[Value, int | None]:
        """The value at a place in the text, and where it ends; None when that cannot be told."""
        self._faults, self._keys = [], 0
        end = value = None
        try:
            value, end = self._decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            line += text.count("\n", at, error.pos)
            self._faults.append(Fault("", _here(text, error.pos), f"JSON ({error.msg})"))
        except (ValueError, RecursionError) as error:
            self._faults.append(Fault("", str(error), "JSON of an event"))
        return Value(line, value, self._faults), end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self._keys += len(pairs)
        if self._keys > MOST_KEYS:
            raise ValueError(f"more than {MOST_KEYS} keys")
        keys = dict(pairs)
        if len(keys) < len(pairs):
            repeated = sorted(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            self._faults += [Fault("", f"the key {key!r} more than once", "it once in its object") for key in repeated]
        return keys

    def _constant(self, name: str) -> None:
        self._faults.append(Fault("", name, "a number"))
