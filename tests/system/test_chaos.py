"""A few faults in order, and the bugs that a chaos run must catch; `make chaos` plays many, at random."""

from pathlib import Path

import pytest

from tests.chaos.faults import Hit, Round
from tests.chaos.run import play

ORDERLY = [
    Round([Hit("worker killed", "feeds-1", 1)]),
    Round([Hit("S3 loses replies", "articles-1", 1)]),
    Round([Hit("broker killed", "feeds-1", 0)]),
    Round([Hit("Kafka slow", "feeds-1", 2), Hit("worker killed", "sitemaps-1", 2)]),
]


@pytest.mark.timeout(600)
def test_whatever_fails_nothing_is_lost_and_nothing_returns(tmp_path: Path) -> None:
    report = play(7, ORDERLY, tmp_path)
    assert report.well, report
    assert report.rounds == len(ORDERLY)
