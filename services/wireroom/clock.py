"""Now. Times are integers: microseconds since the epoch, UTC (Avro's timestamp-micros)."""

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EARLIEST = -62_135_596_800 * SECOND  # the year 1: no event is dated before it
_EPOCH = datetime.fromtimestamp(0, UTC)


class Clock(Protocol):
    """Where the time comes from; tests turn it by hand."""

    def now(self) -> int:
        """The time in microseconds since the epoch."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> int:
        """The time in microseconds since the epoch."""
        return time.time_ns() // 1000


class ManualClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: int = 0) -> None:
        self.time = now

    def now(self) -> int:
        """The time it was last set to."""
        return self.time


class SteadyClock:
    """A clock that never goes back, nor behind what was decided before: `machine` is the one that it follows."""

    def __init__(self, machine: Clock) -> None:
        self.machine = machine
        self._latest = 0

    def now(self) -> int:
        """The time of the machine, or the latest time that was told if that is later."""
        self._latest = max(self._latest, self.machine.now())
        return self._latest

    def reach(self, time: int) -> None:
        """Something was decided at `time`."""
        self._latest = max(self._latest, time)


def micros(moment: datetime) -> int:
    """An aware time as microseconds since the epoch, exactly."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def moment(us: int) -> datetime:
    """Microseconds since the epoch as an aware time in UTC, exactly."""
    seconds, rest = divmod(us, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
