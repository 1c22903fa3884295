"""Threads for many hosts, none of which may take them all."""

from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

Work = Callable[[], None]


class Lane:
    """Runs work of many hosts side by side, at most `each` pieces of one host; a host's own pieces in order."""

    def __init__(self, name: str, threads: int, each: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._each = each
        self._lock = Lock()
        self._waiting: dict[str, deque[Work]] = {}
        self._running: Counter[str] = Counter()
        self._closed = False

    def submit(self, host: str, work: Work) -> None:
        """Run it when it is its turn. It must not raise."""
        with self._lock:
            self._waiting.setdefault(host, deque()).append(work)
            if self._running[host] < self._each:
                self._running[host] += 1
                self._again(host)

    def close(self) -> None:
        """Begin nothing more; what runs comes to its own end."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _again(self, host: str) -> None:
        if not self._closed:
            self._pool.submit(self._next, host)

    def _next(self, host: str) -> None:
        """One piece, and then to the end of the line: the other hosts come first."""
        if work := self._take(host):
            work()
            with self._lock:
                self._again(host)

    def _take(self, host: str) -> Work | None:
        with self._lock:
            if waiting := self._waiting.get(host):
                return waiting.popleft()
            self._waiting.pop(host, None)
            self._running[host] -= 1
            if not self._running[host]:
                del self._running[host]
            return None
