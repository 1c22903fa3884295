"""The time of a server, without asking for it: the Date of its answers, and what has passed since."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from wireroom.clock import SECOND, micros

_CLOCK = getattr(
    time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC
)  # goes on while a machine is suspended, where there is one


def _passed() -> int:
    return time.clock_gettime_ns(_CLOCK) // 1000


def parsed(date: str) -> int | None:
    """A date in a header as microseconds since the epoch; None when it is none, or was cut short."""
    try:
        return micros(parsedate_to_datetime(date))
    except (ValueError, TypeError):  # the latter: without a time zone
        return None


class ServerTime:
    """Nothing is known before the first answer. `passed`: microseconds, of a clock that nobody sets."""

    def __init__(self, passed: Callable[[], int] = _passed) -> None:
        self._passed = passed
        self._seen = ("", 0)  # the last Date, and the server's time less ours

    def saw(self, date: str | None) -> None:
        """An answer came with this Date (RFC 9110, section 6.6.1)."""
        if date and date != self._seen[0] and (told := parsed(date)) is not None:
            self._seen = date, told + SECOND // 2 - self._passed()  # it was told in whole seconds, cut off

    def now(self) -> int | None:
        """Microseconds since the epoch, to the second or so; None when it is not known."""
        return self._seen[1] + self._passed() if self._seen[0] else None
