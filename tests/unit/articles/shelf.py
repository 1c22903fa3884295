"""Where article documents lie in tests, and the standard that they must meet."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from tests.unit.newsroom import PUBLICATIONS, SETTINGS, schema
from wireroom.articles import ArticlesSink
from wireroom.clock import micros
from wireroom.document import Document, generation_of
from wireroom.event import ArticleEvent
from wireroom.sink import Direct
from wireroom.store import Stored

SINK = ArticlesSink(SETTINGS)


class Shelf:
    """One document; written as the worker does, each time with a higher generation."""

    def __init__(self) -> None:
        self.current: Stored | None = None

    def take(self, *events: ArticleEvent, now: datetime) -> bool:
        """Merge events in this order; whether anything was written."""
        return any([self.merge(SINK.direct(event), now) for event in events])

    def merge(self, direct: Direct, now: datetime) -> bool:
        """Merge one document; whether it was written."""
        document = direct.merge(self.current, micros(now), PUBLICATIONS)
        if document is not None:
            self.put(document.body(self.generation + 1))
        return document is not None

    def put(self, body: bytes) -> None:
        """Lay something there, whatever it is."""
        self.current = Stored(body, "etag", 0)

    @property
    def generation(self) -> int:
        """The generation of what lies there."""
        return generation_of(self.current.body) if self.current else 0

    @property
    def said(self) -> dict[str, Any]:
        """What the document says, but for its generation; nothing: {}."""
        if self.current is None:
            return {}
        said: dict[str, Any] = json.loads(self.current.body)
        assert said["altIds"].pop() == {"role": "wireroom:generation", "value": str(self.generation)}
        return said


def document(event: ArticleEvent, now: datetime) -> dict[str, Any]:
    """What an article's document says when nothing lay there before."""
    shelf = Shelf()
    shelf.take(event, now=now)
    return shelf.said


def rendered(event: ArticleEvent, now: datetime) -> Document:
    """An article's document."""
    made = SINK.direct(event).merge(None, micros(now), PUBLICATIONS)
    assert made is not None
    return made


@lru_cache
def ninjs() -> Draft202012Validator:
    """The validator of IPTC ninjs 3.1, formats included."""
    standard, geojson = (
        json.loads(schema("ninjs", name).read_text()) for name in ("ninjs-schema_3.1.json", "GeoJSON-schema.json")
    )
    registry = Registry().with_resource("https://geojson.org/schema/GeoJSON.json", Resource.from_contents(geojson))
    return Draft202012Validator(standard, registry=registry, format_checker=FormatChecker())
