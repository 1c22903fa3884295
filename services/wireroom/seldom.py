"""Lines of the log that strangers can cause: they must not fill the disk."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from threading import Lock

EVERY = 1.0  # seconds between two lines of a kind


class Seldom:
    """Writes at most one line a second of each kind; the next one tells how many were left out.

    Kinds are kept for good, so a stranger must not choose them. Safe to use from several threads.
    """

    def __init__(self, log: logging.Logger, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now = now
        self._next: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()
        self._lock = Lock()

    def warning(self, kind: str, message: str, *args: object) -> None:
        """As that of a logger."""
        with self._lock:
            now = self._now()
            if now < self._next.get(kind, now):
                self._left_out[kind] += 1
                return
            self._next[kind] = now + EVERY
            more = self._left_out.pop(kind, 0)
        self._log.warning(
            f"{message} (%d more like it left out)" if more else message, *args, *([more] if more else [])
        )
