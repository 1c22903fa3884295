"""Group commit: what several threads want to write at once is written as one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from wireroom.errors import RetryAfter

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Item, Result]):
    item: Item
    taken: bool = False
    results: list[Result] = field(default_factory=list)
    error: Exception = field(default_factory=lambda: RetryAfter("the thread that wrote was interrupted"))


class Together(Generic[Item, Result]):
    """Hands the items of all threads that wait to one of them, which calls `write` once for all.

    `write` takes the items in the order of their arrival and gives one result each; what it raises, all of them raise.
    Raises RetryAfter when the thread that wrote for others was interrupted: what it wrote is then unknown.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._arrivals = Lock()
        self._turn = Lock()
        self._tickets: list[_Ticket[Item, Result]] = []

    def submit(self, item: Item) -> Result:
        """Returns when the item is written, by whichever thread."""
        ticket = _Ticket[Item, Result](item)
        with self._arrivals:
            self._tickets.append(ticket)
        with self._turn:
            if not ticket.taken:
                self._lead()
        if ticket.results:
            return ticket.results[0]
        raise ticket.error

    def _lead(self) -> None:
        with self._arrivals:
            batch, self._tickets = self._tickets, []
        for ticket in batch:
            ticket.taken = True
        try:
            results = self._write([ticket.item for ticket in batch])
        except Exception as error:  # noqa: BLE001  # raised again by every thread that waits for it
            for ticket in batch:
                ticket.error = error
        else:
            for ticket, result in zip(batch, results, strict=True):
                ticket.results.append(result)
