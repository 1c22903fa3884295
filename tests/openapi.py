"""`python -m tests.openapi`: writes schemas/openapi.yaml, what may be sent to `wireroom ingest` and what it answers.

Events are those of the model, with the words of schemas/article_event.avsc; the rest is as docs/ingest.md tells it.
"""

import io
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import TypeAdapter
from ruamel.yaml import YAML

from tests.unit.schema_files import EVENT_SCHEMA, records
from wireroom import __version__, codec
from wireroom.config_hooks import Cms
from wireroom.event import ArticleEvent, Kind
from wireroom.fields import Id
from wireroom.ingest.hooks import Verdict
from wireroom.ingest.problems import KINDS
from wireroom.log import ARTICLES, BACKFILL

PATH = codec.SCHEMAS / "openapi.yaml"
HEAD = "# Written by `make openapi` from the models: change those, not this.\n"

JSON, LINES, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
PROBLEMS = {kind.status: kind.title for kind in KINDS.values() if kind.status != 405}  # no method
_OF_EVENTS = tuple(status for status in PROBLEMS if status != 404)  # no route
_OF_HOOKS = tuple(status for status in PROBLEMS if status not in (400, 403, 429))  # they have no parameters and no keys
_SIGNATURES = {
    "hub": {
        "name": "X-Hub-Signature-256",
        "description": "wordpress, ninjs, generic: sha256=, HMAC-SHA256 of the body.",
    },
    "superdesk": {"name": "X-Superdesk-Signature", "description": "superdesk: sha1=, HMAC-SHA1 of the body."},
    "ghost": {
        "name": "X-Ghost-Signature",
        "description": "ghost: sha256=, HMAC-SHA256 of body and t, and t= the time in milliseconds.",
    },
}
LATER = (429, 503)  # with Retry-After
_PLAIN = {  # what Rust's expressions say in ways that others do not know
    "(?i:https?)": "[Hh][Tt][Tt][Pp][Ss]?",
    r"\p{Cc}": r"\x00-\x1f\x7f-\x9f",
    r"\p{Cf}": r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb",
    r"\u{FFFE}\u{FFFF}": r"\ufffe\uffff",
}

Schema = dict[str, Any]


def document() -> Schema:
    """The whole of it."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Wireroom ingest",
            "version": __version__,
            "summary": "Article events in; durable before they are answered.",
            "description": "After 408, 429, 5xx or no answer, send the same again: a repeated event does no harm.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where `wireroom ingest` or `wireroom up` listens."}],
        "security": [{"key": []}],
        "paths": {
            "/v1/events": {"post": _one()},
            "/v1/events:batch": {"post": _batch()},
            "/v1/hooks/{cms}/{publication}": {"post": _hook()},
            "/v1/hooks/{cms}/{publication}/{event}": {"post": _hook("event")},
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key of `wireroom keys create`: wr_…"},
                **{name: {"type": "apiKey", "in": "header", **told} for name, told in _SIGNATURES.items()},
            },
            "parameters": {"backfill": _backfill(), **_of_hooks()},
            "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
            "schemas": {**_events(), **_results()},
        },
    }


def text() -> str:
    """As it stands in the file."""
    yaml = YAML()
    yaml.width = 120
    out = io.StringIO()
    yaml.dump(document(), out)
    return HEAD + out.getvalue()


def _one() -> Schema:
    avro = {"type": "string", "format": "binary", "description": "Avro single-object encoding of article_event.avsc."}
    return {
        "operationId": "publishEvent",
        "summary": "Publish one event, at most 4 MB",
        "parameters": [{"$ref": "#/components/parameters/backfill"}],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": _ref("ArticleEvent")}, codec.MEDIA_TYPE: {"schema": avro}},
        },
        "responses": {
            "202": {"description": "The event is durable.", "content": {JSON: {"schema": _ref("Accepted")}}},
            **_problems(*_OF_EVENTS),
        },
    }


def _batch() -> Schema:
    lines = {
        "type": "string",
        "minLength": 1,
        "description": "An ArticleEvent a line, as JSON; at most 1,000 lines and 16 MB.",
    }
    told = {"type": "string", "description": "A LineAccepted or LineRefused for each line that is not empty, in order."}
    return {
        "operationId": "publishBatch",
        "summary": "Publish many events, each with a verdict of its own",
        "parameters": [{"$ref": "#/components/parameters/backfill"}],
        "requestBody": {"required": True, "content": {LINES: {"schema": lines}}},
        "responses": {
            "200": {
                "description": "What is accepted is durable; its neighbours may be refused.",
                "content": {LINES: {"schema": told}},
            },
            **_problems(*(status for status in _OF_EVENTS if status != 403)),
        },
    }


def _backfill() -> Schema:
    return {
        "name": "backfill",
        "in": "query",
        "description": f"true: an archive, to the topic {BACKFILL}, which never delays live news.",
        "schema": {"type": "boolean", "default": False},
    }


def _hook(*more: str) -> Schema:
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in ("cms", "publication", *more)]
    anything: Schema = {"description": "What the system sends by itself, as it signed it; at most 4 MB. docs/cms.md."}
    return {
        "operationId": "deliverEvent" if more else "deliver",
        "summary": "Deliver what a publishing system pushes by itself",
        "security": [{name: []} for name in _SIGNATURES],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {JSON: {"schema": anything}}},
        "responses": {
            "202": {
                "description": "It is durable, or means nothing to readers.",
                "content": {JSON: {"schema": _ref("Delivered")}},
            },
            **_problems(*_OF_HOOKS),
        },
    }


def _of_hooks() -> Schema:
    """The parameters of their path."""
    told: Mapping[str, Schema] = {
        "cms": {"description": "The system.", "schema": {"enum": list(get_args(Cms))}},
        "publication": {"description": "Whose news it is.", "schema": TypeAdapter(Id).json_schema()},
        "event": {
            "description": "What happened, where the body does not say.",
            "schema": {"type": "string", "minLength": 1},
        },
    }
    return {name: {"name": name, "in": "path", "required": True, **each} for name, each in told.items()}


def _problems(*statuses: int) -> Schema:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _problem(status: int) -> Schema:
    response: Schema = {"description": PROBLEMS[status], "content": {PROBLEM: {"schema": _ref("Problem")}}}
    if status in LATER:
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
        response["headers"] = {"Retry-After": seconds}
    return response


def _events() -> Schema:
    """The event and its parts."""
    whole = ArticleEvent.model_json_schema(ref_template="#/components/schemas/{model}")
    given = {name: {"not": {"type": "null"}} for name in ("article", "url")}
    whole |= {
        "if": {"properties": {"kind": {"const": Kind.WITHDRAWN.value}}},
        "then": {"properties": {"article": {"type": "null"}}},
        "else": {"required": list(given), "properties": given},
    }
    parts: Schema = {"ArticleEvent": whole, **whole.pop("$defs")}
    docs = {record["name"]: record for record in records(EVENT_SCHEMA)}
    for name, part in parts.items():
        part.pop("title")
        if record := docs.get(name):
            part["description"] = record["doc"]
            told = {field["name"]: field["doc"] for field in record["fields"]}
            part["properties"] = {key: _field(value, told[key]) for key, value in part["properties"].items()}
    return parts


def _field(schema: Schema, doc: str) -> Schema:
    """A field of the model, with what the Avro schema tells of it."""
    named = {key: value for key, value in schema.items() if key != "title"}
    return {"description": doc, **_portable(named)}


def _portable(schema: Any) -> Any:  # noqa: ANN401  # any part of a JSON schema
    """With expressions that ECMA 262 (JSON Schema 2020-12, 6.4) and most other languages read alike."""
    match schema:
        case dict():
            return {key: _pattern(value) if key == "pattern" else _portable(value) for key, value in schema.items()}
        case list():
            return [_portable(each) for each in schema]
    return schema


def _pattern(pattern: str) -> str:
    for theirs, ours in _PLAIN.items():
        pattern = pattern.replace(theirs, ours)
    return pattern


def _results() -> Schema:
    place: Mapping[str, Schema] = {
        "event_id": {"type": "string"},
        "topic": {"enum": [ARTICLES, BACKFILL]},
        "partition": {"type": "integer", "minimum": 0},
        "offset": {"type": "integer", "minimum": 0},
    }
    fault: Mapping[str, Schema] = {
        "path": {"type": "string", "description": "Where, such as article.images[0].url; empty: the whole."},
        "found": {"type": "string", "description": "What is there."},
        "expected": {"type": "string", "description": "What should be."},
    }
    problem: Mapping[str, Schema] = {
        "type": {"type": "string", "format": "uri-reference", "description": "At this address stands what to do."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _ref("Fault"), "description": "Everything that is wrong, at once."},
    }
    line: Schema = {"type": "integer", "minimum": 1, "description": "Counts empty lines too."}
    required = ("type", "title", "status", "detail")
    return {
        "Accepted": _object("Where an event is.", place, *place),
        "Delivered": _object(
            "What a delivery came to.",
            {
                "verdict": {"enum": [Verdict.ACCEPTED.value, Verdict.NOTHING.value]},
                "events": {"type": "array", "items": _ref("Accepted")},
            },
            "verdict",
            "events",
        ),
        "Problem": _object("Why a request is refused (RFC 9457).", problem, *required),
        "Fault": _object("One thing that is wrong.", fault, *fault),
        "LineAccepted": _object(
            "A line that was accepted.", {"line": line, "status": {"const": 202}, **place}, "line", "status", *place
        ),
        "LineRefused": _object("A line that was refused.", {"line": line, **problem}, "line", *required),
    }


def _object(description: str, properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "description": description, "properties": dict(properties), "required": list(required)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
