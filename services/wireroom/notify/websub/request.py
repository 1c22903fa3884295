"""What a subscriber asks for (WebSub, 5.1): all that is wrong with it, or a request that can be verified."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

from wireroom.clock import DAY, HOUR, SECOND
from wireroom.errors import Fault, Reject
from wireroom.faults import found
from wireroom.notify.target import Target
from wireroom.notify.websub.topics import Topics

LEASE, SHORTEST, LONGEST = 10 * DAY, HOUR, 30 * DAY  # when none is asked for, at least, at most: microseconds
MOST_BYTES = 16_384  # of a request's body
_CALLBACK = 1_024  # characters: it must leave room for the question
_SECRET = 200  # bytes; a secret has fewer
_MODES = "subscribe or unsubscribe"
_KNOWN = ("hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", "hub.secret")


class Request(NamedTuple):
    """A request to be verified. `topic`: as it was written; `key`: of the document; `lease`: microseconds."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    key: str
    callback: str
    lease: int
    secret: str | None

    @property
    def id(self) -> tuple[str, str]:
        """What the subscription is known by (WebSub, 2)."""
        return self.key, self.callback

    @property
    def host(self) -> str:
        """Whom the callback belongs to, as far as it can be told."""
        return Target.of(self.callback).host


def request_of(body: bytes, topics: Topics) -> Request:
    """The request in a form. Raises Reject with every fault."""
    given, faults = _parameters(body)
    mode = given.get("hub.mode", "")
    if mode not in ("subscribe", "unsubscribe"):
        faults.append(Fault("hub.mode", _found(mode), _MODES))
    topic = given.get("hub.topic", "")
    key = topics.key_of(topic)
    if key is None:
        faults.append(Fault("hub.topic", _found(topic), "the address of a public feed, as its link rel=self has it"))
    callback = given.get("hub.callback", "")
    try:
        Target.of(callback)
    except Reject as error:
        faults += [Fault("hub.callback", each.found, each.expected) for each in error.faults]
    if len(callback) > _CALLBACK:
        faults.append(Fault("hub.callback", f"{len(callback)} characters", f"at most {_CALLBACK}"))
    lease = _lease(given.get("hub.lease_seconds", ""), faults) if mode == "subscribe" else LEASE
    secret = given.get("hub.secret") or None
    if secret and len(secret.encode()) >= _SECRET:
        faults.append(Fault("hub.secret", f"{len(secret.encode())} bytes", f"fewer than {_SECRET} bytes"))
    if faults or key is None:
        raise Reject("invalid-request", faults)
    return Request("subscribe" if mode == "subscribe" else "unsubscribe", topic, key, callback, lease, secret)


def _parameters(body: bytes) -> tuple[Mapping[str, str], list[Fault]]:
    """What the protocol knows; the rest is ignored, as it must be."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        return {}, [Fault("", "a body that cannot be read", "a form in UTF-8 of at most 100 fields")]
    counts = Counter(name for name, _ in pairs if name in _KNOWN)
    faults = [Fault(name, f"{count} times", "once") for name, count in counts.items() if count > 1]
    return dict(pairs), faults


def _lease(text: str, faults: list[Fault]) -> int:
    """The lease that it will be, whatever was asked for. An empty one is none."""
    if not text:
        return LEASE
    if not (text.isascii() and text.isdecimal()) or int(text[:12]) < 1:
        faults.append(Fault("hub.lease_seconds", found(text), "a whole number of seconds, above 0"))
        return LEASE
    return max(SHORTEST, min(int(text[:12]) * SECOND, LONGEST))


def _found(value: str) -> str:
    return found(value) if value else "nothing"
