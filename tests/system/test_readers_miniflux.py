"""Miniflux subscribes, and comes back: what it shows, and what it asks for."""

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.servers.miniflux import Miniflux
from tests.system.newsroom import article, wait_for, withdrawal
from tests.system.readers import Site, site

FORMS = ("rss", "atom", "json")


@pytest.fixture(scope="module")
def miniflux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miniflux]:
    with Miniflux(tmp_path_factory.mktemp("miniflux")) as found:
        yield found


@pytest.fixture
def daily(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        yield found


def story(at: int, revision: int = 1) -> dict[str, object]:
    """One of a series, an hour after the one before."""
    published = f"2026-02-03T{at:02}:00:00Z"
    return article(f"s{at}", revision, published_at=published, body_html=f"<p>Body of s{at} at {revision}.</p>")


def test_it_follows_each_format(daily: Site, miniflux: Miniflux) -> None:
    daily.room.publish(story(1), story(2))
    daily.shows("s2 at 1", "s1 at 1")
    with daily.watched("/feeds/") as fetched:
        feeds = {form: miniflux.subscribe(daily.feed(form)) for form in FORMS}
    assert {each.status for each in fetched} == {200}
    for form, feed in feeds.items():
        assert miniflux.address_of(feed) == daily.feed(form)
        newest, oldest = miniflux.entries(feed)
        assert (newest.title, newest.url) == ("s2 at 1", "https://daily.example/s2")
        assert "Body of s1 at 1." in oldest.content
    assert_unchanged_is_not_sent_again(daily, miniflux, feeds)
    assert_an_update_is_no_second_entry(daily, miniflux, feeds)
    assert_what_was_withdrawn_is_not_told(daily, miniflux, feeds)


def assert_unchanged_is_not_sent_again(daily: Site, miniflux: Miniflux, feeds: dict[str, int]) -> None:
    with daily.watched("/feeds/") as fetched:
        for feed in [*feeds.values()] * 3:
            miniflux.refresh(feed)
    assert [each.status for each in fetched] == [304] * 9


def assert_an_update_is_no_second_entry(daily: Site, miniflux: Miniflux, feeds: dict[str, int]) -> None:
    before = {feed: miniflux.entries(feed) for feed in feeds.values()}
    daily.room.publish(story(1, 2), story(3))
    daily.shows("s3 at 1", "s2 at 1", "s1 at 2")
    for feed in feeds.values():
        miniflux.read(before[feed][1])
        miniflux.refresh(feed)
        newest, middle, oldest = miniflux.entries(feed)
        assert (newest.title, newest.status) == ("s3 at 1", "unread")
        assert middle == before[feed][0]
        assert (oldest.ident, oldest.title, oldest.status) == (before[feed][1].ident, "s1 at 2", "read")
        assert "Body of s1 at 2." in oldest.content


def assert_what_was_withdrawn_is_not_told(daily: Site, miniflux: Miniflux, feeds: dict[str, int]) -> None:
    """Who subscribes later never sees it. Miniflux keeps what it has fetched: no format makes it forget."""
    daily.room.publish(withdrawal("s2", 2, "2026-02-03T02:00:00Z"))
    daily.shows("s3 at 1", "s1 at 2")
    for form, feed in feeds.items():
        miniflux.refresh(feed)
        assert miniflux.titles(feed) == ["s3 at 1", "s2 at 1", "s1 at 2"]
        miniflux.unsubscribe(feed)
        assert miniflux.titles(miniflux.subscribe(daily.feed(form))) == ["s3 at 1", "s1 at 2"]


def test_a_correction_replaces_what_it_holds_of_an_article_that_goes(daily: Site, miniflux: Miniflux) -> None:
    """The way to reach readers that keep what they have: blank the article first, and withdraw it later."""
    daily.room.publish(story(1))
    daily.shows("s1 at 1")
    feed = miniflux.subscribe(daily.feed("rss"))
    blank = article("s1", 2, title="Withdrawn", body_html="<p>This article was withdrawn.</p>")
    daily.room.publish({**blank, "published_at": "2026-02-03T01:00:00Z"})
    daily.shows("Withdrawn")
    miniflux.refresh(feed)
    daily.room.publish(withdrawal("s1", 3, "2026-02-03T01:00:00Z"))
    daily.shows()
    miniflux.refresh(feed)
    [entry] = miniflux.entries(feed)
    assert entry.title == "Withdrawn"
    assert "Body of s1" not in entry.content


def test_a_feed_that_moved_is_followed(daily: Site, miniflux: Miniflux) -> None:
    """A new subscription takes the new address, an old one goes by the old for ever and gets nothing twice."""
    daily.room.publish(story(1))
    daily.shows("s1 at 1")
    feed = miniflux.subscribe(f"{daily.url}/rss.xml")
    assert miniflux.address_of(feed) == daily.feed("rss")
    miniflux.move(feed, f"{daily.url}/rss.xml")
    with daily.watched() as fetched:
        miniflux.refresh(feed)
    assert [(each.path, each.status) for each in fetched] == [("/rss.xml", 301), ("/feeds/daily/latest.rss", 304)]
    daily.room.publish(story(1, 2), story(2))
    daily.shows("s2 at 1", "s1 at 2")
    miniflux.refresh(feed)
    assert miniflux.titles(feed) == ["s2 at 1", "s1 at 2"]


def test_an_archive_can_be_read_page_by_page(daily: Site, miniflux: Miniflux) -> None:
    """It does not follow the links itself; each page is a feed of its own to it, of the same entries."""
    daily.room.publish(*(story(at) for at in range(1, 13)))
    daily.shows(*(f"s{at} at 1" for at in range(12, 7, -1)), feed="whole")
    page = f"{daily.url}/feeds/daily/whole/2026-02-03"
    for form in FORMS:
        feed = miniflux.subscribe(f"{daily.url}/feeds/daily/whole.{form}")
        assert len(miniflux.entries(feed)) == 5
        wait_for(lambda form=form: daily.room.document(f"feeds/daily/whole/2026-02-03.{form}"))  # type: ignore[misc]
        miniflux.move(feed, f"{page}.{form}")
        miniflux.refresh(feed)
        assert miniflux.titles(feed)[0] == "s12 at 1"
        assert miniflux.titles(feed)[-1] == "s1 at 1"
        assert len(miniflux.titles(feed)) == 12, "no entry is there twice"


def test_a_private_feed_is_read_with_a_key_only(daily: Site, miniflux: Miniflux) -> None:
    daily.room.publish(story(1))
    address, key = f"{daily.url}/private/feeds/daily/wire.rss", daily.key()
    wait_for(lambda: daily.room.document("private/feeds/daily/wire.rss"))
    with pytest.raises(HTTPError):
        miniflux.subscribe(address)
    with pytest.raises(HTTPError):
        miniflux.subscribe(address, username="radio", password=f"{key}0")
    feed = miniflux.subscribe(address, username="radio", password=key)
    assert miniflux.titles(feed) == ["s1 at 1"]
    with daily.watched("/private/") as fetched:
        miniflux.refresh(feed)
    assert [each.status for each in fetched] == [304]
    daily.room.run("keys", "revoke", key)
    wait_for(lambda: refused(miniflux, feed))


def refused(miniflux: Miniflux, feed: int) -> bool:
    try:
        miniflux.refresh(feed)
    except HTTPError:
        return True
    return False
