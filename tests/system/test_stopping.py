"""SIGTERM at any time ends a worker in order, and what it did not finish the next one does; a bug ends it, told."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.newsroom import Newsroom, article, wait_for

LATEST = "feeds/daily/latest.json"
COUNT = 2500


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def archive(count: int = COUNT) -> list[dict[str, object]]:
    return [article(f"n{k:04}", published_at=f"2019-01-{1 + k % 28:02}T00:00:00Z") for k in range(count)]


def test_while_an_archive_is_read(newsroom: Newsroom) -> None:
    newsroom.publish(*archive(), backfill=True)
    shelf = newsroom.folder / "data/store/articles/daily"
    with newsroom.running("worker", "articles"):
        wait_for(lambda: shelf.exists() and len(list(shelf.iterdir())) > 100)
    before = len(list(shelf.glob("n*.json")))
    newsroom.run("worker", "articles", "--drain")
    assert len(list(shelf.glob("n*.json"))) == COUNT
    assert before < COUNT, "it was stopped in the middle"


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.6])
def test_while_the_second_reader_fills_a_window(newsroom: Newsroom, seconds: float) -> None:
    newsroom.publish(*archive())
    with newsroom.running("worker", "feeds"):
        wait_for(lambda: "working on" in newsroom.output())
        time.sleep(seconds)
    newsroom.run("worker", "feeds", "--drain")
    assert len(newsroom.titles(LATEST)) == 50


def test_while_the_log_cannot_be_written(newsroom: Newsroom) -> None:
    newsroom.publish(article("a"))
    newsroom.run("up", "--drain")
    newsroom.publish(article("b"))
    with closing(sqlite3.connect(newsroom.folder / "data/wireroom.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with newsroom.running("worker", "feeds"):
            wait_for(lambda: "trying again" in newsroom.output())
        other.execute("ROLLBACK")
    newsroom.run("worker", "feeds", "--drain")
    assert newsroom.titles(LATEST) == ["b at 1", "a at 1"]


BUG = """
class Sink:
    name = "broken"

    def __init__(self, settings):
        pass

    def definitions(self, publication):
        return 1 // 0

    def direct(self, event):
        pass
"""


@pytest.mark.parametrize("command", [["worker", "broken"], ["worker", "broken", "--drain"], ["up", "--port", "0"]])
def test_a_bug_ends_the_process_with_a_message(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "broken.py").write_text(BUG)
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[wireroom.sinks]\nbroken = broken:Sink\n")
    newsroom = Newsroom(tmp_path, PYTHONPATH=str(tmp_path))
    newsroom.publish(article("a"))
    said = newsroom.run(*command, expect=70)
    assert "ZeroDivisionError" in said
    assert "report it" in said
