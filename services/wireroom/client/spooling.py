"""A service that may be away: what it does not take now waits in a spool, and is sent when it takes something again."""

import logging
import time
from collections.abc import Iterator, Sequence

from wireroom.batches import append_all
from wireroom.client.service import TIMEOUT, Service
from wireroom.client.spool import Busy, Spool, Waiting
from wireroom.errors import Refused, RetryAfter, WireroomError
from wireroom.log import Message, Position

log = logging.getLogger(__name__)


class Spooling:
    """A service with its spool. Safe to use from several threads and, each with its own, processes."""

    def __init__(self, service: Service, spool: Spool) -> None:
        self._service = service
        self._spool = spool

    def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """As `Service.append`; what finds the service away is spooled, and where it waits is its position.

        While something waits a single try is made. After one that goes well what waits is sent, until that fails.
        Raises RetryAfter when the spool is full, or cannot be written.
        """
        try:
            positions = self._service.append(topic, messages, once=not self._spool.empty)
        except RetryAfter as reason:
            try:
                return self._spool.add(topic, messages)
            except RetryAfter as error:
                raise RetryAfter(f"{error}; {reason}", reason.seconds) from error
        if not self._spool.empty:
            self._send_some()
        return positions

    def flush(self) -> None:
        """Send all that waits. Raises Refused with what was refused and is kept aside, RetryAfter when more waits."""
        with self._spool.sending():
            append_all(iter(self._spool.oldest, None), self._send)

    def close(self) -> None:
        """Let go of the connections; what waits goes on waiting."""
        self._service.close()

    def _send_some(self) -> None:
        """What is in the spool is safe there: nothing is raised, because another event was published."""
        try:
            with self._spool.sending():
                append_all(self._oldest_until(time.monotonic() + TIMEOUT), self._send)
        except Busy:
            return  # whoever has it sends what waits
        except Refused as refused:
            log.error("the service refused what had waited, it is kept in %s: %s", self._spool.folder, refused)
        except (WireroomError, OSError) as reason:
            log.warning("events wait still in %s: %s", self._spool.folder, reason)

    def _oldest_until(self, deadline: float) -> Iterator[Waiting]:
        while time.monotonic() < deadline and (waiting := self._spool.oldest()):
            yield waiting

    def _send(self, waiting: Waiting) -> list[Position]:
        messages = waiting.messages
        try:
            positions = self._service.append(waiting.topic, messages, once=True) if messages else []
        except Refused as refused:
            self._spool.refuse([messages[each.index] for each in refused.refusals])
            self._spool.remove(waiting)
            raise
        self._spool.remove(waiting)
        return positions
