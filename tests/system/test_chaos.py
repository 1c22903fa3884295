"""A few faults in order, and the bugs that a chaos run must catch; `make chaos` plays many, at random."""

from pathlib import Path

import pytest

from tests.chaos.run import play

ORDERLY = [["worker killed"], ["S3 loses replies"], ["broker killed"], ["Kafka slow", "worker killed"]]


def test_whatever_fails_nothing_is_lost_and_nothing_returns(tmp_path: Path) -> None:
    report = play(7, ORDERLY, tmp_path)
    assert report.well, report
    assert report.rounds == len(ORDERLY)


@pytest.mark.parametrize(
    ("bug", "plan"),
    [
        ("blind documents", ["S3 slow"]),
        ("early commit", ["worker killed"]),
        ("applied ignored", ["Kafka slow", "worker killed"]),
    ],
)
def test_a_bug_is_caught(tmp_path: Path, bug: str, plan: list[str]) -> None:
    report = play(7, [plan] * 8, tmp_path, bug)
    assert not report.well
    assert "crashed" not in report.found
