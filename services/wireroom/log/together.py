"""Group commit: what several threads want to write at once is written as one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Item, Result]):
    item: Item
    done: bool = False
    result: Result | None = None
    error: Exception | None = None


class Together(Generic[Item, Result]):
    """Hands the items of all threads that wait to one of them, which calls `write` once for all.

    `write` takes the items in the order of their arrival and gives one result each; what it raises, all of them raise.
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
            if not ticket.done:
                self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]  # set by whoever led

    def _lead(self) -> None:
        with self._arrivals:
            batch, self._tickets = self._tickets, []
        try:
            for ticket, result in zip(batch, self._write([ticket.item for ticket in batch]), strict=True):
                ticket.result = result
        except Exception as error:  # noqa: BLE001  # raised again by every thread that waits for it
            for ticket in batch:
                ticket.error = error
        finally:
            for ticket in batch:
                ticket.done = True
