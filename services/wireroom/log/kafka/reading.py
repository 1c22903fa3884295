"""Reading Kafka outside any group."""

import time
from collections.abc import Callable, Sequence
from threading import Lock

from wireroom.errors import Red, RetryAfter
from wireroom.log.kafka.library import REQUEST, Connection, Damaged, Found, Place, TopicPartition, explained, readable
from wireroom.log.kafka.skips import Skips

PATIENCE = 10.0  # seconds until a read that finds nothing fails
WAIT = 0.5  # seconds of one look


class SliceClient:
    """Reads slices of any partition, outside any group. One thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self._consumer = connection.consumer()
        self._at: tuple[Place, int] | None = None

    def fetch(self, partition: Place, offset: int, limit: int, timeout: float) -> tuple[list[Found], int]:
        """Records from `offset` on, and the offset to go on from. Raises Red when one cannot be read."""
        wanted = TopicPartition(*partition)
        with explained("nothing can be read"), readable():
            if self._at != (partition, offset):  # else what was fetched along with the last slice is used
                self._consumer.assign([wanted])
                self._consumer.seek(wanted, offset)
            found = self._consumer.poll(timeout_ms=round(timeout * 1000), max_records=limit).get(wanted, [])
            position = self._consumer.position(wanted, timeout_ms=REQUEST)
        self._at = (partition, position)
        return found, position

    def close(self) -> None:
        """Let go."""
        with explained("a reader cannot be closed"):
            self._consumer.close(autocommit=False, timeout_ms=REQUEST)


class Reader:
    """Reads slices; safe to use from several threads. The consumer is made when the first one is read.

    `bound` tells the first offset of a partition, or with False the one that its next record will get. `skips`: what
    to pass over; without it, nothing.
    """

    def __init__(
        self, connect: Callable[[], SliceClient], bound: Callable[[Place, bool], int], skips: Skips | None = None
    ) -> None:
        self._connect = connect
        self._skips = skips
        self._bound = bound
        self._lock = Lock()
        self._client: SliceClient | None = None
        self._next: tuple[Place, int] | None = None
        self._end = 0

    def read(self, place: Place, offset: int, limit: int) -> Sequence[Found]:
        """Records from `offset` on, or from the first that is left; empty only at the end. Raises RetryAfter, Red."""
        with self._lock:
            if self._next != (place, offset):
                offset = max(offset, self._bound(place, True))
                self._next, self._end = None, 0
            if offset >= self._end:
                self._end = self._bound(place, False)
            while offset < self._end:
                try:
                    return self._read(place, offset, limit)
                except Red as red:
                    at = self._next[1] if self._next else offset
                    self._let_go()  # another poll of a consumer whose batch broke never returns
                    offset = self._beyond(red, place, at)
            return []

    def _beyond(self, red: Red, place: Place, offset: int) -> int:
        """Where to go on behind damage that was given up. Raises `red` itself when it was not."""
        beyond = self._skips.beyond({place: offset}) if self._skips and isinstance(red, Damaged) else {}
        if place not in beyond:
            raise red
        return beyond[place]

    def _read(self, place: Place, offset: int, limit: int) -> Sequence[Found]:
        client = self._client = self._client or self._connect()
        deadline = time.monotonic() + PATIENCE
        while offset < self._end:
            records, offset = client.fetch(place, offset, limit, WAIT)
            self._next = (place, offset)
            if records:
                return records
            if time.monotonic() > deadline:
                raise RetryAfter(f"{place[0]}/{place[1]} cannot be read at {offset}")
        return []

    def close(self) -> None:
        """Let go of the consumer."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        client, self._client, self._next = self._client, None, None
        if client is not None:
            client.close()
