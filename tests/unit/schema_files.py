"""The files of the contract, as the tests of schemas read them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wireroom import codec

Avro = Any  # a schema as JSON: a name, a union or a mapping

CURRENT = sorted(codec.SCHEMAS.glob("*.avsc"))
NAMES = [path.stem for path in CURRENT]


def load(path: Path) -> Avro:
    return json.loads(path.read_text("utf-8"))


def versions(name: str) -> list[Avro]:
    return [
        load(path)
        for path in sorted((codec.SCHEMAS / "versions" / name).glob("*.avsc"), key=lambda path: int(path.stem))
    ]


def records(schema: Avro) -> Iterator[dict[str, Any]]:
    """Every record in a schema."""
    match schema:
        case list():
            for branch in schema:
                yield from records(branch)
        case {"type": "record", "fields": fields}:
            yield schema
            for field in fields:
                yield from records(field["type"])
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            yield from records(inner)


EVENT_SCHEMA = load(codec.SCHEMAS / "article_event.avsc")
