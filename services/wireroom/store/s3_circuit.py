"""A circuit before a server: while it is dead, hardly anything is sent to it, by however many threads."""

import random
import time
from collections.abc import Callable
from threading import Lock

from wireroom.errors import RetryAfter

FAILURES = 3  # in a row; a server that fails now and then is not dead
PAUSE = 0.5  # seconds between two requests to a dead one


class Circuit:
    """Open after some failures in a row; then one request every half second may try, and a success closes it."""

    def __init__(self, passed: Callable[[], float] = time.monotonic) -> None:
        self._passed = passed
        self._failures = 0
        self._next = 0.0
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether the server is taken for dead."""
        return self._failures >= FAILURES

    def enter(self) -> None:
        """Before each request. Raises RetryAfter when it must not be sent now."""
        with self._lock:
            if not self.is_open:
                return
            now = self._passed()
            if now < self._next:
                raise RetryAfter("the store does not answer", self._next - now + random.uniform(0, PAUSE))
            self._next = now + PAUSE

    def leave(self, well: bool) -> None:
        """After each: whether the server was well, whatever it answered."""
        with self._lock:
            self._failures = 0 if well else self._failures + 1
            if self._failures == FAILURES:
                self._next = self._passed() + PAUSE
