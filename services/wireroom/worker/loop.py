"""`Worker.run`: join the group, work one session after the other until told to stop."""

import gc
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.errors import Fenced
from wireroom.log import ARTICLES, BACKFILL, Log
from wireroom.sink import Sink
from wireroom.store import Store
from wireroom.worker.session import Session

log = logging.getLogger(__name__)


class Worker:
    """Feeds one sink from the log. One thread owns it; `executor` writes documents side by side."""

    def __init__(
        self,
        sink: Sink,
        events: Log,
        store: Store,
        settings: Settings,
        clock: Clock | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.sink = sink
        self._events = events
        self._store = store
        self._settings = settings
        self._clock = clock or SystemClock()
        self._executor = executor

    def run(
        self, stopping: Callable[[], bool], drain: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Work until `stopping`, or with `drain` until nothing is left; what is in hand is finished first.

        `progress` is called with how many offsets it came forward, from the beginning of the log.

        Raises Red when only a person can help.
        """
        gc.freeze()  # what is loaded stays: no use in looking through it again and again
        while not stopping():
            session = self.join()
            try:
                if session.run(stopping, drain, progress):
                    return
            except Fenced as fenced:
                log.warning("%s: %s; joining again", self.sink.name, fenced)
            finally:
                session.close()

    def join(self) -> Session:
        """A new membership of the group, to be driven step by step."""
        consumer = self._events.join(self.sink.name, [ARTICLES, BACKFILL])
        return Session(self.sink, self._events, consumer, self._store, self._settings, self._clock, self._executor)
