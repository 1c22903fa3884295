"""What takes long to make, and need not be newer than a second."""

import asyncio
from collections.abc import Callable

from wireroom.clock import SECOND, Clock


class Recent:
    """Bytes that are made, in a thread, once a second at most for all who ask."""

    def __init__(self, make: Callable[[], bytes], clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._made = b""
        self._made_at: int | None = None
        self._making = asyncio.Lock()

    async def get(self) -> bytes:
        """Raises what making them raises."""
        async with self._making:
            now = self._clock.now()
            if self._made_at is None or not 0 <= now - self._made_at < SECOND:
                self._made = await asyncio.to_thread(self._make)
                self._made_at = now
            return self._made
