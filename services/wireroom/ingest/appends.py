"""Durable appends: what all requests want to write at once is written together, in threads beside the event loop."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Condition, Thread

from wireroom.errors import Reject
from wireroom.ingest.memory import Memory
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, Log, Message, Position

WRITERS = 2  # appends under way at once: one waits for the disk or the brokers while the other is put together
_TOGETHER = 4_000_000  # bytes after which no further request joins an append
_OVERHEAD = 2_000  # bytes that a message costs in memory beside its value


_Result = Sequence[Position] | Exception


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request's messages, and who waits for their positions."""

    messages: Sequence[Message]
    size: int
    written: "asyncio.Future[Sequence[Position]]"


class Appends:
    """Appends for an event loop that must not wait for the log. Live events go before archived ones."""

    def __init__(self, log: Log, memory: Memory, writers: int = WRITERS) -> None:
        self._log = log
        self._memory = memory
        self._changed = Condition()
        self._waiting: dict[str, deque[_Waiting]] = {topic: deque() for topic in (ARTICLES, DEAD_LETTERS, BACKFILL)}
        self._closed = False
        self._waking = False
        for number in range(writers):  # daemons: a log that hangs must not keep the process from ending
            Thread(target=self._run, name=f"append-{number}", daemon=True).start()

    async def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        """Returns when the messages are durable.

        Raises RetryAfter, Red and Reject as the log does, Problem when there is no memory left. May be cancelled; what
        is under way then goes on.
        """
        size = sum(len(message.value) + _OVERHEAD for message in messages)
        self._memory.take(size)
        self._loop = asyncio.get_running_loop()
        one = _Waiting(messages, size, self._loop.create_future())
        self._waiting[topic].append(one)
        if not self._waking:  # once for all that comes in this turn of the loop: waking a thread takes long
            self._waking = True
            self._loop.call_soon(self._wake)
        return await one.written

    def close(self) -> None:
        """Let the threads end when they are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wake(self) -> None:
        self._waking = False
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while batch := self._take():
            topic, together = batch
            wanted = [one for one in together if not one.written.done()]  # who gave up waiting is not written
            for some, result in self._write(topic, wanted):
                self._tell(partial(_settle, some, result))
            self._tell(partial(self._memory.give, sum(one.size for one in together)))

    def _take(self) -> tuple[str, list[_Waiting]] | None:
        """The next append; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or any(self._waiting.values()))
            for topic, waiting in self._waiting.items():
                if waiting:
                    together = _together(waiting)
                    self._changed.notify()  # for another thread, should there be more
                    return topic, together
        return None

    def _write(self, topic: str, wanted: Sequence[_Waiting]) -> Iterator[tuple[Sequence[_Waiting], _Result]]:
        """Append; a message that the log will never take harms only the request that it came with."""
        try:
            yield wanted, self._log.append(topic, [message for one in wanted for message in one.messages])
        except Reject as error:
            if len(wanted) == 1:
                yield wanted, error
            else:
                for one in wanted:
                    yield from self._write(topic, [one])
        except Exception as error:  # noqa: BLE001  # raised again by all that wait for it
            yield wanted, error

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(what)


def _together(waiting: deque[_Waiting]) -> list[_Waiting]:
    """What comes first, and what still fits beside it."""
    together = [waiting.popleft()]
    size = together[0].size
    while waiting and size + waiting[0].size <= _TOGETHER:
        together.append(waiting.popleft())
        size += together[-1].size
    return together


def _settle(some: Sequence[_Waiting], result: _Result) -> None:
    positions = iter(()) if isinstance(result, Exception) else iter(result)
    for one in some:
        theirs = list(islice(positions, len(one.messages)))
        if one.written.done():
            continue
        if isinstance(result, Exception):
            one.written.set_exception(result)
        else:
            one.written.set_result(theirs)
