"""The sink that CONTRIBUTING shows, in a package of its own, is found by its entry point and published."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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


def test_a_sink_of_another_package_is_published(package: Path) -> None:
    def wireroom(*arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("wireroom")), *arguments]
        subprocess.run(command, cwd=package, env=os.environ | {"PYTHONPATH": str(package)}, check=True)

    (package / "event.json").write_text(json.dumps(EVENT))
    wireroom("publish", "event.json")
    wireroom("worker", "headlines", "--drain")
    document = json.loads((package / "data/store/headlines/teluk-post.json").read_text())
    assert document["titles"] == ["Night ferry sails again 🚢"]
