"""The circuit and the server's time, by clocks that are turned by hand."""

from random import Random

import pytest

from wireroom.clock import SECOND
from wireroom.errors import RetryAfter
from wireroom.store.s3_circuit import FAILURES, PAUSE, Circuit
from wireroom.store.s3_time import ServerTime, parsed


class Passed:
    """What has passed, in seconds or whatever is asked for."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def let_in(circuit: Circuit) -> bool:
    try:
        circuit.enter()
    except RetryAfter as wait:
        return not 0 < wait.seconds <= 2 * PAUSE
    return True


def test_a_server_that_fails_now_and_then_is_not_dead() -> None:
    circuit = Circuit(Passed())
    for well in [False] * (FAILURES - 1) + [True] + [False] * (FAILURES - 1):
        assert let_in(circuit)
        circuit.leave(well)
    assert let_in(circuit)
    assert not circuit.is_open


def test_a_dead_server_is_tried_every_half_second_until_it_answers() -> None:
    passed = Passed()
    circuit = Circuit(passed)
    for _ in range(FAILURES):
        circuit.leave(False)
    assert circuit.is_open
    assert not let_in(circuit)
    passed.time += PAUSE
    assert [let_in(circuit) for _ in range(4)] == [True, False, False, False], "others wait while one tries"
    circuit.leave(False)
    assert not let_in(circuit)
    passed.time += PAUSE
    assert let_in(circuit)
    circuit.leave(True)
    assert [let_in(circuit) for _ in range(4)] == [True] * 4


def test_no_pattern_of_calls_sends_more_than_two_requests_a_second() -> None:
    """Some requests fail at once, others hang for ever."""
    random, passed = Random(7), Passed()
    circuit = Circuit(passed)
    for _ in range(FAILURES):
        circuit.leave(False)
    sent = 0
    for _ in range(2_000):
        passed.time += random.choice((0, 0.01, 0.1, 0.4, 1))
        if let_in(circuit):
            sent += 1
            if random.random() < 0.5:
                circuit.leave(False)
        assert sent <= (passed.time - 1000) / PAUSE
    assert sent > 500


def test_the_time_goes_on_from_the_last_date() -> None:
    passed = 7
    time = ServerTime(lambda: passed)
    assert time.now() is None
    date = parsed("Tue, 24 Nov 2026 08:30:00 GMT")
    assert date == 1_795_509_000 * SECOND
    time.saw("Tue, 24 Nov 2026 08:30:00 GMT")
    assert time.now() == date + SECOND // 2
    passed += 3 * SECOND
    assert time.now() == date + 3 * SECOND + SECOND // 2
    time.saw("Tue, 24 Nov 2026 08:30:00 GMT")
    assert time.now() == date + 3 * SECOND + SECOND // 2, "the same second, a cache's, or late: nothing new"
    time.saw("Tue, 24 Nov 2026 08:29:00 GMT")
    assert time.now() == date - 60 * SECOND + SECOND // 2


@pytest.mark.parametrize("date", [None, "", "yesterday", "Tue, 24 Nov 2026 08:3", "Tue, 24 Nov 2026 08:30:00"])
def test_what_is_no_date_tells_no_time(date: str | None) -> None:
    time = ServerTime()
    time.saw(date)
    assert time.now() is None
