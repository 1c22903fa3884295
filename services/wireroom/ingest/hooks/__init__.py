"""What content management systems send by themselves, turned into events. One module a system.

A route calls `receive.receive`, which is pure, and appends what its outcome says.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from wireroom.config_hooks import HookSettings
from wireroom.errors import Reject
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, Message


class Delivery(NamedTuple):
    """One request of a system: `/v1/hooks/{cms}/{publication}[/{event}]`.

    Names of headers are in lower case; `event`: the last part of the path, or empty; `body`: the bytes as they were
    sent, over which signatures go; `received_at`: microseconds since the epoch.
    """

    cms: str
    publication: str
    event: str
    headers: Mapping[str, str]
    body: bytes
    received_at: int


class Verdict(StrEnum):
    """What a delivery came to."""

    ACCEPTED = "accepted"  # append, then 202
    NOTHING = "nothing-to-do"  # a draft, a picture: 202 as well
    DEAD_LETTERED = "dead-lettered"  # append, then an answer after which nobody sends it again: 202, or 422
    UNSIGNED = "unsigned"  # the signature is missing, wrong or too old: 401
    UNKNOWN = "unknown"  # the settings have no such hook: 404, never 410 (Ghost would delete the hook)


class Outcome(NamedTuple):
    """What a delivery came to, and what must be durable before it is answered: `log.append(topic, messages)`.

    `reason`: why it is a dead letter, with every fault.
    """

    verdict: Verdict
    topic: str = ARTICLES
    messages: Sequence[Message] = ()
    reason: Reject | None = None


class Hook(Protocol):
    """One system's dialect, as a module: pure functions of a delivery."""

    def verified(self, delivery: Delivery, secret: bytes) -> bool:
        """Whether the sender knew the secret: its own signature scheme, over the raw body, in constant time."""
        ...

    def events(self, delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
        """What it means; nothing for what concerns no reader. Raises Reject for what cannot be mapped."""
        ...
