"""What each answer of a service means to who publishes; pure. (RFC 9110; the problems are RFC 9457's.)

| status | meaning |
| --- | --- |
| 200, NDJSON | a result for each event: 202 where it went, any other status a refusal |
| 408, 429, 502, 503, 504 | Away: worth another try, after `Retry-After` |
| other 5xx | RetryAfter, and no other try: what fails so fails again |
| 401 | ConfigurationError: the key; 403 for all: Red |
| 413 | TooLarge: worth sending in parts |
| 400, 422 | Reject |
| any other, or another body | ConfigurationError: nothing that takes events is there |
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from wireroom.errors import ConfigurationError, Fault, Red, Refusal, Refused, Reject, RetryAfter, WireroomError
from wireroom.log import Message, Partition, Position

NDJSON = "application/x-ndjson"
_AWAY = frozenset({408, 429, 502, 503, 504})
_LATER = 5.0  # seconds, when a service names none
_MOST = 1000  # faults shown of one event
_LONGEST = 500  # characters shown of what a service says
_SERVICE = "the address of a Wireroom that takes events"


class Away(RetryAfter):
    """The service may answer otherwise in a moment. `asked`: the seconds that it named."""

    def __init__(self, reason: str, asked: float | None = None) -> None:
        super().__init__(reason, _LATER if asked is None else asked)
        self.asked = asked


class TooLarge(Reject):
    """The request is larger than is taken at once, by the service or by a proxy before it."""


class Answer(NamedTuple):
    """An answer. `retry_after`: in seconds, None when it names none; `location`: where it redirects to."""

    url: str
    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None
    location: str = ""


def positions(answer: Answer, messages: Sequence[Message]) -> list[Position]:
    """Where events went. Raises Refused when some were refused, and whatever else an answer means (see above)."""
    if answer.status != HTTPStatus.OK:
        raise _failure(answer)
    if answer.content_type.partition(";")[0].strip().lower() != NDJSON:
        raise ConfigurationError([Fault("url", f"something else at {answer.url}", _SERVICE)])
    results = [_object(line) for line in answer.body.splitlines() if line.strip()]
    if [result.get("line") for result in results] != list(range(1, len(messages) + 1)):
        raise RetryAfter(f"{answer.url} answers for {len(results)} of {len(messages)} events", _LATER)
    found = [_position(result) for result in results]
    refusals = [
        _refusal(index, message, result)
        for index, (message, result, position) in enumerate(zip(messages, results, found, strict=True))
        if position is None
    ]
    if refusals:
        raise Refused(refusals, found)
    return [position for position in found if position is not None]


def refused_alone(message: Message, reason: Reject) -> Refused:
    """That the only event of a request was refused."""
    return Refused([Refusal(0, _event_id(message), reason.rule, reason.faults)], [None])


def _position(result: Mapping[str, Any]) -> Position | None:
    """Where an event went; None for one that was refused."""
    match result:
        case {"status": 202, "topic": str(topic), "partition": int(partition), "offset": int(offset)}:
            return Position(Partition(topic, partition), offset)
        case {"status": int(status)} if 400 <= status < 500 and status not in _AWAY:
            return None
    raise RetryAfter(f"the service answers for an event: {_text(result.get('status'))}", _LATER)


def _refusal(index: int, message: Message, result: Mapping[str, Any]) -> Refusal:
    return Refusal(index, _event_id(message), _rule(result), _faults(result))


def _event_id(message: Message) -> str:
    return _text(_object(message.value).get("event_id"))


def _failure(answer: Answer) -> WireroomError:
    problem = _object(answer.body)
    told = _text(problem.get("detail") or problem.get("title")) or "no more is said"
    if answer.status in _AWAY:
        return Away(f"{answer.url} answers {answer.status}: {told}", answer.retry_after)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryAfter(f"{answer.url} answers {answer.status}: {told}", _LATER)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return ConfigurationError([Fault("key", f"one that {answer.url} refuses: {told}", "a key that it knows")])
    if answer.status == HTTPStatus.FORBIDDEN:
        return Red(f"{answer.url} forbids it: {told}", "publish with a key that may")
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge("too-large", _faults(problem))
    if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return Reject(_rule(problem), _faults(problem))
    if answer.location:
        found = f"a redirection from {answer.url} to {_text(answer.location)}"
        return ConfigurationError([Fault("url", found, "the address itself: a key is not sent on")])
    return ConfigurationError([Fault("url", f"{answer.status} from {answer.url}", _SERVICE)])


def _rule(problem: Mapping[str, Any]) -> str:
    """The last part of a problem's type."""
    return _text(problem.get("type")).rstrip("/").rpartition("/")[2] or "refused"


def _faults(problem: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Every fault that is listed; where none is, what is said."""
    match problem.get("errors"):
        case [_, *_] as errors:
            listed = [each if isinstance(each, dict) else {} for each in errors[:_MOST]]
            return tuple(Fault(*(_text(fault.get(part)) for part in ("path", "found", "expected"))) for fault in listed)
    return (Fault("", _text(problem.get("detail") or problem.get("title")) or "a refusal", "what the service takes"),)


def _object(text: bytes) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """What a service says, printable and not too long."""
    text = "" if value is None else str(value)[: _LONGEST + 1]
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
