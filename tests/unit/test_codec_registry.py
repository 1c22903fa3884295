"""Confluent's framing: read by the schemas of a registry, as long as they may be read as ours."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given

from tests.unit.event_strategies import events
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.test_codec import EVENT, HEADER, VALUE, datum, varint
from tests.unit.test_compatibility import BOMBS
from tests.unit.test_schemas_model import enums_in
from tests.unit.test_schemas_versions import ALLOWED, FORBIDDEN, breaks, changed
from wireroom import codec
from wireroom.errors import Reject, RetryAfter
from wireroom.event import ArticleEvent


class Shelf:
    """A registry in memory. `asked`: the numbers of schemas that were."""

    def __init__(self) -> None:
        self.schemas: dict[int, Avro] = {7: EVENT_SCHEMA}
        self.asked: list[int] = []

    def schema(self, number: int) -> object | None:
        self.asked.append(number)
        found = self.schemas.get(number)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    with codec.reading(shelf):
        yield shelf


def framed(number: int, body: bytes = VALUE[HEADER:]) -> bytes:
    return b"\0" + number.to_bytes(4) + body


def written_with(schema: Avro, **values: Any) -> bytes:  # noqa: ANN401 -- values of Avro
    out = BytesIO()
    fastavro.schemaless_writer(out, json.loads(json.dumps(schema)), {**datum(), **values})
    return out.getvalue()


@given(events)
def test_an_event_is_read_by_its_schemas_number(event: ArticleEvent) -> None:
    with codec.reading(Shelf()):
        assert codec.decode(framed(7, codec.encode(event).value[HEADER:])) == event


def test_a_schema_is_asked_for_once(shelf: Shelf) -> None:
    assert [codec.decode(framed(7)) for _ in range(3)] == [EVENT] * 3
    assert shelf.asked == [7]
    shelf.schemas[2**32 - 1] = EVENT_SCHEMA
    codec.decode(framed(2**32 - 1))
    assert shelf.asked == [7, 2**32 - 1]


def test_memory_for_schemas_is_bounded(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_FOREIGN", 3)
    shelf.schemas = dict.fromkeys(range(10), EVENT_SCHEMA)
    for number in range(10):
        assert codec.decode(framed(number)) == EVENT
        assert len(codec._EVENTS.foreign) <= 3


def test_single_object_encoding_asks_nobody(shelf: Shelf) -> None:
    assert codec.decode(VALUE) == EVENT
    assert shelf.asked == []


@pytest.mark.parametrize("schema", ALLOWED.values(), ids=ALLOWED)
def test_schemas_that_may_be_read_as_ours(shelf: Shelf, schema: Avro) -> None:
    shelf.schemas[8] = json.loads(json.dumps(schema))
    assert codec.decode(framed(8, written_with(schema))) == EVENT


def test_a_form_of_access_from_the_future_is_the_strictest(shelf: Shelf) -> None:
    later = changed("Article")
    for enum in enums_in(later):
        enum["symbols"].append("LATER")
    shelf.schemas[8] = later
    article = {**datum()["article"], "access": "LATER"}
    read = codec.decode(framed(8, written_with(later, article=article))).article
    assert read is not None
    assert read.access == "PAID"
    with pytest.raises(codec.UnknownSchema, match="kind from the future"):
        codec.decode(framed(8, written_with(later, kind="LATER")))


REFUSED = {name: schema for name, schema in FORBIDDEN.items() if breaks(EVENT_SCHEMA, schema)} | BOMBS


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED)
def test_other_schemas_stop_the_partition(shelf: Shelf, schema: Avro) -> None:
    shelf.schemas[8] = json.loads(json.dumps(schema))
    with pytest.raises(codec.UnknownSchema, match="schema 8 of the registry may not be read"):
        codec.decode(framed(8))


def test_an_unknown_number_stops_the_partition(shelf: Shelf) -> None:
    with pytest.raises(codec.UnknownSchema, match=r"no schema 9 of the registry.*registry\.url"):
        codec.decode(framed(9))


def test_a_registry_that_is_unwell_is_waited_for(shelf: Shelf) -> None:
    shelf.schemas[8] = RetryAfter("down")
    with pytest.raises(RetryAfter, match="down"):
        codec.decode(framed(8))
    shelf.schemas[8] = EVENT_SCHEMA
    assert codec.decode(framed(8)) == EVENT


def test_without_a_registry_the_framing_is_another() -> None:
    with pytest.raises(Reject, match="not-single-object"):
        codec.decode(framed(7))


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (framed(7)[:4], "not-single-object"),
        (b"\1" + framed(7)[1:], "not-single-object"),
        (framed(7)[:-1], "undecodable"),
        (framed(7) + b"\0", "trailing-bytes"),
        (framed(7, b""), "undecodable"),
        (framed(7, varint(2**40)), "undecodable"),
        (framed(7, b"\2" * 900_011), "too-large"),
    ],
)
def test_broken_values_are_rejected(shelf: Shelf, value: bytes, rule: str) -> None:
    with pytest.raises(Reject) as refused:
        codec.decode(value)
    assert refused.value.rule == rule
