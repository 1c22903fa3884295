"""Everything that Wireroom raises on purpose.

WireroomError
├── Reject                  this record is bad: dead-letter it, durably, and go on
│   ├── InvalidEvent        ... because the event breaks the contract; carries every fault
│   └── Refused             a service refused some of what it was sent; carries each, and where the others went
├── RetryAfter              the outside is unwell: wait, hold what is in hand, try again
│   └── OutcomeUnknown      a write was sent and no answer came: read back before trying again
├── Conflict                a conditional write found another state of its object
├── Fenced                  a commit was refused: another member owns the partition now
├── Red                     only a person can mend this: stop, say what and how
└── ConfigurationError      the settings cannot be used; carries every fault

Anything else that escapes is a bug and ends the process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireroom.log import Position


class WireroomError(Exception):
    """The root of the tree above."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where it is, what is there and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path or '(whole)'}: found {self.found}, expected {self.expected}"


class Reject(WireroomError):
    """This record is bad and will stay bad; `rule` names the reason in one word."""

    def __init__(self, rule: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__("; ".join([rule, *map(str, faults)]))
        self.rule = rule
        self.faults = tuple(faults)


class InvalidEvent(Reject, ValueError):
    """An event breaks the contract; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("invalid-event", faults)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that a service refused: its place among those given, from 0, and what is wrong with it."""

    index: int
    event_id: str
    rule: str
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return "; ".join([f"event {self.index} ({self.event_id}): {self.rule}", *map(str, self.faults)])


class Refused(Reject):
    """A service refused some events: `refusals` lists each, `positions` says where the others went, None for these."""

    def __init__(self, refusals: Sequence[Refusal], positions: Sequence["Position | None"]) -> None:
        super().__init__("refused", [fault for refusal in refusals for fault in refusal.faults])
        self.args = ("\n".join(map(str, refusals)),)
        self.refusals = tuple(refusals)
        self.positions = tuple(positions)


class RetryAfter(WireroomError):
    """The outside is unwell; try again after `seconds`."""

    def __init__(self, reason: str, seconds: float = 1.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class OutcomeUnknown(RetryAfter):
    """A conditional write may or may not have happened."""


class Conflict(WireroomError):
    """A conditional write found another state of `key` than the one it was based on."""

    def __init__(self, key: str) -> None:
        super().__init__(f"another writer changed {key}")
        self.key = key


class Fenced(WireroomError):
    """A commit was refused because another member owns the partition now."""


class Red(WireroomError):
    """Work has stopped until a person acts; `remedy` says what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} ({remedy})")
        self.reason = reason
        self.remedy = remedy


class ConfigurationError(WireroomError):
    """The settings cannot be used; `faults` lists everything that is wrong with them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)
