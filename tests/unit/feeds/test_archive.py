"""The documents of an archived feed: links, marks and addresses (RFC 5005, section 4; JSON Feed 1.1, next_url)."""

import json
from dataclasses import replace

import pytest

from tests.unit.feeds.reading import attributes, body, declared, found
from tests.unit.newsroom import HOUR, NOON, PUBLICATIONS, Desk, published
from wireroom.clock import micros
from wireroom.document import Document
from wireroom.edition import shown
from wireroom.feeds.sink import Feed

KEY = "feeds/fjordposten/siste"
BASE = f"https://feeds.example/{KEY}"


def archived(**feed: object) -> Desk:
    desk = declared(archive=True, **feed)
    desk.read(published(), published("18", access="PAID", body_html="<p>secret</p>"), now=NOON + HOUR)
    return desk


def page(desk: Desk, before: str | None = "2026-03-01", after: str | None = "2026-03-04") -> dict[str, Document]:
    assert isinstance(desk.definition, Feed)
    definition = desk.definition.page("2026-03-02", before, after)
    edition = replace(desk.edition, clock=micros(NOON + HOUR))
    documents = definition.render(edition, shown(edition, definition.window), PUBLICATIONS)
    return {document.key: document for document in documents}


def links(documents: dict[str, Document], form: str) -> dict[str, str]:
    path = "channel/a:link" if form == "rss" else "a:link"
    return {link["rel"]: link["href"] for link in attributes(documents, form, path)}


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_page_links_its_neighbours_and_the_feed(form: str) -> None:
    found_links = links(page(archived()), form)
    assert found_links.pop("alternate", None) == (None if form == "rss" else "https://fjordposten.example/")
    assert found_links == {
        "self": f"{BASE}/2026-03-02.{form}",
        "prev-archive": f"{BASE}/2026-03-01.{form}",
        "next-archive": f"{BASE}/2026-03-04.{form}",
        "current": f"{BASE}.{form}",
    }


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_first_and_last_page_link_no_further(form: str) -> None:
    assert not {"prev-archive", "next-archive"} & links(page(archived(), None, None), form).keys()


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_only_a_page_bears_the_mark(form: str) -> None:
    desk = archived()
    desk.edition = replace(desk.edition, newest_page="2026-03-02")
    documents = dict(desk.read(now=NOON + HOUR))
    assert links(documents, form)["prev-archive"] == f"{BASE}/2026-03-02.{form}"
    assert not links(documents, form).keys() & {"current", "next-archive"}
    assert b"<fh:archive" not in body(documents, form)
    assert b"<fh:archive/>" in body(page(desk), form)


def test_next_url_leads_to_the_page_before() -> None:
    desk = archived()
    assert json.loads(body(page(desk), "json"))["next_url"] == f"{BASE}/2026-03-01.json"
    assert json.loads(body(page(desk), "json"))["feed_url"] == f"{BASE}/2026-03-02.json"
    assert "next_url" not in json.loads(body(page(desk, None), "json"))
    desk.edition = replace(desk.edition, newest_page="2026-03-02")
    assert json.loads(body(desk.read(now=NOON + HOUR), "json"))["next_url"] == f"{BASE}/2026-03-02.json"


def test_a_feed_without_pages_links_none() -> None:
    documents = dict(archived().read(now=NOON + HOUR))
    assert "prev-archive" not in links(documents, "atom")
    assert b"history" not in body(documents, "rss")


def test_all_are_documents_of_one_feed() -> None:
    desk = archived()
    assert found(page(desk), "atom", "a:id") == found(desk.read(now=NOON + HOUR), "atom", "a:id")


def test_a_page_shows_what_the_feed_would() -> None:
    documents = page(archived())
    assert len(json.loads(body(documents, "json"))["items"]) == 2
    assert not any(b"secret" in body(documents, form) for form in ("rss", "atom", "json"))


def test_a_page_is_kept_longer_unless_the_feed_says_how_long() -> None:
    assert {document.cache_control for document in page(archived()).values()} == {"public, max-age=300"}
    said = page(archived(cache_control="private, no-store"))
    assert {document.cache_control for document in said.values()} == {"private, no-store"}


def test_an_archive_is_a_definition_of_its_own() -> None:
    with_one, without = declared(archive=True).definition, declared().definition
    assert with_one.digest != without.digest
    assert with_one.window.archive
    assert not without.window.archive


@pytest.mark.parametrize("change", [{"title": "Nytt"}, {"content": "summary"}, {"entries": 7}, {"formats": ["rss"]}])
def test_pages_are_rendered_again_when_they_would_look_otherwise(change: dict[str, object]) -> None:
    one, other = archived().definition, archived(**change).definition
    assert isinstance(one, Feed)
    assert isinstance(other, Feed)
    assert one.rendering(PUBLICATIONS) == archived().definition.rendering(PUBLICATIONS)  # type: ignore[attr-defined]
    assert one.rendering(PUBLICATIONS) != other.rendering(PUBLICATIONS)
