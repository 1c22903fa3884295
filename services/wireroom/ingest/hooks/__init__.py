"""What content management systems send by themselves, turned into events. One module a system."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from wireroom.config import Publication
from wireroom.event import ArticleEvent


class Delivery(NamedTuple):
    """One request of a system. Names of headers are in lower case; `event`: the last part of the path, or empty;
    `received_at`: microseconds since the epoch.
    """

    publication: Publication
    event: str
    headers: Mapping[str, str]
    body: bytes
    received_at: int


class Hook(Protocol):
    """One system's dialect: pure functions of a delivery."""

    @property
    def name(self) -> str:
        """As in the path: `/v1/hooks/{name}/{publication}[/{event}]`."""
        ...

    def verified(self, delivery: Delivery, secret: bytes) -> bool:
        """Whether the sender knew the secret: its own signature scheme, over the raw body, in constant time."""
        ...

    def events(self, delivery: Delivery) -> Sequence[ArticleEvent]:
        """What it means; nothing for what concerns no reader. Raises Reject for what cannot be mapped."""
        ...
