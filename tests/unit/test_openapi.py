"""schemas/openapi.yaml is what the models say, is OpenAPI, and says of events no more than the model does."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from openapi_spec_validator import OpenAPIV31SpecValidator
from ruamel.yaml import YAML

from tests.openapi import PATH, document, text
from tests.unit.event_strategies import events
from tests.unit.schema_files import EVENT_SCHEMA, records
from wireroom import codec
from wireroom.client.service import as_json
from wireroom.event import ArticleEvent

DOCUMENT = YAML(typ="safe").load(PATH.read_text("utf-8"))
EXAMPLES = sorted((codec.SCHEMAS / "examples/article_event").rglob("*.json"))


def schema(name: str) -> jsonschema_rs.Draft202012Validator:
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


EVENT = schema("ArticleEvent")


def test_make_openapi_would_write_the_same() -> None:
    assert PATH.read_text("utf-8") == text()
    assert document() == DOCUMENT


def test_it_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_takes_every_example(path: object) -> None:
    event = json.loads(path.read_text("utf-8"))  # type: ignore[attr-defined]
    assert [str(error) for error in EVENT.iter_errors(event)] == []


@given(events)
def test_it_takes_every_event_that_the_model_takes(event: ArticleEvent) -> None:
    assert [str(error) for error in EVENT.iter_errors(json.loads(as_json(event).value))] == []


BAD: list[dict[str, Any]] = [
    {"titel": "x"},
    {"revision": 0},
    {"revision": "1"},
    {"kind": "UNKNOWN"},
    {"publication": "Daily"},
    {"url": "ftp://daily.example/"},
    {"url": "HTTPS//daily.example/"},
    {"occurred_at": "2026-03-01"},
    {"event_id": "a\u0007"},
    {"article": {"title": " ", "modified_at": "2026-03-01T09:30:00Z"}},
    {"kind": "WITHDRAWN"},
    {"article": None},
    {"url": None},
    {"article": {"title": "x"}},
    {"article": {"title": "x", "modified_at": "2026-03-01T09:30:00Z", "tags": [1]}},
    {"article": {"title": "x", "modified_at": "2026-03-01T09:30:00Z", "tags": ["x"] * 1001}},
    {"article": {"title": "x", "modified_at": "2026-03-01T09:30:00Z", "images": [{"url": "x"}]}},
    {"article": {"title": "x", "modified_at": "2026-03-01T09:30:00Z", "extra": {"x": 1}}},
]


@pytest.mark.parametrize("change", BAD, ids=lambda change: json.dumps(change)[:60])
def test_it_refuses_what_the_model_refuses(change: dict[str, Any]) -> None:
    event = json.loads(EXAMPLES[0].read_text("utf-8"))
    assert EVENT.is_valid(event)
    assert not EVENT.is_valid(event | change)
    with pytest.raises(ValueError):
        ArticleEvent.parse(event | change)


def test_every_field_is_explained() -> None:
    parts = DOCUMENT["components"]["schemas"]
    for record in records(EVENT_SCHEMA):
        told = {name: field["description"] for name, field in parts[record["name"]]["properties"].items()}
        assert told == {field["name"]: field["doc"] for field in record["fields"]}
