"""Schemas from outside: what is taken, and what is refused as unlike ours or as a bomb."""

import json
from copy import deepcopy
from itertools import permutations

import fastavro
import pytest

from tests.unit.schema_files import EVENT_SCHEMA, NAMES, Avro, load, versions
from tests.unit.test_schemas_versions import ALLOWED, FORBIDDEN, breaks, changed
from wireroom import codec
from wireroom.compatibility import DEEPEST, Shape, understood
from wireroom.compatibility import breaks as found

EVENT = understood(EVENT_SCHEMA)


def with_field(kind: Avro) -> Avro:
    return changed("Article", more={"name": "more", "type": kind, "default": None})


@pytest.mark.parametrize("change", [*FORBIDDEN.values(), *ALLOWED.values()], ids=[*FORBIDDEN, *ALLOWED])
def test_what_breaks_a_reader_is_what_breaks_it_for_another_library(change: Avro) -> None:
    """But that Avro would widen a type, and give a field another name."""
    change = json.loads(json.dumps(change))
    for reader, writer in permutations([EVENT_SCHEMA, change]):
        stricter = reader == change and change in (FORBIDDEN["a wider type"], FORBIDDEN["renamed"])
        assert bool([*found(understood(reader), understood(writer))]) == bool(breaks(reader, writer) or stricter)


@pytest.mark.parametrize("name", NAMES)
def test_every_version_reads_every_other(name: str) -> None:
    shapes = [understood(version) for version in (load(codec.SCHEMAS / f"{name}.avsc"), *versions(name))]
    assert [fault for pair in permutations(shapes, 2) for fault in found(*pair)] == []


def test_what_was_understood_is_the_same_type_for_fastavro() -> None:
    canonical = fastavro.schema.to_parsing_canonical_form
    assert canonical(understood(EVENT_SCHEMA).plain) == canonical(EVENT_SCHEMA)


def test_nothing_else_of_a_schema_is_kept() -> None:
    odd = {"__fastavro_parsed": True, "__named_schemas": {}, "doc": "x", "aliases": ["y"]} | EVENT_SCHEMA
    assert understood(odd) == EVENT


def test_a_name_may_stand_for_a_type_that_came_before() -> None:
    twice = understood(with_field(["null", {"type": "array", "items": "Author"}, "wireroom.Source"]))
    more = twice.parts["article"].parts["wireroom.Article"].parts["more"]
    assert more.plain == ["null", {"type": "array", "items": "wireroom.Author"}, "wireroom.Source"]
    assert [*found(EVENT, twice)] == []


def test_a_fault_names_its_place() -> None:
    renamed = changed("Image", width={"name": "width", "type": "string"}, height=None)
    assert [*found(EVENT, understood(renamed))] == ["article.images[].width: string, not null or int"]


def doubled(times: int) -> Avro:
    """A schema of a few lines that means 2 ** times types, of which no value takes a byte more than it must."""
    inner: Avro = {"type": "record", "name": "R0", "fields": [{"name": "a", "type": "int"}]}
    for level in range(1, times):
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": f"R{level - 1}"}]
        inner = {"type": "record", "name": f"R{level}", "fields": fields}
    return inner


def nested(times: int) -> Avro:
    inner: Avro = "int"
    for _ in range(times):
        inner = {"type": "array", "items": inner}
    return inner


EMPTY = {"type": "record", "name": "Empty", "fields": []}
NOTHING = {"type": "record", "name": "Nothing", "fields": [{"name": "n", "type": "null"}]}
BOMBS = {
    "a record in itself": with_field(["null", "Article"]),
    "items of no size": with_field({"type": "array", "items": "null"}),
    "values of no size": with_field({"type": "map", "values": {"type": "null"}}),
    "items without fields": with_field({"type": "array", "items": EMPTY}),
    "items that hold nothing": with_field({"type": "array", "items": NOTHING}),
    "a field of no size": with_field("null"),
    "fixed of no size": with_field({"type": "fixed", "name": "F", "size": 0}),
    "a million types": with_field(doubled(20)),
    "too deep": with_field(nested(DEEPEST)),
    "far too deep": with_field(nested(400)),
    "a type twice": with_field({"type": "enum", "name": "Kind", "symbols": ["A"]}),
    "an unknown type": with_field("wireroom.Strange"),
    "no type": with_field(None),
    "a number": with_field(7),
    "a list of types in a list": with_field([["null"]]),
    "two alike in a union": with_field(["string", {"type": "string", "logicalType": "uuid"}]),
    "no branch": with_field([]),
    "no name": with_field({"type": "record", "fields": [{"name": "a", "type": "int"}]}),
    "a field that is none": with_field({"type": "record", "name": "R", "fields": ["a"]}),
    "a name of a primitive": {"type": "enum", "name": "string", "symbols": ["A"]},
    "a symbol twice": with_field({"type": "enum", "name": "E", "symbols": ["A", "A"]}),
    "symbols that are none": with_field({"type": "enum", "name": "E", "symbols": [{}]}),
}


@pytest.mark.parametrize("schema", BOMBS.values(), ids=BOMBS)
def test_what_could_be_made_into_a_bomb_is_refused(schema: Avro) -> None:
    with pytest.raises(ValueError, match=": "):
        understood(schema)


def test_what_is_allowed_is_not_refused_by_mistake() -> None:
    allowed = [nested(DEEPEST - 5), doubled(9), {"type": "fixed", "name": "F", "size": 4}, ["null", "string"]]
    shapes = [understood(with_field(kind)) for kind in allowed]
    assert all(isinstance(shape, Shape) and [*found(EVENT, shape)] == [] for shape in shapes)


def test_another_name_is_another_type() -> None:
    other = deepcopy(EVENT_SCHEMA) | {"namespace": "elsewhere"}
    assert [*found(EVENT, understood(other))] == ["(whole): elsewhere.ArticleEvent, not wireroom.ArticleEvent"]
