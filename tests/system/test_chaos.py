"""A few faults in order, and, in `make chaos`, the bugs that it must catch before it plays many at random."""

from pathlib import Path

import pytest

from tests.chaos.faults import Hit, Round
from tests.chaos.run import play
from tests.chaos.start import SESSION

ORDERLY = [
    Round([Hit("worker killed", "feeds-1", 1)]),
    Round([Hit("S3 loses replies", "articles-1", 1)]),
    Round([Hit("broker killed", "feeds-1", 0)]),
    Round([Hit("Kafka slow", "feeds-1", 2), Hit("worker killed", "sitemaps-1", 2)]),
]


@pytest.mark.timeout(600)
def test_whatever_fails_nothing_is_lost_and_nothing_returns(tmp_path: Path) -> None:
    report = play(7, ORDERLY, tmp_path)
    assert not report.found
    assert report.rounds == len(ORDERLY)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("bug", "found", "each"),
    [
        ("blind documents", {"fell", "resurrected"}, Round([Hit("S3 slow", "feeds-1", 8)])),
        ("early commit", {"lost"}, Round([Hit("worker killed", "sitemaps-1", 1)], rest=SESSION + 4)),
        ("applied ignored", {"resurrected"}, Round([Hit("worker killed", "sitemaps-1", 4)], rest=SESSION + 4)),
    ],
)
def test_a_bug_is_caught(tmp_path: Path, bug: str, found: set[str], each: Round) -> None:
    report = play(7, [each] * 12, tmp_path, bug)
    assert found & report.found.keys(), report
    assert "crashed" not in report.found
