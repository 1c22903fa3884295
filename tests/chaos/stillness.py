"""When the whole machine stood still (paused, or far too busy): no fault of ours, nor of those that we make."""

import time
from threading import Event
from typing import NamedTuple

LOOK = 0.1  # seconds between two looks
STILL = 1.0  # seconds that a look is late by


class Pause(NamedTuple):
    """Seconds since the epoch."""

    begin: float
    end: float


class Stillness:
    """`pauses`: those that were noticed."""

    def __init__(self) -> None:
        self.pauses: list[Pause] = []

    def watch(self, over: Event) -> None:
        """Look at the clock until it is over."""
        before = time.time()
        while not over.wait(LOOK):
            now = time.time()
            if now - before > LOOK + STILL:
                self.pauses.append(Pause(before, now))
            before = now

    def within(self, begin: float, end: float) -> float:
        """How many seconds of this time it stood still."""
        return sum(max(0.0, min(pause.end, end) - max(pause.begin, begin)) for pause in self.pauses)
