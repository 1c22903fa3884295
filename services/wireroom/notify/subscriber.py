"""The Subscriber seam: who is told, of what, and how. Implementations: `webhook.py`, `indexnow.py`, `ping.py`."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from wireroom.document import DocumentChanged
from wireroom.notify.documents import Said
from wireroom.notify.journal import Notification
from wireroom.notify.outcome import Outcome


class Told(NamedTuple):
    """A notification, and what its document says now: at its generation, or a later one."""

    notification: Notification
    document: Said


class Subscriber(Protocol):
    """One who is told. A thread of its own calls `deliver`, so it may wait for answers."""

    @property
    def id(self) -> str:
        """Its name in the store and in `wireroom status`."""
        ...

    @property
    def definition(self) -> str:
        """Changes when another one is to be told, or of something else: one that had ended then begins again."""
        ...

    @property
    def most(self) -> int:
        """How many notifications it takes at once."""
        ...

    def wants(self, change: DocumentChanged) -> bool:
        """Whether it is told of a change."""
        ...

    def deliver(self, epoch: str, batch: Sequence[Told]) -> Outcome:
        """Tell it, all or nothing; what was told may be told again.

        `epoch`: other numbers, after the old ones were lost, have another. Raises RetryAfter when no answer came or the
        store is unwell, Reject when its address is not one to be asked.
        """
        ...
