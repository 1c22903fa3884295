"""No version of a schema breaks another, and none could be made into a bomb."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from hashlib import sha256
from itertools import permutations
from typing import Any

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from tests.unit.schema_files import EVENT_SCHEMA, NAMES, Avro, load, records, versions
from wireroom import codec
from wireroom.event import Kind


def canonical(schema: Avro, namespace: str = "") -> str:
    """Parsing Canonical Form (Avro 1.11), written down a second time."""
    if isinstance(schema, str):
        return f'"{schema}"'
    if isinstance(schema, list):
        return f"[{','.join(canonical(branch, namespace) for branch in schema)}]"
    namespace = schema.get("namespace", namespace)
    name = f'{{"name":"{namespace}.{schema.get("name")}","type":"{schema["type"]}"'
    match schema["type"]:
        case "record":
            fields = (f'{{"name":"{f["name"]}","type":{canonical(f["type"], namespace)}}}' for f in schema["fields"])
            return f'{name},"fields":[{",".join(fields)}]}}'
        case "enum":
            return f'{name},"symbols":[{",".join(canonical(symbol) for symbol in schema["symbols"])}]}}'
        case "array":
            return f'{{"type":"array","items":{canonical(schema["items"], namespace)}}}'
        case "map":
            return f'{{"type":"map","values":{canonical(schema["values"], namespace)}}}'
    return f'"{schema["type"]}"'


def fingerprint(schema: Avro) -> bytes:
    """CRC-64-AVRO, bit by bit, little endian."""
    empty = crc = 0xC15D213AA4D7A795
    for byte in canonical(schema).encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (empty if crc & 1 else 0)
    return crc.to_bytes(8, "little")


def test_the_fingerprint_is_that_of_the_specification() -> None:
    assert fingerprint("int") == (0x7275D51A3F395C8F).to_bytes(8, "little")  # from the specification's Java code
    assert codec._EVENTS.header == b"\xc3\x01" + fingerprint(EVENT_SCHEMA)


PUBLISHED = {  # SHA-256 of the files; a new version adds a line, and no line changes
    "article_event/1.avsc": "d87f061cddc3932854db88716f98560b50375a89e24d10114463528c388e358b",
    "document_changed/1.avsc": "64e68b11449816acbd4731036e2cc890ed253677f093a115c91e5a8b7fa23090",
}


def test_a_published_version_is_never_edited() -> None:
    folder = codec.SCHEMAS / "versions"
    digests = {path: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*/*.avsc")}
    assert {path.relative_to(folder).as_posix(): digest for path, digest in digests.items()} == PUBLISHED


@pytest.mark.parametrize("name", NAMES)
def test_the_current_schema_is_published(name: str) -> None:
    assert load(codec.SCHEMAS / f"{name}.avsc") == versions(name)[-1]


@pytest.mark.parametrize("name", NAMES)
def test_every_version_has_its_own_fingerprint(name: str) -> None:
    assert len({fingerprint(version) for version in versions(name)}) == len(versions(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_version_reads_every_other(name: str) -> None:
    for reader, writer in permutations(versions(name), 2):
        assert not breaks(reader, writer)


def breaks(reader: Avro, writer: Avro) -> list[str]:
    """Why `reader` may not read what `writer` wrote; also where the same bytes would mean something else."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(avro.schema.parse(json.dumps(reader)), avro.schema.parse(json.dumps(writer)))
    incompatible = result.compatibility is not SchemaCompatibilityType.compatible
    return [*(result.messages if incompatible else ()), *_other_meaning(reader, writer)]


def _other_meaning(reader: Avro, writer: Avro) -> Iterator[str]:
    ours, theirs = dict(_logical_types(reader)), dict(_logical_types(writer))
    yield from (f"{path}: another logical type" for path in ours.keys() & theirs.keys() if ours[path] != theirs[path])


def _logical_types(schema: Avro) -> Iterator[tuple[str, str]]:
    for record in records(schema):
        for field in record["fields"]:
            branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
            logical = [branch.get("logicalType", "") for branch in branches if isinstance(branch, dict)]
            yield f"{record['name']}.{field['name']}", ",".join(logical)


def changed(record: str, **fields: Mapping[str, Any] | None) -> Avro:
    """The event schema with fields of one record replaced, added or (None) removed."""
    schema = deepcopy(EVENT_SCHEMA)
    target = next(each for each in records(schema) if each["name"] == record)
    kept = {field["name"]: field for field in target["fields"]} | fields
    target["fields"] = [field for field in kept.values() if field is not None]
    return schema


def with_symbols(*symbols: str, **keys: Avro) -> dict[str, Any]:
    return {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": symbols, **keys}}


KINDS = [*Kind, "UNKNOWN"]
FORBIDDEN = {
    "a field without a default": changed("Article", mood={"name": "mood", "type": "string"}),
    "a required field removed": changed("Article", title=None),
    "another type": changed("Image", width={"name": "width", "type": ["null", "string"], "default": None}),
    "a wider type": changed("Image", width={"name": "width", "type": ["null", "long"], "default": None}),
    "no longer nullable": changed("Source", url={"name": "url", "type": "string", "default": ""}),
    "renamed": changed("Author", name=None, byline={"name": "byline", "type": "string", "aliases": ["name"]}),
    "an enum without a default": changed("ArticleEvent", kind=with_symbols(*KINDS[:-1])),
    "milliseconds": changed(
        "ArticleEvent",
        published_at={"name": "published_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ),
}


@pytest.mark.parametrize("change", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_change_that_breaks_a_reader_is_refused(change: Avro) -> None:
    assert breaks(EVENT_SCHEMA, change) or breaks(change, EVENT_SCHEMA)


ALLOWED = {
    "a field with a default": changed("Article", mood={"name": "mood", "type": "string", "default": ""}),
    "a field with a default removed": changed("Article", subtitle=None),
    "a new kind": changed("ArticleEvent", kind=with_symbols(*KINDS, "EXPIRED", default="UNKNOWN")),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_a_change_that_breaks_nobody_is_allowed(change: Avro) -> None:
    assert not breaks(EVENT_SCHEMA, change)
    assert not breaks(change, EVENT_SCHEMA)
    assert fingerprint(change) != fingerprint(EVENT_SCHEMA)


def bombs(schema: Avro, inside: tuple[str, ...] = ()) -> Iterator[str]:
    """Recursive types, which overflow the stack, and items of no size, of which a few bytes can hold a trillion."""
    match schema:
        case str() if schema in inside:
            yield f"{schema} is recursive"
        case list():
            for branch in schema:
                yield from bombs(branch, inside)
        case {"type": "record", "name": name, "fields": fields}:
            for field in fields:
                yield from bombs(field["type"], (*inside, name))
        case {"type": "array", "items": items}:
            if not least_size(items):
                yield f"items of no size: {items}"
            yield from bombs(items, inside)
        case {"type": "map", "values": values}:
            yield from bombs(values, inside)


def least_size(schema: Avro) -> int:
    """Bytes that the smallest value takes, 1 for what takes more."""
    match schema:
        case "null" | {"type": "null"} | {"type": "fixed", "size": 0}:
            return 0
        case {"type": "record", "fields": fields}:
            return max((least_size(field["type"]) for field in fields), default=0)
    return 1


@pytest.mark.parametrize("name", NAMES)
def test_no_version_holds_a_bomb(name: str) -> None:
    assert [list(bombs(version)) for version in versions(name)] == [[] for _ in versions(name)]


EMPTY = {"type": "record", "name": "Empty", "fields": [{"name": "nothing", "type": "null"}]}


@pytest.mark.parametrize(
    "bomb", [{"type": "array", "items": "null"}, {"type": "array", "items": EMPTY}, ["null", "ArticleEvent"]], ids=str
)
def test_a_bomb_would_be_found(bomb: Avro) -> None:
    assert list(bombs(changed("ArticleEvent", bomb={"name": "bomb", "type": bomb})))
