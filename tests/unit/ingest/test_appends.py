"""Appends: together, live before archived, and never waited for too long."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event

import pytest

from wireroom.errors import Fault, Reject, RetryAfter
from wireroom.ingest import appends
from wireroom.ingest.appends import Appends
from wireroom.ingest.memory import Memory
from wireroom.ingest.problems import Problem
from wireroom.log import ARTICLES, BACKFILL, Message, Position
from wireroom.log.memory import MemoryLog


class Gated(MemoryLog):
    """A log whose appends wait for a gate, and which refuses some messages."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.reached = Event(), Event()
        self.calls: list[tuple[str, list[bytes]]] = []
        self.error: Exception | None = None

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        self.calls.append((topic, [message.value for message in messages]))
        self.reached.set()
        self.gate.wait(10)
        if self.error:
            raise self.error
        if any(message.value == b"bad" for message in messages):
            raise Reject("too-large", [Fault("", "much", "less")])
        return super().append(topic, messages)


@contextmanager
def one_writer(log: Gated, memory: Memory) -> Iterator[Appends]:
    together = Appends(log, memory, writers=1)
    try:
        yield together
    finally:
        log.gate.set()
        together.close()


async def behind(
    log: Gated, together: Appends, *waiting: tuple[str, bytes]
) -> list[Sequence[Position] | BaseException]:
    """What becomes of appends that come while the first one is under way."""

    async def append(topic: str, value: bytes) -> Sequence[Position]:
        return await together.append(topic, [Message("k", value)])

    first = asyncio.create_task(append(ARTICLES, b"first"))
    await asyncio.to_thread(log.reached.wait)
    others = [asyncio.create_task(append(*each)) for each in waiting]
    await asyncio.sleep(0)
    log.gate.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


def do(work: Callable[[Gated, Appends], Awaitable[None]], size: int = 1_000_000) -> Memory:
    log, memory = Gated(), Memory(size)
    with one_writer(log, memory) as together:

        async def whole() -> None:
            await work(log, together)
            while memory._free < size:  # it comes back a moment after the answer
                await asyncio.sleep(0.001)

        asyncio.run(whole())
    return memory


def test_what_waits_is_appended_together_and_live_events_first() -> None:
    async def work(log: Gated, together: Appends) -> None:
        results = await behind(log, together, (BACKFILL, b"old"), (ARTICLES, b"a"), (ARTICLES, b"b"))
        assert log.calls == [(ARTICLES, [b"first"]), (ARTICLES, [b"a", b"b"]), (BACKFILL, [b"old"])]
        places = [(each[0].partition.topic, each[0].offset) for each in results if not isinstance(each, BaseException)]
        assert places == [(ARTICLES, 0), (BACKFILL, 0), (ARTICLES, 1), (ARTICLES, 2)]

    do(work)


def test_a_message_that_the_log_refuses_harms_only_its_request() -> None:
    async def work(log: Gated, together: Appends) -> None:
        results = await behind(log, together, (ARTICLES, b"a"), (ARTICLES, b"bad"), (ARTICLES, b"b"))
        assert [type(each) for each in results] == [list, list, Reject, list]
        assert [each.value for each in log.read(log.partitions(ARTICLES)[0], 0, 9)] == [b"first", b"a", b"b"]

    do(work)


@pytest.mark.parametrize("error", [RetryAfter("away"), ZeroDivisionError("a bug")])
def test_a_failure_is_told_to_all_and_does_not_end_the_thread(error: Exception) -> None:
    async def work(log: Gated, together: Appends) -> None:
        log.error = error
        assert await behind(log, together, (ARTICLES, b"a"), (ARTICLES, b"b")) == [error] * 3
        log.error = None
        assert len(await together.append(ARTICLES, [Message("k", b"later")])) == 1

    do(work)


def test_who_gave_up_waiting_is_not_written() -> None:
    async def work(log: Gated, together: Appends) -> None:
        hanging = asyncio.create_task(together.append(ARTICLES, [Message("k", b"hanging")]))
        await asyncio.to_thread(log.reached.wait)
        for late in (together.append(ARTICLES, [Message("k", b"behind")]), hanging):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(late, 0.05)
        log.gate.set()
        await together.append(ARTICLES, [Message("k", b"later")])
        assert [values for _, values in log.calls] == [[b"hanging"], [b"later"]]

    do(work)


def test_memory_is_held_as_long_as_the_log_hangs() -> None:
    async def work(log: Gated, together: Appends) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(together.append(ARTICLES, [Message("k", b"x" * 600_000)]), 0.05)
        with pytest.raises(Problem, match="memory"):
            await together.append(ARTICLES, [Message("k", b"x" * 600_000)])
        log.gate.set()

    assert do(work)._free == 1_000_000


def test_no_append_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appends, "_TOGETHER", 10_000)

    async def work(log: Gated, together: Appends) -> None:
        await behind(log, together, *[(ARTICLES, b"x" * 3_000)] * 5)
        assert [len(values) for _, values in log.calls] == [1, 2, 2, 1]

    do(work)
