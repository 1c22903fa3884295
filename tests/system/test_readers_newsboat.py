"""newsboat subscribes, and comes back: what it shows, and what it asks for."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers import need
from tests.system.newsroom import article, wait_for, withdrawal
from tests.system.readers import Site, site

FILES = {"url-file": "urls", "cache-file": "cache.db", "config-file": "config"}


class Newsboat:
    """One reader, with its own list of feeds."""

    def __init__(self, folder: Path, *addresses: str) -> None:
        need("newsboat", install="on Debian and Ubuntu, apt-get install newsboat")
        folder.mkdir()
        self._folder = folder
        (folder / "urls").write_text("".join(f"{address}\n" for address in addresses))
        (folder / "config").write_text("")

    def reload(self) -> list[str]:
        """Fetch every feed; the titles that it has then, oldest first."""
        self._run("reload")
        with closing(sqlite3.connect(self._folder / "cache.db")) as cache:
            rows = cache.execute("select title from rss_item where not deleted order by pubDate").fetchall()
        return [title for (title,) in rows]

    def unread(self) -> int:
        """How many articles it says are unread."""
        return int(self._run("print-unread").split()[0])

    def _run(self, command: str) -> str:
        files = [f"--{option}={self._folder / name}" for option, name in FILES.items()]
        done = subprocess.run(["newsboat", *files, "-x", command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def daily(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        yield found


def story(at: int, revision: int = 1) -> dict[str, object]:
    """One of a series, an hour after the one before; long enough that a part is shorter than the whole."""
    text = " ".join(f"{at}.{word}" for word in range(500))
    return article(f"s{at}", revision, published_at=f"2026-02-03T{at:02}:00:00Z", body_html=f"<p>{text}</p>")


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_it_follows_a_feed(daily: Site, tmp_path: Path, form: str) -> None:
    daily.room.publish(story(1), story(2))
    daily.shows("s2 at 1", "s1 at 1")
    newsboat = Newsboat(tmp_path / "newsboat", daily.feed(form))
    assert newsboat.reload() == ["s1 at 1", "s2 at 1"]
    newsboat.reload()  # only from the third time on it tells what it has
    with daily.watched() as fetched:
        assert newsboat.reload() == newsboat.reload() == ["s1 at 1", "s2 at 1"]
    assert [each.status for each in fetched] == [304, 304]

    daily.room.publish(story(1, 2), story(3))
    daily.shows("s3 at 1", "s2 at 1", "s1 at 2")
    assert newsboat.reload() == ["s1 at 2", "s2 at 1", "s3 at 1"]
    assert newsboat.unread() == 3

    daily.room.publish(story(4))
    daily.shows("s4 at 1", "s3 at 1", "s2 at 1", "s1 at 2")
    with daily.watched() as fetched:
        assert newsboat.reload() == ["s1 at 2", "s2 at 1", "s3 at 1", "s4 at 1"]
    assert [each.status for each in fetched] == [226], "it gets what is new, and keeps the rest"

    daily.room.publish(withdrawal("s2", 2, "2026-02-03T02:00:00Z"))
    daily.shows("s4 at 1", "s3 at 1", "s1 at 2")
    assert newsboat.reload() == ["s1 at 2", "s2 at 1", "s3 at 1", "s4 at 1"], "it keeps what it has"
    assert Newsboat(tmp_path / "newcomer", daily.feed(form)).reload() == ["s1 at 2", "s3 at 1", "s4 at 1"]


def test_changes_one_after_the_other_are_all_seen(daily: Site, tmp_path: Path) -> None:
    """libcurl drops the body of an answer whose Last-Modified is not later than the one before."""
    newsboat = Newsboat(tmp_path / "newsboat", daily.feed("rss"))
    for revision in range(1, 11):
        daily.room.publish(story(1, revision))
        daily.shows(f"s1 at {revision}")
        assert newsboat.reload() == newsboat.reload() == [f"s1 at {revision}"]


def test_a_feed_that_moved_is_followed(daily: Site, tmp_path: Path) -> None:
    daily.room.publish(story(1))
    daily.shows("s1 at 1")
    newsboat = Newsboat(tmp_path / "newsboat", f"{daily.url}/rss.xml")
    newsboat.reload()
    newsboat.reload()
    with daily.watched() as fetched:
        assert newsboat.reload() == ["s1 at 1"]
    assert [(each.path, each.status) for each in fetched] == [("/rss.xml", 301), ("/feeds/daily/latest.rss", 304)]


def test_a_private_feed_is_read_with_a_key_only(daily: Site, tmp_path: Path) -> None:
    daily.room.publish(story(1))
    wait_for(lambda: daily.room.document("private/feeds/daily/wire.rss"))
    key, host = daily.key(), daily.url.removeprefix("http://")
    path = "feeds/daily/wire.rss"
    for right in (key, f"{key}0"):
        by_name, by_path = f"http://radio:{right}@{host}/private/{path}", f"http://{host}/private/{right}/{path}"
        found = [
            Newsboat(tmp_path / f"{right}-{at}", address).reload() for at, address in enumerate((by_name, by_path))
        ]
        assert found == ([["s1 at 1"]] * 2 if right == key else [[], []])
