"""Whether a worker is well, kept in the store so that `wireroom status` can tell from anywhere."""

from typing import NamedTuple

from pydantic_core import from_json, to_json

from wireroom.clock import Clock
from wireroom.errors import Conflict, RetryAfter
from wireroom.store import STATE, Store


class State(NamedTuple):
    """`name`: green, red, stopped (in order), or unknown when the worker never ran.

    `since`: microseconds since the epoch.
    """

    name: str
    reason: str
    since: int | None


def state_of(store: Store, worker: str) -> State:
    """What a worker last told of itself. Raises RetryAfter."""
    stored = store.get(_key(worker))
    if stored is None:
        return State("unknown", "", None)
    told = from_json(stored.body)
    return State(told["state"], told["reason"], told["since"])


class Health:
    """Green, or red with a reason and what to do; written only when it changes."""

    def __init__(self, store: Store, clock: Clock, worker: str) -> None:
        self._store = store
        self._clock = clock
        self._key = _key(worker)
        self._told: str | None = None

    def green(self) -> None:
        """All is well."""
        self._tell("green", "")

    def red(self, reason: str) -> None:
        """A person must act."""
        self._tell("red", reason)

    def stopped(self) -> None:
        """It ended in order, with partitions of its own."""
        self._tell("stopped", "")

    def forget(self) -> None:
        """Another member may have told something since: tell again."""
        self._told = None

    def _tell(self, state: str, reason: str) -> None:
        if self._told == state + reason:
            return
        body = {"state": state, "reason": reason, "since": self._clock.now()}
        try:
            current = self._store.get(self._key)
            if current is None or from_json(current.body)["state"] != "green" or state != "green":
                self._store.put(self._key, to_json(body), current.etag if current else None, STATE)
        except (Conflict, RetryAfter):
            return  # told again at the next change of state; the log line is out already
        self._told = state + reason


def _key(worker: str) -> str:
    return f"editions/{worker}/health.json"
