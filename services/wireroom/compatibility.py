"""Which Avro schemas may be read as ours: what a schema from outside says, and where two of them differ. Pure.

A schema from outside is data like any other. It must say what it is in full, hold no type inside itself, and give every
value at least one byte, so that no datum means more items than it has bytes. Nothing is read as another type, and
nothing is renamed: stricter than Avro's own resolution (Avro 1.11, "Schema Resolution").
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

MOST = 2000  # types in one schema, one counted each time that it is used; ours have a hundred
DEEPEST = 30

_PRIMITIVE = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}(\.[A-Za-z_][A-Za-z0-9_]{0,99}){0,19}")
_LOGICAL = frozenset({"timestamp-micros"})  # all that ours use; another one's value is skipped, never read

Plain = Any  # a schema as JSON: a name, a union or an object


class Shape(NamedTuple):
    """What a type says. `plain`: only that, as JSON; `parts`: its fields, branches or items."""

    kind: str
    plain: Plain
    name: str = ""
    logical: str = ""
    parts: Mapping[str, "Shape"] = {}
    symbols: tuple[str, ...] = ()
    defaults: frozenset[str] = frozenset()  # the fields that have one; of an enum, its own
    size: int = 1  # how many types it means, itself included

    @property
    def label(self) -> str:
        """What tells it from its neighbours in a union."""
        return self.name or self.kind


def understood(schema: Plain) -> Shape:
    """What a schema says. Raises ValueError, with the place, when it says something that may not be read."""
    return _Understanding().of(schema, "", ())


class _Understanding:
    def __init__(self) -> None:
        self._named: dict[str, Shape | None] = {}  # None while it is being read

    def of(self, schema: Plain, space: str, at: tuple[str, ...]) -> Shape:
        if len(at) > DEEPEST:
            raise _unfit(at, f"more than {DEEPEST} types deep")
        found = self._of(schema, space, at)
        if found.size > MOST:
            raise _unfit(at, f"more than {MOST} types")
        return found

    def _of(self, schema: Plain, space: str, at: tuple[str, ...]) -> Shape:
        if isinstance(schema, str):
            return Shape(schema, schema) if schema in _PRIMITIVE else self._known(_full(schema, space), at)
        if isinstance(schema, list):
            return self._union(schema, space, at)
        if not isinstance(schema, dict):
            raise _unfit(at, "no schema")
        match schema.get("type"):
            case "record" | "enum" | "fixed":
                return self._define(schema, space, at)
            case "array" | "map" as kind:
                key = "items" if kind == "array" else "values"
                inner = self._value(schema.get(key), space, (*at, key))
                return Shape(kind, {"type": kind, key: inner.plain}, parts={key: inner}, size=inner.size + 1)
            case str() as kind if kind in _PRIMITIVE:
                logical = str(schema.get("logicalType", ""))
                plain = {"type": kind, "logicalType": logical} if logical in _LOGICAL else kind
                return Shape(kind, plain, logical=logical)
            case inner:
                return self.of(inner, space, (*at, "type"))

    def _value(self, schema: Plain, space: str, at: tuple[str, ...]) -> Shape:
        """A type that stands outside of a union."""
        found = self.of(schema, space, at)
        if found.kind == "null":
            raise _unfit(at, "null outside of a union: a value of no size")
        return found

    def _known(self, name: str, at: tuple[str, ...]) -> Shape:
        if name not in self._named:
            raise _unfit(at, f"no type {name[:200]!r}")
        if (found := self._named[name]) is None:
            raise _unfit(at, f"{name} stands inside itself")
        return found._replace(plain=name)

    def _union(self, branches: list[Plain], space: str, at: tuple[str, ...]) -> Shape:
        shapes = [self.of(branch, space, (*at, str(number))) for number, branch in enumerate(branches)]
        parts = {shape.label: shape for shape in shapes}
        if not shapes or len(parts) < len(shapes) or "union" in parts:
            raise _unfit(at, "no union of different types")
        size = 1 + sum(shape.size for shape in shapes)
        return Shape("union", [shape.plain for shape in shapes], parts=parts, size=size)

    def _define(self, schema: Mapping[str, Plain], space: str, at: tuple[str, ...]) -> Shape:
        given, named = schema.get("name"), schema.get("namespace", space)
        if not isinstance(given, str) or not isinstance(named, str):
            raise _unfit(at, "a type without a name")
        name = _full(given, named)
        if not _NAME.fullmatch(name) or name in _PRIMITIVE or name in self._named:
            raise _unfit(at, f"{name[:200]!r} is no name for a type here")
        self._named[name] = None
        made = {"record": self._record, "enum": self._enum, "fixed": self._fixed}[schema["type"]]
        found = self._named[name] = made(schema, name, at)
        return found

    def _record(self, schema: Mapping[str, Plain], name: str, at: tuple[str, ...]) -> Shape:
        fields = schema.get("fields")
        if not isinstance(fields, list) or not fields:
            raise _unfit(at, "a record without fields: a value of no size")
        parts: dict[str, Shape] = {}
        for field in fields:
            word = field.get("name") if isinstance(field, dict) else None
            if not _is_word(word) or word in parts:
                raise _unfit(at, "a field without a name of its own")
            parts[word] = self._value(field.get("type"), name.rpartition(".")[0], (*at, word))
        plain = {"type": "record", "name": name, "fields": [{"name": n, "type": p.plain} for n, p in parts.items()]}
        defaults = frozenset(field["name"] for field in fields if "default" in field)
        size = 1 + sum(part.size for part in parts.values())
        return Shape("record", plain, name, parts=parts, defaults=defaults, size=size)

    def _enum(self, schema: Mapping[str, Plain], name: str, at: tuple[str, ...]) -> Shape:
        symbols, default = schema.get("symbols"), schema.get("default")
        if (
            not isinstance(symbols, list)
            or not all(map(_is_word, symbols))
            or not 0 < len(set(symbols)) == len(symbols)
        ):
            raise _unfit(at, "an enum without different symbols")
        defaults = frozenset({default} if isinstance(default, str) else ())
        return Shape("enum", {"type": "enum", "name": name, "symbols": symbols}, name, "", {}, tuple(symbols), defaults)

    def _fixed(self, schema: Mapping[str, Plain], name: str, at: tuple[str, ...]) -> Shape:
        length = schema.get("size")
        if type(length) is not int or not 0 < length < 1_000_000:
            raise _unfit(at, "fixed without a size")
        return Shape("fixed", {"type": "fixed", "name": name, "size": length}, name, symbols=(str(length),))


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _is_word(word: object) -> TypeGuard[str]:
    return isinstance(word, str) and _WORD.fullmatch(word) is not None


def _unfit(at: tuple[str, ...], reason: str) -> ValueError:
    return ValueError(f"{'.'.join(at) or '(whole)'}: {reason}")


def breaks(reader: Shape, writer: Shape, at: str = "") -> Iterator[str]:
    """Why `reader` may not read what `writer` writes, with the place of each; nothing when it may."""
    where = at or "(whole)"
    if "union" in (reader.kind, writer.kind):
        yield from _branches(reader, writer, at)
    elif (reader.kind, reader.name, reader.logical) != (writer.kind, writer.name, writer.logical):
        yield f"{where}: {_shown(writer)}, not {_shown(reader)}"
    elif reader.kind == "record":
        yield from _fields(reader, writer, at)
    elif reader.kind == "enum":
        strange = set(writer.symbols) - set(reader.symbols)
        if strange and not reader.defaults:
            yield f"{where}: no default for {', '.join(sorted(strange))}"
    elif reader.symbols != writer.symbols:
        yield f"{where}: another size"
    else:
        for key, part in reader.parts.items():
            yield from breaks(part, writer.parts[key], f"{at}[]")


def _branches(reader: Shape, writer: Shape, at: str) -> Iterator[str]:
    ours = reader.parts if reader.kind == "union" else {reader.label: reader}
    theirs = writer.parts if writer.kind == "union" else {writer.label: writer}
    for label, branch in theirs.items():
        if label in ours:
            yield from breaks(ours[label], branch, at)
        else:
            yield f"{at or '(whole)'}: {_shown(branch)}, not {' or '.join(map(_shown, ours.values()))}"


def _fields(reader: Shape, writer: Shape, at: str) -> Iterator[str]:
    for name, part in reader.parts.items():
        where = f"{at}.{name}".lstrip(".")
        if name in writer.parts:
            yield from breaks(part, writer.parts[name], where)
        elif name not in reader.defaults:
            yield f"{where}: missing, and without a default"


def _shown(shape: Shape) -> str:
    return " ".join(filter(None, (shape.label, shape.logical)))
