from collections.abc import Sequence
from threading import Event, Thread

import pytest

from wireroom.errors import RetryAfter
from wireroom.together import Together


class Slow:
    """Writes numbers; the first write waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started, self.go = Event(), Event()
        self.broken = self.interrupt_next = False

    def write(self, items: Sequence[int]) -> Sequence[str]:
        self.batches.append(list(items))
        self.started.set()
        self.go.wait()
        if self.broken:
            raise RetryAfter("full")
        if self.interrupt_next and len(items) > 1:
            raise KeyboardInterrupt
        return [str(item) for item in items]


def queued(together: Together[int, str], slow: Slow, count: int) -> tuple[dict[int, str | BaseException], list[Thread]]:
    """One write under way and `count` threads that wait behind it."""
    results: dict[int, str | BaseException] = {}

    def submit(item: int) -> None:
        try:
            results[item] = together.submit(item)
        except (RetryAfter, KeyboardInterrupt) as error:
            results[item] = error

    threads = [Thread(target=submit, args=(item,)) for item in range(count + 1)]
    threads[0].start()
    slow.started.wait()
    for thread in threads[1:]:
        thread.start()
    while len(together._tickets) < count:
        pass
    return results, threads


def finish(slow: Slow, threads: Sequence[Thread]) -> None:
    slow.go.set()
    for thread in threads:
        thread.join()


@pytest.mark.timeout(20)
def test_what_waits_is_written_at_once_and_each_gets_its_own_result() -> None:
    slow = Slow()
    results, threads = queued(Together(slow.write), slow, 5)
    finish(slow, threads)
    assert results == {item: str(item) for item in range(6)}
    assert [sorted(batch) for batch in slow.batches] == [[0], [1, 2, 3, 4, 5]]


@pytest.mark.timeout(20)
def test_a_failure_reaches_everybody_and_the_next_write_works() -> None:
    slow = Slow()
    together = Together(slow.write)
    results, threads = queued(together, slow, 3)
    slow.broken = True
    finish(slow, threads)
    assert all(isinstance(result, RetryAfter) for result in results.values())
    assert len(results) == 4
    slow.broken = False
    assert together.submit(9) == "9"


@pytest.mark.timeout(20)
def test_an_interrupt_is_not_taken_for_a_success() -> None:
    slow = Slow()
    together = Together(slow.write)
    results, threads = queued(together, slow, 3)
    slow.interrupt_next = True
    finish(slow, threads)
    kinds = sorted(type(results[item]).__name__ for item in slow.batches[1])
    assert kinds == ["KeyboardInterrupt", "RetryAfter", "RetryAfter"]  # whichever of them wrote
    assert together.submit(9) == "9"
