"""Lines of the log that strangers can cause."""

import logging

import pytest

from wireroom.seldom import Seldom


def test_one_line_a_second_of_each_kind_tells_how_many_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    seldom = Seldom(logging.getLogger("wireroom"), lambda: now)
    for number in range(1000):
        seldom.warning("401", "refused: %s", f"401 {number}")
    seldom.warning("404", "refused: %s", "404")
    now += 0.9
    seldom.warning("401", "refused: %s", "401 again")
    now += 0.1
    for number in range(5):
        seldom.warning("401", "refused: %s", f"401 later {number}")
    now += 60
    seldom.warning("404", "refused: %s", "404 later")
    seldom.warning("401", "refused: %s", "401 at last")
    assert caplog.messages == [
        "refused: 401 0",
        "refused: 404",
        "refused: 401 later 0 (1000 more like it left out)",
        "refused: 404 later",
        "refused: 401 at last (4 more like it left out)",
    ]
