"""Appending to Kafka: acknowledged, in bounded memory, in bounded time."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Condition, Lock

from wireroom.errors import RetryAfter
from wireroom.log import Message
from wireroom.log.kafka.library import Connection, Future, explained, failures

MEMORY = 64_000_000  # bytes under way: kafka-python itself would take all that there is
LATEST = 10.0  # seconds after which an append fails; with the search for the brokers before it, less than 15
CLOSING = 1.0  # seconds to wait for what other threads have under way
OVERHEAD = 200  # bytes that a record costs beside its content


class Sender:
    """A producer. What it sends is acknowledged once all replicas that are in sync have it."""

    def __init__(self, connection: Connection) -> None:
        self._producer = connection.producer()

    def send(self, topic: str, number: int, message: Message, settled: Callable[[], None]) -> Future:
        """Send on its way; `settled` is called once it is acknowledged, or never will be."""
        headers = list(message.headers.items())
        future = self._producer.send(topic, message.value, message.key.encode(), headers, number)
        future.add_both(lambda *_: settled())
        return future

    def offset(self, sent: Future, timeout: float) -> int:
        """Wait for the acknowledgement; where the message is."""
        offset: int = sent.get(timeout=max(0.0, timeout)).offset
        return offset

    def close(self, timeout: float) -> None:
        """Wait for what is under way, and let go; what is not acknowledged then never will be."""
        try:
            self._producer.close(timeout=timeout)
        except failures.KafkaTimeoutError:
            self._producer._sender.force_close()  # else its thread goes on for ever


class Budget:
    """So many bytes; who wants more waits until others give theirs back."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._changed = Condition()

    def take(self, amount: int, timeout: float) -> int:
        """What was taken: no more than there is at all. Raises RetryAfter when it is not free in time."""
        amount = min(amount, self._size)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= amount, max(timeout, 0.0)):
                raise RetryAfter("Kafka is too slow: as much is under way as may be")
            self._free -= amount
        return amount

    def give(self, amount: int) -> None:
        """Give back."""
        with self._changed:
            self._free += amount
            self._changed.notify_all()


class Appends:
    """Sends messages and waits for the brokers. The producer is made when the first one is sent."""

    def __init__(self, connect: Callable[[], Sender], memory: int = MEMORY) -> None:
        self._connect = connect
        self._budget = Budget(memory)
        self._making = Lock()
        self._sender: Sender | None = None

    def append(self, topic: str, messages: Sequence[tuple[int, Message]]) -> Sequence[int]:
        """Send messages, each to a partition; their offsets, once all are acknowledged. Raises RetryAfter, Reject."""
        sender = self._open()
        try:
            return self._append(sender, topic, messages)
        except RetryAfter:
            self._drop(sender)
            raise

    def _append(self, sender: Sender, topic: str, messages: Sequence[tuple[int, Message]]) -> Sequence[int]:
        deadline = time.monotonic() + LATEST
        settled = []
        with explained("Kafka takes nothing"):
            for number, message in messages:
                taken = self._budget.take(size_of(message), deadline - time.monotonic())
                settled.append(sender.send(topic, number, message, partial(self._budget.give, taken)))
        with explained("Kafka did not acknowledge"):
            return [sender.offset(each, deadline - time.monotonic()) for each in settled]

    def _open(self) -> Sender:
        with self._making:
            if self._sender is None:
                self._sender = self._connect()
            return self._sender

    def _drop(self, sender: Sender) -> None:
        """A producer that lost its broker may never send again, and keeps a processor busy meanwhile: take another."""
        with self._making:
            if self._sender is sender:
                self._sender = None
        sender.close(0)

    def interrupt(self) -> None:
        """Let go at once; who waits gets RetryAfter."""
        self._let_go(0)

    def close(self) -> None:
        """Let go."""
        self._let_go(CLOSING)

    def _let_go(self, patience: float) -> None:
        with self._making:
            sender, self._sender = self._sender, None
        if sender is not None:
            sender.close(patience)


def size_of(message: Message) -> int:
    """About how many bytes a message takes while it is under way."""
    return len(message.key) + len(message.value) + sum(map(len, message.headers.values())) + OVERHEAD
