"""How a waiting consumer learns that the log changed: at once within a process, within milliseconds from another."""

import time
from collections.abc import Callable
from threading import Condition, Thread

# Seconds between two looks at what other processes did. Waking up is most of what a look costs, some 100 microseconds;
# so the looks become rare while nothing happens, and the next change is still seen within the longer time.
SHORTEST, LONGEST = 0.002, 0.03


class Changes:
    """Counts changes; threads wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = Condition()

    def announce(self) -> None:
        """Something changed: wake everybody who waits."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Until the count is no longer `seen`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.count != seen, timeout)


class WatchedChanges(Changes):
    """Changes that other processes make too: while somebody waits, one thread watches `version`.

    `version` gives another number after each change, and None when it cannot tell: that counts as a change, because
    who waits then reads for himself and finds out what is wrong.
    """

    def __init__(self, version: Callable[[], int | None]) -> None:
        super().__init__()
        self._version = version
        self._waiting = 0
        self._closed = False
        self._thread: Thread | None = None

    def wait(self, seen: int, timeout: float) -> None:
        """As above; the first wait starts the thread."""
        with self._changed:
            self._start()
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self.count != seen, timeout)
            finally:
                self._waiting -= 1

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = Thread(target=self._watch, name="log-watch", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        last: int | None = None  # so that the first look finds what came before it
        while self._someone_waits():
            pause = SHORTEST
            while self._waiting and not self._closed:
                now = self._version()
                if now is None or now != last:
                    last, pause = now, SHORTEST
                    self.announce()
                time.sleep(pause)
                pause = min(pause * 1.2, LONGEST)

    def _someone_waits(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return not self._closed
