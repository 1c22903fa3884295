from collections.abc import Callable
from threading import Thread
from typing import cast

import pytest

from wireroom.errors import Reject, RetryAfter
from wireroom.log import Message
from wireroom.log.kafka import appends
from wireroom.log.kafka.appends import Appends, Budget, Sender, size_of


class Broken:
    """A sender that acknowledges until it is told to fail."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.settled: list[Callable[[], None]] = []
        self.closed = False

    def send(self, topic: str, number: int, message: Message, settled: Callable[[], None]) -> int:
        self.settled.append(settled)
        if not self.fails:
            settled()
        return len(self.settled) - 1

    def offset(self, sent: int, timeout: float) -> int:
        if self.fails:
            raise self.fails
        return sent

    def close(self, timeout: float) -> None:
        self.closed = True
        for settled in self.settled if self.fails else ():
            settled()


def made(memory: int = 10_000) -> tuple[Appends, list[Broken]]:
    senders: list[Broken] = []

    def connect() -> Sender:
        senders.append(Broken())
        return cast(Sender, senders[-1])

    return Appends(connect, memory), senders


MESSAGES = [(0, Message("k", b"v")), (1, Message("k", b"w"))]


def test_offsets_come_in_order_and_the_producer_is_kept() -> None:
    appending, senders = made()
    assert list(appending.append("t", MESSAGES)) == [0, 1]
    assert list(appending.append("t", MESSAGES)) == [2, 3]
    assert len(senders) == 1


def test_a_producer_that_failed_is_replaced() -> None:
    appending, senders = made()
    appending.append("t", MESSAGES)
    senders[0].fails = RetryAfter("no answer")
    with pytest.raises(RetryAfter):
        appending.append("t", MESSAGES)
    assert senders[0].closed
    assert list(appending.append("t", MESSAGES)) == [0, 1]


def test_a_record_that_is_too_large_costs_no_producer() -> None:
    appending, senders = made()
    appending.append("t", MESSAGES)
    senders[0].fails = Reject("too-large")
    with pytest.raises(Reject):
        appending.append("t", MESSAGES)
    assert not senders[0].closed


def test_more_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appends, "LATEST", 0.05)
    appending, senders = made(memory=3 * size_of(MESSAGES[0][1]))
    appending.append("t", MESSAGES)
    senders[0].fails = RetryAfter("no answer")
    with pytest.raises(RetryAfter, match="as much is under way as may be"):
        appending.append("t", MESSAGES * 2)
    assert len(senders[0].settled) == 2 + 3
    assert list(appending.append("t", MESSAGES)) == [0, 1], "what was under way has given its part back"


def test_a_budget_makes_others_wait() -> None:
    budget = Budget(100)
    first = budget.take(60, 0)
    waiting = Thread(target=budget.take, args=(50, 60))
    waiting.start()
    with pytest.raises(RetryAfter):
        budget.take(50, 0)
    budget.give(first)
    waiting.join()


def test_one_message_larger_than_the_budget_passes_alone() -> None:
    budget = Budget(100)
    assert budget.take(1000, 0) == 100
