"""A reader puts the whole feed together again over HTTP, from the feed and its pages (RFC 5005, section 4)."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import feedparser

from tests.system.newsroom import Newsroom, article, wait_for, withdrawal

COUNT = 300
CONFIGURATION = """
publications:
  - {id: daily, name: Daily, language: en, url: "https://daily.example/"}
feeds:
  - {id: latest, publication: daily, entries: 50, archive: true}
"""
FIRST = datetime.now(UTC) - timedelta(days=40)
DATES = {f"n{at}": (FIRST + timedelta(hours=3 * at)).isoformat() for at in range(COUNT)}


def fetch(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        body: bytes = answer.read()
        return body


def xml_pages(address: str) -> Iterator[Any]:
    """The feed, then every page before it, as feedparser reads them."""
    following: str | None = address
    feed_id = None
    newer = None
    while following:
        body = fetch(following)
        read = feedparser.parse(body)
        links = {link["rel"]: link["href"] for link in read.feed.links}
        assert not read.bozo
        assert links["self"] == following
        assert links.get("next-archive") == (newer if newer != address else None)
        assert links.get("current") == (address if following != address else None)
        assert (b"<fh:archive" in body) == (following != address), "only a page bears the mark"
        assert read.feed.get("id") == (feed_id or read.feed.get("id")), "all are documents of one feed"
        feed_id = read.feed.get("id")
        yield read
        newer, following = following, links.get("prev-archive")


def from_xml(address: str) -> dict[str, str]:
    """What an entry was when it was found last, from the oldest page to the feed."""
    return {e.link.rpartition("/")[2]: e.title for read in reversed(list(xml_pages(address))) for e in read.entries}


def from_json(address: str) -> dict[str, str]:
    found: dict[str, str] = {}
    following: str | None = address
    while following:
        read = json.loads(fetch(following))
        assert read["feed_url"] == following
        found = {**{item["url"].rpartition("/")[2]: item["title"] for item in read["items"]}, **found}
        following = read.get("next_url")
    return found


def comes_to(read: Callable[[str], dict[str, str]], address: str, expected: dict[str, str]) -> None:
    """Wait until a reader finds this; while pages are written, one may be linked that does not link back yet."""

    def look() -> bool:
        try:
            return read(address) == expected
        except (AssertionError, HTTPError):
            return False

    wait_for(look)
    assert read(address) == expected


READERS: dict[str, Callable[[str], dict[str, str]]] = {"rss": from_xml, "atom": from_xml, "json": from_json}


def test_every_article_is_found_and_none_that_was_withdrawn(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    (tmp_path / "wireroom.yaml").write_text(CONFIGURATION)
    with newsroom.up() as base:
        old, new = list(DATES)[: COUNT // 2], list(DATES)[COUNT // 2 :]
        newsroom.publish(*[article(ident, published_at=DATES[ident]) for ident in old], backfill=True)
        newsroom.publish(*[article(ident, published_at=DATES[ident]) for ident in new])
        all_of_them = {ident: f"{ident} at 1" for ident in DATES}
        for form, read in READERS.items():
            comes_to(read, f"{base}feeds/daily/latest.{form}", all_of_them)
        gone = {**withdrawal("n7", 2, DATES["n7"]), "occurred_at": datetime.now(UTC).isoformat()}
        newsroom.publish(gone, article("n9", 2, published_at=DATES["n9"]))
        expected = {**all_of_them, "n9": "n9 at 2"}
        del expected["n7"]
        for form, read in READERS.items():
            comes_to(read, f"{base}feeds/daily/latest.{form}", expected)
            page = fetch(f"{base}feeds/daily/latest/{DATES['n7'][:10]}.{form}")
            assert b"/n7<" not in page
            assert (b"deleted-entry" in page) == (form == "atom")
