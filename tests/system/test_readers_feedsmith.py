"""feedsmith, which knows every format: the same articles stand in each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import pytest

from tests.servers import feedsmith
from tests.system.newsroom import article, withdrawal
from tests.system.readers import Site, site

TITLE, BODY = "Rain & <b>wind</b>: “now”", "<p>Fish &amp; chips &lt;b&gt;</p>"
PICTURE = {"url": "https://daily.example/i.jpg?a=1&b=2", "media_type": "image/jpeg", "size_bytes": 5}
MORE: Any = {
    "title": TITLE,
    "body_html": BODY,
    "summary": "A summary",
    "authors": [{"name": "Ana"}],
    "images": [PICTURE],
}


class Item(NamedTuple):
    """An article, whatever the words of the format."""

    ident: str
    title: str
    url: str
    published: datetime
    body: str | None
    summary: str | None
    authors: list[str]
    picture: str | None


def _rss(item: Any) -> Item:  # noqa: ANN401 -- values of JSON
    body = item.get("content", {}).get("encoded")
    [picture] = item.get("media", {}).get("contents", [{"url": None}])
    return Item(
        item["guid"]["value"],
        item["title"],
        item["link"],
        parsedate_to_datetime(item["pubDate"]),
        body,
        item["description"],
        item.get("dc", {}).get("creators", []),
        picture["url"],
    )


def _atom(item: Any) -> Item:  # noqa: ANN401 -- values of JSON
    links = {link["rel"]: link["href"] for link in item["links"]}
    return Item(
        item["id"],
        item["title"]["value"],
        links["alternate"],
        datetime.fromisoformat(item["published"]),
        item.get("content", {}).get("value"),
        item["summary"]["value"],
        [author["name"] for author in item.get("authors", [])],
        links.get("enclosure"),
    )


def _json(item: Any) -> Item:  # noqa: ANN401 -- values of JSON
    return Item(
        item["id"],
        item["title"],
        item["url"],
        datetime.fromisoformat(item["date_published"]),
        item.get("content_html"),
        item.get("summary", item.get("content_text")),
        [author["name"] for author in item.get("authors", [])],
        item.get("image"),
    )


ITEMS: Mapping[str, tuple[str, Callable[[Any], Item]]] = {
    "rss": ("items", _rss),
    "atom": ("entries", _atom),
    "json": ("items", _json),
}


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("daily")) as found:
        found.room.publish(article("a", **MORE), article("b"), article("c"))
        found.shows("c at 1", "b at 1", TITLE)
        found.room.publish({**withdrawal("c", 2), "occurred_at": datetime.now(UTC).isoformat()})
        found.shows("b at 1", TITLE)
        yield found


def test_every_format_says_the_same(daily: Site) -> None:
    told = {form: [read(item) for item in items(daily, form, name)] for form, (name, read) in ITEMS.items()}
    assert told["rss"] == told["atom"] == told["json"]
    plain, rich = told["rss"]
    assert (plain.title, plain.body, plain.authors, plain.picture) == ("b at 1", None, [], None)
    published = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    expected = (TITLE, "https://daily.example/a", published, BODY, "A summary", ["Ana"], PICTURE["url"])
    assert rich[1:] == expected


def items(daily: Site, form: str, name: str) -> list[Any]:
    read = feedsmith.read(daily.feed(form))
    assert (read["status"], read["format"]) == (200, form)
    found: list[Any] = read["feed"][name]
    return found


@pytest.mark.parametrize("form", ITEMS)
def test_it_knows_where_the_feed_is_and_where_it_goes_on(daily: Site, form: str) -> None:
    whole = f"{daily.url}/feeds/daily/whole"
    feed = feedsmith.read(f"{whole}.{form}")["feed"]
    linked = feed.get("links") or feed.get("atom", {}).get("links", [])
    links = {link["rel"]: link["href"] for link in linked} or {
        "self": feed["feed_url"],
        "prev-archive": feed["next_url"],
    }
    assert (links["self"], links["prev-archive"]) == (f"{whole}.{form}", f"{whole}/2026-02-03.{form}")
    assert feedsmith.read(links["prev-archive"])["format"] == form
