"""Commands to the worker, by way of a subscriber's state: it hears of them when it next reads or writes that."""

from collections.abc import Callable

from wireroom.errors import Conflict, Fault, Reject, RetryAfter
from wireroom.notify.delivery import resumed
from wireroom.notify.journal import Journal, State
from wireroom.store import PolledStore

_TRIES = 20


def rewind(store: PolledStore, subscriber: str, sequence: int | None, since: int | None) -> tuple[int, int]:
    """Tell it again from a number, or from the first change at or after a time; the first and the last number.

    Raises Reject for a number that is not to be had, RetryAfter, Red.
    """
    journal = Journal(store, subscriber)
    found = (0, 0)

    def change(state: State) -> State:
        nonlocal found
        first = sequence if sequence is not None else _first_since(journal, state, since or 0)
        earliest = _earliest(journal, state)
        if not earliest <= first <= state.last + 1:
            raise Reject("replay", [Fault("--from", str(first), f"a number from {earliest} to {state.last}")])
        found = first, state.last
        return resumed(state).model_copy(update={"sent": min(state.sent, first - 1)})

    _change(journal, subscriber, change)
    return found


def resume(store: PolledStore, subscriber: str) -> None:
    """Try it at once, also when it had ended. Raises RetryAfter, Red."""
    _change(Journal(store, subscriber), subscriber, resumed)


def _first_since(journal: Journal, state: State, since: int) -> int:
    return next((each.sequence for each in journal.every() if each.changed_at >= since), state.last + 1)


def _earliest(journal: Journal, state: State) -> int:
    return next((each.sequence for each in journal.every()), state.last + 1)


def _change(journal: Journal, subscriber: str, change: Callable[[State], State]) -> None:
    """The worker may write between, so it is repeated."""
    for _ in range(_TRIES):
        state = journal.read()
        if state is None:
            raise Reject("notify", [Fault(subscriber, "nothing told yet", "a webhook that its worker has begun with")])
        journal.state = change(state)
        try:
            return journal.write()
        except Conflict:
            journal.forget()
    raise RetryAfter("its worker keeps writing")
