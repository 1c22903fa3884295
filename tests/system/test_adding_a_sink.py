"""The sink that CONTRIBUTING shows, in a package of its own, is found by its entry point and published."""

import json
import re
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.system.newsroom import Newsroom, wait_for
from tests.system.project import ROOT

SECTION = (ROOT / "CONTRIBUTING.md").read_text().partition("## Adding a sink")[2]
EVENT = {
    "kind": "PUBLISHED",
    "publication": "teluk-post",
    "article_id": "ferry-7",
    "revision": 1,
    "occurred_at": "2026-03-02T06:00:00Z",
    "published_at": "2026-03-02T06:00:00Z",
    "url": "https://teluk-post.example/ferry-7",
    "article": {"title": "Night ferry sails again 🚢", "language": "en", "modified_at": "2026-03-02T06:00:00Z"},
}


def shown(language: str) -> str:
    """The block of this language in the section."""
    found = re.search(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with the package installed, as a wheel would leave it."""
    (groups,) = tomllib.loads(shown("toml"))["project"].values()
    module = groups["wireroom.sinks"]["headlines"].partition(":")[0]
    (tmp_path / f"{module}.py").write_text(shown("python"))
    metadata = tmp_path / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    points = [f"{name} = {value}" for name, value in groups["wireroom.sinks"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[wireroom.sinks]", *points]))
    return tmp_path


def test_a_sink_of_another_package_is_published_and_served(package: Path) -> None:
    room = Newsroom(package, PYTHONPATH=str(package))
    room.publish(EVENT)
    room.run("worker", "headlines", "--drain")
    with room.running("serve", "--port", "0"):
        address = wait_for(room.address)
        with urlopen(f"{address}headlines/teluk-post.json") as answer:
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            assert json.load(answer)["titles"] == ["Night ferry sails again 🚢"]
