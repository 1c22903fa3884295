"""The memory that requests may take: what would take more is refused, whatever clients or the log do."""

from types import TracebackType
from typing import Self

from wireroom.ingest.problems import later

IN_FLIGHT = 64_000_000  # bytes of bodies that have come and messages that the log does not have yet
_WAIT = 2  # seconds


class Memory:
    """So many bytes. Used on the event loop alone."""

    def __init__(self, size: int = IN_FLIGHT) -> None:
        self._size = self._free = size

    @property
    def taken(self) -> int:
        """Bytes in use."""
        return self._size - self._free

    def take(self, size: int) -> None:
        """Raises Problem when there is not so much left."""
        if size > self._free:
            raise later("As much is in hand as memory allows.", _WAIT)
        self._free -= size

    def give(self, size: int) -> None:
        """Give back."""
        self._free += size


class Share:
    """What one request holds; given back at the end of the block."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._size = 0

    def grow(self, size: int) -> None:
        """Raises Problem when there is not so much left."""
        self._memory.take(size)
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._memory.give(self._size)
        self._size = 0
