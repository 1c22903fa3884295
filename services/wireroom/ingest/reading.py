"""From the body of a request to messages for the log, or what is wrong with it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wireroom import event_json
from wireroom.codec import MEDIA_TYPE as AVRO
from wireroom.codec import UnknownSchema, decode, encode
from wireroom.errors import Fault, Reject
from wireroom.event import ArticleEvent
from wireroom.ingest.problems import Problem
from wireroom.ingest.scope import Scope
from wireroom.log import Message

JSON = "application/json"
LINES = "application/x-ndjson"
MOST_BYTES = 4_000_000  # of an event as JSON; escaped, 900,000 bytes of Avro need three times as many
MOST_LINES = 1000  # of a batch
MOST_BRACKETS = 100_000  # in one event; each one opened costs memory, and texts have few
MOST_FAULTS = 1000  # listed of one batch; of lines after that only the first and their number
_SINGLE_OBJECT = b"\xc3\x01"


class Accepted(NamedTuple):
    """An event that may be appended."""

    event_id: str
    message: Message


def accepted(event: ArticleEvent, scope: Scope, shards: Mapping[str, int]) -> Accepted:
    """Raises Problem for what the key may not send, or what is too large."""
    if lack := scope.lacks(event):
        raise Problem("forbidden", f"The key lacks: {lack}.")
    try:
        return Accepted(event.event_id, encode(event, shards.get(event.publication, 1)))
    except Reject as error:
        refused = _refused(error)
    raise refused


def event_of(media_type: str, body: bytes) -> ArticleEvent:
    """The event in a body. Raises Problem with every fault, which keeps nothing of the body alive."""
    try:
        return _from_avro(body) if media_type == AVRO else _from_json(body)
    except Reject as error:
        refused = _refused(error)
    raise refused


def lines(body: bytes) -> Sequence[tuple[int, bytes]]:
    """The lines of a batch that are not empty, with their numbers. Raises Problem for too many, or none."""
    count = body.count(b"\n") + (not body.endswith(b"\n"))
    if count > MOST_LINES:
        raise Problem("too-large", f"The batch has more than {MOST_LINES:,} lines.")
    found = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not found:
        raise Problem("invalid-event", "The batch is empty.", [Fault("", "no line", "one event a line")])
    return found


def each(
    batch: Sequence[tuple[int, bytes]], scope: Scope, shards: Mapping[str, int]
) -> Iterator[tuple[int, Accepted | Problem]]:
    """What each line is, or what is wrong with it."""
    left = MOST_FAULTS
    for number, line in batch:
        try:
            yield number, accepted(_from_json(line), scope, shards)
        except Reject as error:
            problem = _refused(error)
        except Problem as refused:
            problem = refused
        else:
            continue
        if len(problem.errors) > max(left, 1):
            rest = Fault("", f"{len(problem.errors)} faults", "none; the batch has too many to list them all")
            problem = Problem(problem.name, problem.detail, [problem.errors[0], rest])
        left -= len(problem.errors)
        yield number, problem


def _from_json(data: bytes) -> ArticleEvent:
    if len(data) > MOST_BYTES:
        raise Reject("too-large", [Fault("", f"{len(data)} bytes", f"at most {MOST_BYTES}")])
    if (brackets := data.count(b"[") + data.count(b"{")) > MOST_BRACKETS:
        raise Reject(
            "too-many-brackets", [Fault("", f"{brackets} times [ or {{", f"JSON with at most {MOST_BRACKETS}")]
        )
    return event_json.event(event_json.one(data))


def _from_avro(body: bytes) -> ArticleEvent:
    if not body.startswith(_SINGLE_OBJECT):
        raise Reject("not-single-object", [Fault("", body[:10].hex(" ") or "no bytes", "c3 01 and a fingerprint")])
    try:
        return decode(body)
    except UnknownSchema as error:
        raise Reject("unknown-schema", [Fault("", error.reason, "a published schema of events")]) from error


def _refused(error: Reject) -> Problem:
    if error.rule == "too-large":
        return Problem("too-large", "The event is larger than the log takes.", error.faults)
    count = len(error.faults)
    return Problem("invalid-event", f"The event has {count} fault{'s' if count != 1 else ''}.", error.faults)
