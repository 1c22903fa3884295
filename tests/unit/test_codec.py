"""Bytes <-> event: what was written is read, and nothing else is."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.articles.test_ninjs import FULL
from tests.unit.event_strategies import article_id, events, identifier, line, moment
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.test_schemas_model import enums_in
from tests.unit.test_schemas_versions import changed, fingerprint
from wireroom import codec
from wireroom.clock import micros
from wireroom.document import DocumentChanged
from wireroom.errors import InvalidEvent, Reject
from wireroom.event import ArticleEvent, Kind
from wireroom.faults import MAX_EVENT

HEADER = 10
ARTICLE = {
    "title": "Banjir surut di hulu",
    "body_html": "<p>Air turun – pelan.</p>",
    "modified_at": "2026-03-01T09:30:00Z",
}
EVENT = ArticleEvent.parse(
    {
        "event_id": "e-1",
        "kind": "PUBLISHED",
        "publication": "kabar",
        "article_id": "2026/banjir",
        "revision": 7,
        "occurred_at": "2026-03-01T16:30:00+07:00",
        "url": "https://kabar.example/banjir",
        "published_at": "2026-03-01T09:30:00Z",
        "article": ARTICLE,
    }
)
VALUE = codec.encode(EVENT).value
INDEPENDENT = avro.schema.parse((codec.SCHEMAS / "article_event.avsc").read_text("utf-8"))


def varint(number: int) -> bytes:
    """Avro's zig-zag long."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def datum(value: bytes = VALUE) -> dict[str, Any]:
    read = fastavro.schemaless_reader(BytesIO(value[HEADER:]), codec._EVENTS.schema, None)
    assert isinstance(read, dict)
    return read


def value_of(datum: dict[str, Any]) -> bytes:
    """A value that our own encoder would never write."""
    out = BytesIO()
    fastavro.schemaless_writer(out, codec._EVENTS.schema, datum)
    return VALUE[:HEADER] + out.getvalue()


@given(events)
def test_an_event_survives_the_log(event: ArticleEvent) -> None:
    assert codec.decode(codec.encode(event).value) == event


@given(events)
def test_another_avro_library_reads_the_same(event: ArticleEvent) -> None:
    value = codec.encode(event).value
    read = avro.io.DatumReader(INDEPENDENT).read(avro.io.BinaryDecoder(BytesIO(value[HEADER:])))
    assert isinstance(read, dict)
    assert ArticleEvent.parse(read) == event


def test_a_message_says_what_it_carries() -> None:
    message = codec.encode(EVENT)
    assert message.key == EVENT.publication
    assert message.headers == {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_type": b"wireroom.article.published",
        "ce_source": b"/kabar",
        "ce_subject": b"2026/banjir",
        "ce_time": b"2026-03-01T16:30:00+07:00",
        "ce_revision": b"7",
        "content-type": b"application/vnd.wireroom.event+avro",
    }


@given(
    event=st.builds(
        EVENT.model_copy, update=st.fixed_dictionaries({"publication": identifier, "article_id": article_id})
    ),
    shards=st.integers(2, 12),
)
def test_an_article_stays_in_its_shard(event: ArticleEvent, shards: int) -> None:
    later = event.model_copy(update={"event_id": "later", "revision": 8, "kind": Kind.WITHDRAWN, "article": None})
    publication, shard = codec.key(event, shards).split("/")
    assert publication == event.publication
    assert 0 <= int(shard) < shards
    assert codec.key(later, shards) == codec.key(event, shards)


def test_the_articles_of_a_publication_spread_over_its_shards() -> None:
    keys = {codec.key(EVENT.model_copy(update={"article_id": str(number)}), 4) for number in range(100)}
    assert keys == {"kabar/0", "kabar/1", "kabar/2", "kabar/3"}


@pytest.mark.parametrize("length", range(len(VALUE)))
def test_a_truncated_value_is_rejected(length: int) -> None:
    with pytest.raises(Reject) as refused:
        codec.decode(VALUE[:length])
    short = "not-single-object" if length else "no-value"
    assert refused.value.rule == ("undecodable" if length >= HEADER else short)


@pytest.mark.parametrize("rest", [b"\0", b"\0" * 1000, VALUE])
def test_trailing_bytes_are_rejected(rest: bytes) -> None:
    with pytest.raises(Reject, match="trailing-bytes") as refused:
        codec.decode(VALUE + rest)
    assert refused.value.faults[0].found == f"{len(rest)} bytes after the datum"


@pytest.mark.parametrize("value", [b"{}", b"\0\0\0\0\x01" + VALUE[HEADER:], b"\xc3\x02" + VALUE[2:], VALUE[HEADER:]])
def test_another_framing_is_rejected(value: bytes) -> None:
    with pytest.raises(Reject, match="not-single-object"):
        codec.decode(value)


def test_an_unknown_schema_stops_the_partition() -> None:
    with pytest.raises(codec.UnknownSchema, match=r"0102030405060708.*upgrade"):
        codec.decode(b"\xc3\x01" + bytes(range(1, 9)) + VALUE[HEADER:])


def test_the_schema_of_another_record_is_unknown() -> None:
    with pytest.raises(codec.UnknownSchema):
        codec.decode(codec.encode_change(CHANGE).value)


def test_a_kind_from_the_future_stops_the_partition() -> None:
    with pytest.raises(codec.UnknownSchema, match="kind"):
        codec.decode(value_of({**datum(), "kind": "UNKNOWN"}))


def test_other_published_versions_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier one lacks a field, a later one has a field, a kind and a form of access that are not known here."""
    earlier = changed("Article", rights=None)
    later = changed("Article", mood={"name": "mood", "type": "string", "default": "", "doc": ""})
    for enum in enums_in(later):
        enum["symbols"].append("LATER")
    (tmp_path / "versions/article_event").mkdir(parents=True)
    for name, schema in {"article_event": EVENT_SCHEMA, "versions/article_event/1": earlier}.items():
        (tmp_path / f"{name}.avsc").write_text(json.dumps(schema))
    monkeypatch.setattr(codec, "SCHEMAS", tmp_path)
    with pytest.raises(codec.UnknownSchema):
        codec.Codec("article_event").read(written_as(later))
    (tmp_path / "versions/article_event/3.avsc").write_text(json.dumps(later))
    ours = codec.Codec("article_event")
    assert ours.read(written_as(earlier)) == datum()
    assert ours.read(written_as(later)) == datum()
    from_the_future = ours.read(written_as(later, kind="LATER", access="LATER"))
    assert (from_the_future["kind"], from_the_future["article"]["access"]) == ("UNKNOWN", "PAID")


def written_as(schema: Avro, kind: str = "PUBLISHED", access: str = "FREE") -> bytes:
    out = BytesIO()
    values = {**datum(), "kind": kind, "article": {**datum()["article"], "access": access}}
    fastavro.schemaless_writer(out, schema, values)
    return b"\xc3\x01" + fingerprint(schema) + out.getvalue()


def test_a_decoded_event_is_validated() -> None:
    with pytest.raises(InvalidEvent) as refused:
        codec.decode(value_of({**datum(), "revision": 0, "url": None, "article": {**datum()["article"], "title": " "}}))
    assert {fault.path for fault in refused.value.faults} == {"revision", "url", "article.title"}


def test_a_date_outside_the_calendar_is_rejected() -> None:
    published = varint(micros(EVENT.published_at))
    assert VALUE.count(published) == 3  # occurred_at, published_at, modified_at
    with pytest.raises(Reject, match=r"undecodable.*OverflowError"):
        codec.decode(VALUE.replace(published, varint(2**62)))


def test_text_that_is_not_utf8_is_rejected() -> None:
    with pytest.raises(Reject, match=r"undecodable.*UnicodeDecodeError"):
        codec.decode(VALUE.replace("–".encode(), b"\xed\xa0\x80"))


def test_the_limit_is_exact() -> None:
    def sized(length: int) -> ArticleEvent:
        return EVENT.model_copy(update={"note": "n" * length})

    spare = MAX_EVENT + HEADER - len(codec.encode(sized(800_000)).value)
    at_the_limit = codec.encode(sized(800_000 + spare)).value
    assert len(at_the_limit) == MAX_EVENT + HEADER
    assert codec.decode(at_the_limit).note == "n" * (800_000 + spare)
    with pytest.raises(Reject, match=r"too-large.*900001 bytes of Avro"):
        codec.encode(sized(800_000 + spare + 1))
    with pytest.raises(Reject, match="too-large"):
        codec.decode(at_the_limit + b"\0")


WRITTEN = st.sampled_from([VALUE, codec.encode(FULL).value])
ROT = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), min_size=1, max_size=4)  # places and bytes


@settings(max_examples=200)
@given(WRITTEN, ROT)
def test_garbage_is_rejected_or_read_but_never_crashes(written: bytes, rot: Sequence[tuple[int, int]]) -> None:
    value = bytearray(written)
    for place, byte in rot:
        value[HEADER + place % (len(value) - HEADER)] = byte
    try:
        assert isinstance(codec.decode(bytes(value)), ArticleEvent)
    except Reject:
        pass
    except codec.UnknownSchema:
        assert datum(bytes(value))["kind"] == "UNKNOWN"


UP_TO_ARTICLE = VALUE[: VALUE.index(varint(1) + varint(20) + b"Banjir")]
UP_TO_AUTHORS = VALUE[: VALUE.index(b"pelan.</p>") + len(b"pelan.</p>") + 1]  # the language is null
BOMBS = {
    "a trillion items in seven bytes": UP_TO_AUTHORS + varint(2**40),
    "a negative count and size": UP_TO_AUTHORS + varint(-(2**62)) + varint(-(2**62)),
    "the least count there is": UP_TO_AUTHORS + varint(-(2**63)) + varint(0),
    "a string of eight exabytes": UP_TO_ARTICLE + varint(1) + varint(2**63 - 1),
    "a string of negative length": UP_TO_ARTICLE + varint(1) + varint(-1),
    "a number without end": UP_TO_ARTICLE + b"\xff" * 800_000,
    "blocks without items": UP_TO_AUTHORS + (varint(-1) + varint(0)) * 300_000,
    "every union takes its second branch": VALUE[:HEADER] + b"\x02" * 800_000,
    "as many authors as fit": UP_TO_AUTHORS + varint(440_000) + b"\0\0" * 440_000,
    "as many tags as fit": UP_TO_AUTHORS + b"\0\0" + varint(890_000) + b"\0" * 890_000 + b"\0",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_rejected_in_bounded_time_and_memory(bomb: bytes) -> None:
    """In a process of its own that may use 400 MB and ten seconds, start included."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))

    code = (
        "import sys\nfrom wireroom import codec, errors\n"
        "try: codec.decode(sys.stdin.buffer.read())\n"
        "except errors.Reject as refused: print(refused.rule, len(refused.faults))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=bomb, capture_output=True, preexec_fn=bounded)
    assert (done.returncode, done.stderr) == (0, b"")
    rule, faults = done.stdout.split()
    assert rule in {b"undecodable", b"invalid-event", b"trailing-bytes"}
    assert int(faults) <= 1001


CHANGE = DocumentChanged(
    key="feeds/kabar/latest.rss",
    generation=3,
    etag="abc",
    media_type="application/rss+xml; charset=utf-8",
    worker="feeds",
    changed_at=micros(EVENT.occurred_at),
    articles=(("kabar", "2026/banjir", 7), ("kabar", "8", 1)),
)
changes = st.builds(
    DocumentChanged,
    key=line,
    generation=st.integers(0, 2**63 - 1),
    etag=line,
    media_type=line,
    worker=line,
    changed_at=moment.map(micros),
    articles=st.lists(st.tuples(line, line, st.integers(1, 2**63 - 1)), max_size=3).map(tuple),
)


@given(changes)
def test_an_announcement_survives_the_log(change: DocumentChanged) -> None:
    message = codec.encode_change(change)
    assert codec.decode_change(message.value) == change
    assert message.key == change.key


def test_the_type_names_the_kind() -> None:
    withdrawn = EVENT.model_copy(update={"kind": Kind.WITHDRAWN, "article": None})
    corrected = EVENT.model_copy(update={"kind": Kind.CORRECTED})
    assert codec.encode(withdrawn).headers["ce_type"] == b"wireroom.article.withdrawn"
    assert codec.encode(corrected).headers["ce_type"] == b"wireroom.article.corrected"
