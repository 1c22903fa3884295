"""The keys of one kind as the store has them now, for an event loop that must not wait for the store."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

from wireroom.clock import Clock
from wireroom.errors import Red, RetryAfter
from wireroom.keys import Key, KeyList, Refusal, check

FRESH = 1.0  # seconds for which the keys are not read again: so a revocation takes less than two
STALE = 300.0  # seconds for which what was read last is good while the store cannot be read
PATIENCE = 10.0  # seconds that a request waits for the store
ASKING = 1.0  # ... when older keys are at hand

log = logging.getLogger("wireroom")


class Keyring:
    """A list of keys that is read again when somebody asks, at most once a second."""

    def __init__(self, keys: KeyList, clock: Clock) -> None:
        self._list = keys
        self._clock = clock
        self._read_at = self._asked_at = -math.inf
        self._asked: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._answer: asyncio.Future[None] | None = None
        self.keys: Mapping[str, Key] = {}
        Thread(target=self._read, name="keys", daemon=True).start()

    async def find(self, text: str) -> Key | Refusal:
        """The key that a text is, or why it is not taken. Raises RetryAfter when the keys cannot be read for long."""
        if (found := self.find_at_once(text)) is not None:
            return found
        await self._refresh()
        return check(text, self.keys, self._clock.now())

    def find_at_once(self, text: str) -> Key | Refusal | None:
        """The same without waiting; None when the keys must be read again first."""
        return check(text, self.keys, self._clock.now()) if time.monotonic() - self._read_at <= FRESH else None

    def close(self) -> None:
        """Let the thread end."""
        self._asked.put(None)

    async def _refresh(self) -> None:
        now = time.monotonic()
        if self._answer is None or (self._answer.done() and now - self._asked_at > FRESH):
            self._asked_at = now
            self._answer = asyncio.get_running_loop().create_future()
            self._asked.put(self._answer)
        await asyncio.wait([self._answer], timeout=ASKING if now - self._read_at <= STALE else PATIENCE)
        if time.monotonic() - self._read_at > STALE:
            raise RetryAfter("the keys cannot be read now", 5)

    def _read(self) -> None:
        """The thread that reads: a daemon, for a store that hangs must not keep the process from ending."""
        for answer in iter(self._asked.get, None):
            asked, keys = time.monotonic(), None
            try:
                keys = self._list.read()
            except (Red, RetryAfter) as error:
                log.warning("the keys cannot be read: %s", error)
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                answer.get_loop().call_soon_threadsafe(self._take, answer, asked, keys)

    def _take(self, answer: "asyncio.Future[None]", asked: float, keys: Mapping[str, Key] | None) -> None:
        if keys is not None:
            self.keys, self._read_at = keys, asked
        answer.set_result(None)
