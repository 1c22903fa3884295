"""A feed reader that begins at a page: it finds the feed, asks for what changed, and keeps up."""

from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import feedparser
from lxml import html

from tests.system.newsroom import Newsroom, article, wait_for, withdrawal

CONFIGURATION = """
publications: [{id: daily, name: The Daily, language: en, url: "https://daily.example/"}]
feeds: [{id: latest, publication: daily, title: All news}]
"""


def discovered(page: str, media_type: str) -> str:
    """The feed that a page announces (blog.whatwg.org/feed-autodiscovery)."""
    tree = html.document_fromstring(urlopen(page).read().decode())
    (found,) = (link.get("href", "") for link in tree.iter("link") if link.get("type") == media_type)
    return urljoin(page, found)


def titles(feed: Any) -> dict[str, str]:  # noqa: ANN401 -- feedparser has no types
    return {entry.id: entry.title for entry in feed.entries}


def test_a_reader_subscribes_at_a_page_and_keeps_up(tmp_path: Path) -> None:
    (tmp_path / "wireroom.yaml").write_text(CONFIGURATION)
    room = Newsroom(tmp_path)
    room.publish(article("a"), article("b"))
    with room.up() as address:
        wait_for(lambda: len(room.titles("feeds/daily/latest.json")) == 2)
        wait_for(lambda: "latest.atom" in urlopen(address).read().decode())
        feeds = [
            discovered(address, "application/rss+xml"),
            discovered(f"{address}feeds/daily/latest", "application/atom+xml"),
        ]
        first = {url: feedparser.parse(url) for url in feeds}
        for url, feed in first.items():
            assert (feed.status, feed.bozo) == (200, False)
            assert sorted(titles(feed).values()) == ["a at 1", "b at 1"]
            same = feedparser.parse(url, etag=feed.etag, modified=feed.get("modified"))
            assert (same.status, same.entries) == (304, [])

        room.publish(article("a", 2))
        wait_for(lambda: "a at 2" in room.titles("feeds/daily/latest.json"))
        for url, feed in first.items():
            second = wait_for(lambda url=url, feed=feed: changed(url, feed))  # type: ignore[misc]
            kept = titles(feed) | titles(second)
            assert kept.keys() == titles(feed).keys()
            assert sorted(kept.values()) == ["a at 2", "b at 1"]

        room.publish(withdrawal("a", 3))
        wait_for(lambda: room.titles("feeds/daily/latest.json") == ["b at 1"])
        for url in first:
            wait_for(lambda url=url: list(titles(feedparser.parse(url)).values()) == ["b at 1"])  # type: ignore[misc]
        wait_for(lambda: "a at 2" not in urlopen(f"{address}feeds/daily/latest").read().decode())
        wait_for(lambda: "a at 2" not in urlopen(address).read().decode())


def changed(url: str, known: Any) -> Any:  # noqa: ANN401 -- feedparser has no types
    """The feed, or what is new in it (226: feedparser asks for that), once it is another one than the known."""
    feed = feedparser.parse(url, etag=known.etag, modified=known.get("modified"))
    return feed if feed.status in (200, 226) else None
