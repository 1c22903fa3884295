"""One line of `wireroom doctor`: what was looked at, how it is, and how to mend it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from wireroom.errors import ConfigurationError, Red, RetryAfter, WireroomError

WELL = "well"
WRONG = "wrong"  # a person must act
AWAY = "away"  # nobody answers
MISCONFIGURED = "misconfigured"

FAILURES = (WireroomError, OSError)  # anything else is a bug of ours


class Check(NamedTuple):
    """`state` is one of the four above; `remedy` is empty when all is well."""

    what: str
    state: str
    told: str
    remedy: str = ""


@runtime_checkable
class Examined(Protocol):
    """A log that can tell more of itself than its seam asks for."""

    def examine(self, groups: Sequence[str], needs: Mapping[str, frozenset[str]]) -> Iterator[Check]:
        """What only this kind of log has, and these groups of its consumers; when it is away, only that.

        `needs`: the operations that are needed on each topic, in Kafka's words.
        """
        ...


def check(what: str, look: Callable[[], str], remedy: str) -> Check:
    """What `look` tells; `remedy` is for a failure that brings none of its own."""
    try:
        return Check(what, WELL, look())
    except FAILURES as error:
        return failed(what, error, remedy)


def failed(what: str, error: WireroomError | OSError, remedy: str) -> Check:
    """What an error says."""
    if isinstance(error, Red):
        return Check(what, WRONG, error.reason, error.remedy)
    if isinstance(error, ConfigurationError):
        return Check(what, MISCONFIGURED, "; ".join(map(str, error.faults)), remedy)
    return Check(what, AWAY if isinstance(error, RetryAfter | OSError) else WRONG, str(error), remedy)
