"""Workers that take turns at the outside, as a schedule says: each in a thread of its own, one of them at work."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Semaphore, Thread
from typing import TypeVar

from tests.unit.worker.newsroom import Faults, Killed

T = TypeVar("T")
SHARED = re.compile(r"editions/toy/daily/| toy/|^end of articles$|^commit$")  # elsewhere no other worker is met
PATIENCE = 60


@dataclass
class Turn(Faults):
    """What one worker reaches the outside by. It may go on while the schedule lets it."""

    schedule: "Schedule | None" = None
    go: Semaphore = field(default_factory=lambda: Semaphore(0))
    ended: bool = False

    def access(self, what: str, act: Callable[[], T], write: bool = False) -> T:
        assert self.schedule is not None
        if SHARED.search(what):
            self.schedule.before(self, what)
        return super().access(what, act, write)

    def look(self, what: str, act: Callable[[], T]) -> T:
        return self.access(what, act)


class Schedule:
    """The n-th number says how often the worker whose turn it is may reach out before the next one goes on.

    After the last number each goes on to its end; with `deadly` the first one dies, if the last number was its own.
    `trace` tells who did what.
    """

    def __init__(
        self, lengths: Sequence[int], faults: Sequence[tuple[int, int, str]] = (), deadly: bool = False
    ) -> None:
        self.turns = [Turn(schedule=self), Turn(schedule=self)]
        for worker, at, kind in faults:
            self.turns[worker].at, self.turns[worker].kind = at, kind
        self.reached = 0  # how many of the numbers were
        self.trace: list[str] = []
        self._lengths = lengths
        self._deadly = deadly
        self._left = -1  # nobody waits before `run`, nor after it
        self._over = Semaphore(0)
        self._errors: list[BaseException] = []

    def __str__(self) -> str:
        return "\n".join([f"{self._lengths}:", *self.trace])

    def before(self, turn: Turn, what: str) -> None:
        """`turn` wants to reach out: is it still its turn?"""
        if self._left == 0:
            self.reached += 1
            self._begin_turn()
            if self._deadly and self.reached == len(self._lengths) and turn is self.turns[0]:
                raise Killed(what)
            self._pass_on(turn)
            assert turn.go.acquire(timeout=PATIENCE)
        self._left -= self._left > 0
        self.trace.append(f"{'AB'[self.turns.index(turn)]} {what}")

    def _begin_turn(self) -> None:
        self._left = self._lengths[self.reached] if self.reached < len(self._lengths) else -1

    def _pass_on(self, turn: Turn) -> None:
        at = self.turns.index(turn)
        others = [*self.turns[at + 1 :], *self.turns[: at + 1]]
        following = next((other for other in others if not other.ended), None)
        (following.go if following else self._over).release()

    def run(self, *bodies: Callable[[Turn], None]) -> None:
        """Let each body work with its own turn, the first one first. Raises what one of them raised."""
        self._begin_turn()
        threads = [Thread(target=self._work, args=each, daemon=True) for each in zip(self.turns, bodies, strict=True)]
        for thread in threads:
            thread.start()
        self.turns[0].go.release()
        assert self._over.acquire(timeout=PATIENCE), self.trace
        self._left = -1
        for error in self._errors:
            raise error

    def _work(self, turn: Turn, body: Callable[[Turn], None]) -> None:
        turn.go.acquire()
        try:
            body(turn)
        except BaseException as error:  # noqa: BLE001 -- raised again by `run`
            self._errors.append(error)
        finally:
            turn.ended = True
            self._pass_on(turn)


def all_schedules(play: Callable[[Schedule], None], *more: int, deadly: bool = False) -> int:
    """Schedules by which the first worker is interrupted once, then the second, and so on for each of `more`.

    Both at any step.
    """
    played = 0
    for first in count():
        for second in count(1):
            schedule = Schedule([first, second, *more], deadly=deadly)
            play(schedule)
            played += 1
            if schedule.reached < 2:
                break
        if schedule.reached == 0:
            return played
    raise AssertionError("unreachable")
