"""The Python model is the schema, field by field."""

import json
from collections.abc import Iterator, Mapping
from enum import EnumMeta
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import AwareDatetime, BaseModel

from tests.unit.schema_files import EVENT_SCHEMA, NAMES, Avro, load, records
from wireroom import codec
from wireroom.document import DocumentChanged
from wireroom.event import Access, ArticleEvent


def shape(annotation: Avro) -> Avro:
    """An annotation of the model, in Avro's words."""
    origin: Any = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return shape(arguments[0])
    if origin in (Union, UnionType):
        branches = {json.dumps(shape(branch)): shape(branch) for branch in arguments}
        return next(iter(branches.values())) if len(branches) == 1 else list(branches.values())
    if origin is tuple:
        return {"array": shape(arguments[0])}
    if origin is Mapping:
        return {"map": shape(arguments[1])}
    if isinstance(annotation, EnumMeta):
        return {"enum": list(annotation)}
    if issubclass(annotation, BaseModel):
        return {name: shape(field.annotation) for name, field in annotation.model_fields.items()}
    return {str: "string", int: "integer", AwareDatetime: "timestamp-micros", NoneType: "null"}[annotation]


def shape_of_schema(schema: Avro) -> Avro:
    match schema:
        case list():
            branches = [shape_of_schema(branch) for branch in schema]
            return sorted(branches, key=lambda branch: branch == "null")
        case {"type": "record", "fields": fields}:
            return {field["name"]: shape_of_schema(field["type"]) for field in fields}
        case {"type": "array", "items": items}:
            return {"array": shape_of_schema(items)}
        case {"type": "map", "values": values}:
            return {"map": shape_of_schema(values)}
        case {"type": "enum", "symbols": symbols}:
            return {"enum": [symbol for symbol in symbols if symbol != "UNKNOWN"]}
        case {"logicalType": logical}:
            return logical
    return "integer" if schema in ("int", "long") else schema


def defaults_of_schema(schema: Avro) -> dict[str, Any]:
    return {
        f"{record['name']}.{field['name']}": field["default"]
        for record in records(schema)
        for field in record["fields"]
        if "default" in field
    }


def models(annotation: Avro) -> Iterator[type[BaseModel]]:
    for argument in get_args(annotation):
        yield from models(argument)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation)


def defaults_of_model(model: type[BaseModel]) -> dict[str, Any]:
    return {
        f"{each.__name__}.{name}": field.get_default(call_default_factory=True, validated_data={})
        for each in models(model)
        for name, field in each.model_fields.items()
        if not field.is_required()
    }


def test_the_model_has_the_fields_of_the_schema() -> None:
    assert shape(ArticleEvent) == shape_of_schema(EVENT_SCHEMA)


def test_the_model_has_the_defaults_of_the_schema() -> None:
    ours = defaults_of_model(ArticleEvent)
    del ours["ArticleEvent.event_id"]  # minted for who gives none; on the log every event has one
    assert {name: list(value) if value == () else value for name, value in ours.items()} == defaults_of_schema(
        EVENT_SCHEMA
    )


def test_what_comes_from_the_future_is_taken_cautiously() -> None:
    text = json.dumps(EVENT_SCHEMA)
    enums = {each["name"]: each["default"] for each in enums_in(json.loads(text))}
    assert enums == {"Kind": "UNKNOWN", "Access": Access.PAID}


def enums_in(schema: Avro) -> Iterator[Avro]:
    for record in records(schema):
        types = (field["type"] for field in record["fields"])
        yield from (each for each in types if isinstance(each, dict) and each["type"] == "enum")


def test_the_announcement_has_the_fields_of_its_schema() -> None:
    schema = load(codec.SCHEMAS / "document_changed.avsc")
    assert [field["name"] for field in schema["fields"]] == list(DocumentChanged._fields)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_explained(name: str) -> None:
    for record in records(load(codec.SCHEMAS / f"{name}.avsc")):
        assert record["doc"]
        assert [field["name"] for field in record["fields"] if not field.get("doc")] == []
