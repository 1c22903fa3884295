"""Threads for many hosts, none of which may take them all."""

from collections import Counter, deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

Work = Callable[[], None]


class Lane:
    """Does work for many hosts side by side, at most `each` pieces of one host at once, in the order of their coming.

    Its threads are daemons: whoever keeps one waiting does not keep the process from ending.
    """

    def __init__(self, name: str, threads: int, each: int) -> None:
        self._name, self._most, self._each = name, threads, each
        self._lock = Lock()
        self._line: SimpleQueue[str | None] = SimpleQueue()
        self._waiting: dict[str, deque[Work]] = {}
        self._running: Counter[str] = Counter()
        self._threads = 0
        self._closed = False

    def submit(self, host: str, work: Work) -> None:
        """Do it when its turn comes. It must not raise."""
        with self._lock:
            self._waiting.setdefault(host, deque()).append(work)
            if self._running[host] >= self._each:
                return
            self._running[host] += 1
            if self._threads < self._most:
                self._threads += 1
                Thread(target=self._serve, name=self._name, daemon=True).start()
        self._line.put(host)

    def close(self) -> None:
        """Begin nothing more; what was begun comes to its own end."""
        self._closed = True
        for _ in range(self._threads):
            self._line.put(None)

    def _serve(self) -> None:
        """One piece, and that host to the end of the line: the others come first."""
        while (host := self._line.get()) is not None and not self._closed:
            if work := self._take(host):
                work()
                self._line.put(host)

    def _take(self, host: str) -> Work | None:
        with self._lock:
            if waiting := self._waiting.get(host):
                return waiting.popleft()
            self._waiting.pop(host, None)
            self._running[host] -= 1
            if not self._running[host]:
                del self._running[host]
            return None
