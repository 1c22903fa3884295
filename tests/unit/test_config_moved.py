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

LINES = """
publications: [{id: p, name: P, language: en, url: "https://p.example/"}]
feeds:
  - id: latest
    publication: p
    moved_from:
      - /fine.xml
      - /hub
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
        "/sitemaps/p/news.xml",
        "/v1/events",
        "/v1",
        "/hooks/ghost/p",
        "/hub",
        "/h%75b",
        "/hub/",
        "/problems/",
        "/healthz",
        "/metrics",
        "/.well-known/feed-menu.json",
        "/feeds.opml",
        "/private/feeds/p/latest.rss",
        "/editions/feeds/p/latest.json",
        "//editions/feeds/p/latest.json",
    ],
)
def test_no_path_where_something_is(tmp_path: Path, path: str) -> None:
    ((where, _),) = faults(tmp_path, f"[/fine.xml, {path}]")
    assert where.startswith("0].moved_from[1]")


def test_a_path_of_ours_is_told_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "wireroom.yaml").write_text(LINES)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "wireroom.yaml", {})
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"{tmp_path}/wireroom.yaml:8: feeds[0].moved_from[1]: found '/hub', expected a path")
    assert fault.expected.endswith("take it out, and let a proxy in front redirect the old address")


@pytest.mark.parametrize("path", ["/hubs/rss.xml", "/v1.xml", "/blog/hub", "/metrics.rss"])
def test_a_path_that_only_looks_like_one_of_ours_is_free(tmp_path: Path, path: str) -> None:
    (tmp_path / "wireroom.yaml").write_text(FEEDS % (f"[{path}]", "[]"))
    assert load(tmp_path / "wireroom.yaml", {}).feeds[0].moved_from == (path,)


def test_no_path_twice(tmp_path: Path) -> None:
    found: Any = faults(tmp_path, "[/a.xml, /b.xml]", "[/c.xml, /%61.xml]")
    assert found == [("1].moved_from[1]", "a path that leads to one feed: feeds[0].moved_from[0] has it too")]
