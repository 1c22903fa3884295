"""Logs whose leases run by a clock that the test sets."""

from dataclasses import dataclass, field

from wireroom.clock import ManualClock
from wireroom.log import Consumer, Log
from wireroom.log.member import LEASE

START = 1_790_000_000_123_456


@dataclass
class Clocked:
    """A `Rig`."""

    log: Log
    other: Log
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    patience: float = 0

    def now(self) -> int:
        return self.clock.now()

    def settle(self, *members: Consumer) -> None:
        for member in members:
            member.pause([*self.log.partitions("articles"), *self.log.partitions("articles.backfill")])
        for member in members * 3:
            assert list(member.poll(0, 1)) == []
        for member in members:
            member.pause([])

    def lapse(self, *stalled: Consumer) -> None:
        self.clock.time += LEASE + 1

    def pass_time(self, *members: Consumer) -> None:
        self.clock.time += LEASE * 2 // 5

    def on_its_way(self, member: Consumer) -> bool:
        return False
