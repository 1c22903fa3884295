"""Addresses that feeds had before."""

from pathlib import Path
from typing import Any

import pytest

from wireroom.config import load
from wireroom.errors import ConfigurationError

FEEDS = """
publications: [{id: p, name: P, language: en, url: "https://p.example/"}]
feeds:
  - {id: latest, publication: p, moved_from: %s}
  - {id: local, publication: p, moved_from: %s}
"""


def faults(tmp_path: Path, first: str, second: str = "[]") -> list[tuple[str, str]]:
    (tmp_path / "wireroom.yaml").write_text(FEEDS % (first, second))
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "wireroom.yaml", {})
    return [(fault.path.rpartition("feeds[")[2], fault.expected) for fault in caught.value.faults]


def test_any_path_of_old_may_be_given(tmp_path: Path) -> None:
    paths = ["/rss.xml", "/feed/", "/nyheter/b%C3%A5t.rss", "/feeds/p/before.rss"]
    (tmp_path / "wireroom.yaml").write_text(FEEDS % (paths, "[/local.xml]"))
    settings = load(tmp_path / "wireroom.yaml", {})
    assert settings.feeds[0].moved_from == tuple(paths)


@pytest.mark.parametrize(
    "path", ["rss.xml", "https://p.example/rss.xml", "/a b", "/a?b=1", "/a#b", "''", '"/a\\r\\nX: y"', "7"]
)
def test_only_paths_are(tmp_path: Path, path: str) -> None:
    assert "a path as it stood in the address" in faults(tmp_path, f"[{path}]")[0][1]


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/p/latest.rss",
        "/feeds/p/local",
        "/feeds/p/l%61test.atom",
        "/",
        "/robots.txt",
        "/articles/p.json",
        "/v1/events",
    ],
)
def test_no_path_where_something_is(tmp_path: Path, path: str) -> None:
    ((where, _),) = faults(tmp_path, f"[/fine.xml, {path}]")
    assert where.startswith("0].moved_from[1]")


def test_no_path_twice(tmp_path: Path) -> None:
    found: Any = faults(tmp_path, "[/a.xml, /b.xml]", "[/c.xml, /%61.xml]")
    assert found == [("1].moved_from[1]", "a path that leads to one feed: feeds[0].moved_from[0] has it too")]
