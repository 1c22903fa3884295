"""feedparser, by which most Python programs read: a feed that moved, and a private one."""

from collections.abc import Iterator

import feedparser
import pytest

from tests.system.newsroom import article, wait_for
from tests.system.readers import Site, site


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("daily")) as found:
        found.room.publish(article("a"))
        found.shows("a at 1")
        yield found


@pytest.fixture(scope="module")
def key(daily: Site) -> str:
    return daily.key()


def test_it_says_that_a_feed_moved_and_where_to(daily: Site) -> None:
    read = feedparser.parse(f"{daily.url}/rss.xml")
    assert (read.status, read.href, read.entries[0].title) == (301, daily.feed("rss"), "a at 1")


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_private_feed_is_read_with_a_key_only(daily: Site, key: str, form: str) -> None:
    host = daily.url.removeprefix("http://")
    path = f"feeds/daily/wire.{form}"
    wait_for(lambda: daily.room.document(f"private/{path}"))
    for address in (f"http://radio:{key}@{host}/private/{path}", f"http://{host}/private/{key}/{path}"):
        read = feedparser.parse(address)
        assert (read.status, read.bozo, [entry.title for entry in read.entries]) == (200, False, ["a at 1"])
        assert feedparser.parse(address, etag=read.etag, modified=read.get("modified")).status == 304
    assert feedparser.parse(f"{daily.url}/private/{path}").status == 401
    assert feedparser.parse(f"http://radio:{key}0@{host}/private/{path}").status == 401
