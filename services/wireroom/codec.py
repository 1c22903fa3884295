"""Bytes <-> event: Avro single-object encoding, and CloudEvents' binary headers beside it.

A value is `C3 01`, the CRC-64-AVRO fingerprint of the writer's schema (little endian) and the datum. Only published
schemas are decoded: the fingerprint picks one from our own files, nothing is fetched. (Avro 1.11, "Single-object
encoding"; CloudEvents 1.0, Kafka binding, binary mode.)

Where a schema registry is in use, Confluent's framing is read too: a zero, the schema's number in the registry (four
bytes, big endian) and the datum. Such a schema is data from outside, taken only when it may be read as ours.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, cast
from zlib import crc32

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from wireroom.clock import micros, moment
from wireroom.compatibility import breaks, understood
from wireroom.document import DocumentChanged
from wireroom.errors import Fault, Red, Reject, RetryAfter
from wireroom.event import ArticleEvent
from wireroom.faults import MAX_EVENT
from wireroom.log import Message

MEDIA_TYPE = "application/vnd.wireroom.event+avro"

_MAGIC = b"\xc3\x01"
_FRAME = 5  # Confluent's: a zero and the schema's number
_FOREIGN = 100  # schemas of a registry that are kept in memory
_ARTICLE = ("publication", "article_id", "revision")
_HEADER = len(_MAGIC) + 8
_PACKAGE = Path(__file__).parent
SCHEMAS = next(path for path in (_PACKAGE / "schemas", _PACKAGE.parents[1] / "schemas") if path.is_dir())
_FRAMING = "c3 01 and a fingerprint; or 00 and a schema's number, if registry.url is set"
_TOLD = 5  # reasons against a schema that are shown
_ELSEWHERE = "register it, or set registry.url to the registry of the producer; nothing is lost meanwhile"
_UNLIKE_OURS = "compare it with `wireroom schemas check`; a newer version of this worker may know it; nothing is lost"
_BROKEN = (EOFError, IndexError, OverflowError, ValueError)  # what fastavro raises on garbage

Schema = dict[str, Any]


class UnknownSchema(Red):
    """The record was written by a newer version: this worker must be upgraded before it can go on."""

    def __init__(
        self, what: str, remedy: str = "upgrade this worker, workers come before producers; nothing is lost meanwhile"
    ) -> None:
        super().__init__(what, remedy)


class RegistryAway(RetryAfter):
    """The schema of a record cannot be learnt now: what stands before and beside it can be read all the same."""


class Registry(Protocol):
    """What knows schemas by number."""

    def schema(self, number: int) -> object | None:
        """The schema as JSON, None when there is none.

        Raises ValueError when it is none that can be read, RetryAfter when the registry is unwell, Red.
        """


class Codec:
    """One record type: its current schema, which writes, and every published one, which it can read."""

    def __init__(self, name: str) -> None:
        self.schema = _load(SCHEMAS / f"{name}.avsc")
        published = [_load(path) for path in sorted((SCHEMAS / "versions" / name).glob("*.avsc"))]
        self.header = _MAGIC + _fingerprint(self.schema)
        self.readable = {_fingerprint(schema): schema for schema in (*published, self.schema)}
        self.registry: Registry | None = None
        self.foreign: dict[bytes, Schema] = {}

    def write(self, datum: Mapping[str, Any]) -> bytes:
        """The value of a record. Raises Reject when the datum is over 900,000 bytes."""
        out = io.BytesIO()
        out.write(self.header)
        fastavro.schemaless_writer(out, self.schema, datum)
        value = out.getvalue()
        _refuse_large(value)
        return value

    def read(self, value: bytes) -> dict[str, Any]:
        """The datum of a value.

        Raises Reject when it is broken, UnknownSchema when a newer version wrote it; with a registry also
        RegistryAway and Red.
        """
        _refuse_large(value)
        if not value:
            raise Reject("no-value", [Fault("", "no bytes", "an event")])
        if value[:2] != _MAGIC or len(value) < _HEADER:
            if self.registry and value[0] == 0 and len(value) >= _FRAME:
                return self._read_datum(value, _FRAME, self._written_with(self.registry, value[1:_FRAME]))
            raise Reject("not-single-object", [Fault("", value[:_HEADER].hex(" "), _FRAMING)])
        written = self.readable.get(value[2:_HEADER])
        if written is None:
            raise UnknownSchema(f"no schema with the fingerprint {value[2:_HEADER].hex()}")
        return self._read_datum(value, _HEADER, written)

    def _written_with(self, registry: Registry, number: bytes) -> Schema:
        """The schema of a number, which never changes its meaning."""
        if (known := self.foreign.get(number)) is not None:
            return known
        which = f"schema {int.from_bytes(number)} of the registry"
        try:
            schema = self._foreign_schema(registry.schema(int.from_bytes(number)))
        except ValueError as error:
            raise UnknownSchema(f"{which} may not be read: {error}", _UNLIKE_OURS) from error
        except RetryAfter as unwell:
            raise RegistryAway(f"{which} is not known yet: {unwell}", unwell.seconds) from unwell
        if schema is None:
            raise UnknownSchema(f"there is no {which}", _ELSEWHERE)
        if len(self.foreign) >= _FOREIGN:
            self.foreign.clear()  # whoever uses so many loses no more than time
        self.foreign[number] = schema
        return schema

    def _foreign_schema(self, given: object | None) -> Schema | None:
        """A schema from outside, ours where it is the same. Raises ValueError when it may not be read as ours."""
        if given is None:
            return None
        shape = understood(given)
        if faults := list(breaks(understood(self.schema), shape)):
            raise ValueError("; ".join(faults[:_TOLD]))
        schema = cast(Schema, fastavro.parse_schema(shape.plain))
        return self.readable.get(_fingerprint(schema), schema)

    def _read_datum(self, value: bytes, start: int, written: Schema) -> dict[str, Any]:
        source = io.BytesIO(value)
        source.seek(start)
        try:
            datum = fastavro.schemaless_reader(source, written, None if written is self.schema else self.schema)
        except _BROKEN as error:
            raise Reject(
                "undecodable", [Fault("", f"{type(error).__name__}: {error}", "a datum of its schema")]
            ) from error
        if rest := len(value) - source.tell():
            raise Reject("trailing-bytes", [Fault("", f"{rest} bytes after the datum", "nothing")])
        return cast(dict[str, Any], datum)


def _load(path: Path) -> Schema:
    return cast(Schema, fastavro.parse_schema(json.loads(path.read_text("utf-8"))))


def _fingerprint(schema: Schema) -> bytes:
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def _refuse_large(value: bytes) -> None:
    if len(value) > MAX_EVENT + _HEADER:
        raise Reject("too-large", [Fault("", f"{len(value) - _HEADER} bytes of Avro", f"at most {MAX_EVENT}")])


_EVENTS = Codec("article_event")
_CHANGES = Codec("document_changed")


def fingerprints() -> Mapping[str, list[str]]:
    """The schemas that can be read, by record type: fingerprints as they stand in a value, in hexadecimal."""
    codecs = {"article_event": _EVENTS, "document_changed": _CHANGES}
    return {name: [known.hex() for known in codec.readable] for name, codec in codecs.items()}


@contextmanager
def reading(registry: Registry) -> Iterator[None]:
    """Read events in Confluent's framing too, in all threads, by the schemas of this registry."""
    _EVENTS.registry = registry
    try:
        yield
    finally:
        _EVENTS.registry = None
        _EVENTS.foreign.clear()


def key(event: ArticleEvent, shards: int = 1) -> str:
    """The record key, which picks the partition: the publication, or one of its shards (an article keeps its own)."""
    return event.publication if shards == 1 else f"{event.publication}/{crc32(event.article_id.encode()) % shards}"


def encode(event: ArticleEvent, shards: int = 1) -> Message:
    """The message of an event. Raises Reject when it is over 900,000 bytes."""
    return Message(key(event, shards), _EVENTS.write(_datum(event)), _headers(event))


def _datum(event: ArticleEvent) -> dict[str, Any]:
    """Names the records that stand in unions: fastavro would otherwise try each branch, twice as slow."""
    datum = event.model_dump()
    if article := datum["article"]:
        for part in ("source", "rights"):
            article[part] = article[part] and (f"wireroom.{part.title()}", article[part])
        datum["article"] = ("wireroom.Article", article)
    return datum


def _headers(event: ArticleEvent) -> Mapping[str, bytes]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.event_id,
        "ce_type": f"wireroom.article.{event.kind.lower()}",
        "ce_source": f"/{event.publication}",
        "ce_subject": event.article_id,
        "ce_time": event.occurred_at.isoformat(),
        "ce_revision": str(event.revision),
        "content-type": MEDIA_TYPE,
    }
    return {name: value.encode() for name, value in headers.items()}


def decode(value: bytes) -> ArticleEvent:
    """The event of a value.

    Raises Reject (InvalidEvent with every fault) or UnknownSchema; while `reading`, also RegistryAway and Red.
    """
    datum = _EVENTS.read(value)
    if datum["kind"] == "UNKNOWN":
        raise UnknownSchema("an event of a kind from the future")
    return ArticleEvent.parse(datum)


def encode_change(change: DocumentChanged) -> Message:
    """The message that announces a document; its key is the document's, so that its generations stay in order."""
    datum = change._asdict()
    datum["changed_at"] = moment(change.changed_at)
    datum["articles"] = [dict(zip(_ARTICLE, article, strict=True)) for article in change.articles]
    return Message(change.key, _CHANGES.write(datum))


def decode_change(value: bytes) -> DocumentChanged:
    """The announcement in a value. Raises Reject or UnknownSchema."""
    datum = _CHANGES.read(value)
    articles = tuple(itemgetter(*_ARTICLE)(article) for article in datum["articles"])
    return DocumentChanged(**datum | {"changed_at": micros(datum["changed_at"]), "articles": articles})
