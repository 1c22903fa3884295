from dataclasses import replace

import pytest

from tests.unit.feeds.reading import latest
from tests.unit.newsroom import NOON, PUBLICATIONS, published
from wireroom.config import FeedSettings
from wireroom.feeds.channel import Item, items
from wireroom.feeds.fragments import PLACE, Fragments


class Builder:
    """Builds fragments of 10 bytes and counts them."""

    def __init__(self) -> None:
        self.built: list[str] = []

    def __call__(self, item: Item) -> bytes:
        self.built.append(item.guid)
        return f"{item.guid:>10}".encode()


@pytest.fixture
def item() -> Item:
    desk = latest()
    desk.read(published(), now=NOON)
    return items(FeedSettings(id="x", publication="fjordposten"), [*desk.edition.entries.values()], PUBLICATIONS)[0]


def test_a_fragment_is_built_once(item: Item) -> None:
    fragments, build = Fragments(), Builder()
    assert fragments.get("rss", item, build) == fragments.get("rss", item, build)
    assert len(build.built) == 1


def test_everything_that_shows_makes_another_fragment(item: Item) -> None:
    fragments, build = Fragments(), Builder()
    newer = item.entry._replace(order=item.entry.order._replace(revision=2))
    others = [
        replace(item, entry=newer),
        replace(item, entry=item.entry._replace(id="fjordposten/18")),
        replace(item, guid="other"),
        replace(item, full=not item.full),
        replace(item, language="en"),
        replace(item, byline="Harbour"),
    ]
    for each in (item, *others):
        fragments.get("rss", each, build)
    fragments.get("atom", item, build)
    assert len(build.built) == 8


def test_what_was_not_used_for_longest_makes_room(item: Item) -> None:
    fragments, build = Fragments(room=3 * (10 + PLACE)), Builder()
    for guid in "abcadaba":
        fragments.get("rss", replace(item, guid=guid), build)
    assert build.built == ["a", "b", "c", "d", "b"]


def test_a_fragment_larger_than_the_room_is_given_all_the_same(item: Item) -> None:
    fragments, build = Fragments(room=5), Builder()
    assert fragments.get("rss", item, build)
    assert fragments.get("rss", replace(item, guid="b"), build) == b"         b"
