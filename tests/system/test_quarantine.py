"""A record that kills the process is given up after three tries, and its neighbours go through."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.system.newsroom import Newsroom, article

SINK = """
import json, os, signal
from dataclasses import dataclass
from wireroom.document import Document
from wireroom.edition import Window

@dataclass(frozen=True)
class Titles:
    publication: str
    name: str = "titles"
    digest: str = "1"
    window: Window = Window(entries=100, reserve=10)

    @property
    def sources(self):
        return frozenset([self.publication])

    def selects(self, event):
        return True

    def keeps(self, content):
        return content

    def leaves(self, event):
        return None

    def render(self, edition, shown, publications):
        titles = [entry.content["title"] for entry in shown]
        if "kills when rendered" in titles:
            os.kill(os.getpid(), signal.SIGSEGV)
        head = json.dumps({"titles": titles})[:-1] + ',"_wireroom":{"generation":'
        return [Document(f"titles/{self.publication}.json", "application/json", head.encode(), b"}}")]

    def lift(self, entry):
        return None

class TitlesSink:
    name = "titles"

    def __init__(self, settings):
        pass

    def definitions(self, publication):
        return [Titles(publication)]

    def content(self, event):
        if event.article.title == "kills":
            os.kill(os.getpid(), signal.SIGSEGV)
        return {"title": event.article.title}

    def direct(self, event):
        return None
"""


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    """With a sink that some articles kill."""
    (tmp_path / "deadly.py").write_text(SINK)
    metadata = tmp_path / "deadly-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[wireroom.sinks]\ntitles = deadly:TitlesSink\n")
    return Newsroom(tmp_path, PYTHONPATH=str(tmp_path))


def deaths(newsroom: Newsroom) -> int:
    """How often the worker dies until it comes to the end, as under a supervisor."""
    for count in range(10):
        process = newsroom.start("worker", "titles", "--drain")
        process.wait(60)
        if process.returncode == 0:
            return count
        assert process.returncode < 0, newsroom.output()
    raise AssertionError("it never came to the end")


@pytest.mark.parametrize("title", ["kills", "kills when rendered"])
def test_the_killer_is_given_up_after_three_deaths(newsroom: Newsroom, title: str) -> None:
    """As it is cleaned, and as it is rendered."""
    date = datetime.now(UTC).isoformat()
    events = [article(f"n{k:02}", published_at=date) for k in range(20)]
    newsroom.publish(*events[:12], article("killer", title=title, published_at=date), *events[12:])
    assert deaths(newsroom) == 3
    document = json.loads((newsroom.folder / "data/store/titles/daily.json").read_text())
    assert len(document["titles"]) == 20
    letters = newsroom.run("dead-letters", "list", "--json")
    assert "kills-the-process" in letters
    assert letters.count('"rule"') == 1
    newsroom.publish(article("after"))
    assert deaths(newsroom) == 0, "also what comes later does not meet it again"


@pytest.mark.parametrize("title", ["kills", "kills when rendered"])
def test_a_killer_is_found_that_kills_only_in_a_rebuild(newsroom: Newsroom, title: str) -> None:
    """Too old to be taken as they come, so a refill reads them; many, so that no other reading is careful there."""
    events = [article(f"n{k:04}", published_at="2025-02-03T04:05:06Z") for k in range(600)]
    killer = article("killer", title=title, published_at="2025-02-03T04:05:07Z")
    newsroom.publish(*events[:400], killer, *events[400:])
    assert deaths(newsroom) <= 5
    document = json.loads((newsroom.folder / "data/store/titles/daily.json").read_text())
    assert len(document["titles"]) == 100
    letters = newsroom.run("dead-letters", "list", "--json")
    assert "kills-the-process" in letters
    assert letters.count('"rule"') == 1


def test_a_killer_far_into_a_backlog_is_found(newsroom: Newsroom) -> None:
    events = [article(f"n{k:04}") for k in range(1500)]
    newsroom.publish(*events[:1300], article("killer", title="kills"), *events[1300:])
    assert deaths(newsroom) <= 5
    assert "kills-the-process" in newsroom.run("dead-letters", "list", "--json")
