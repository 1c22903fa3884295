"""What the catalogue finds."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.unit.serve.newsroom import SETTINGS, dumps, fill
from wireroom.clock import SECOND, ManualClock, micros
from wireroom.config import FeedSettings, Settings
from wireroom.serve.catalogue import Section, catalogue, sitemaps
from wireroom.serve.documents import Documents
from wireroom.store import STATE, PolledStore
from wireroom.store.memory import MemoryStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def filled(clock: ManualClock | None = None) -> MemoryStore:
    store = MemoryStore(clock or ManualClock(micros(NOON)))
    fill(store, NOON)
    return store


def found(store: PolledStore, settings: Settings = SETTINGS) -> tuple[Section, ...]:
    return catalogue(settings, store.keys, Documents(store, ManualClock()).read)


def test_publications_and_feeds_come_as_the_settings_order_them() -> None:
    sections = found(filled())
    assert [section.name for section in sections] == [publication.name for publication in SETTINGS.publications]
    assert [feed.title for feed in sections[0].feeds] == ["All news", "Shipping & trade", "Opinion"]
    assert sections[0].feeds[1].formats == (
        ("rss", "feeds/harbour-post/shipping.rss"),
        ("atom", "feeds/harbour-post/shipping.atom"),
    )
    assert sections[1].sitemap == "sitemaps/fjordposten/news.xml"


def test_without_settings_the_documents_tell() -> None:
    store = filled()
    listing = {"title": "Øyavisa", "language": "nn", "home_page_url": "https://oya.example/", "items": []}
    store.put("articles/oyavisa.json", dumps(listing), None, STATE)
    store.put("feeds/oyavisa/siste-nytt.json", b"{}", None, STATE)
    sections = found(store, Settings())
    assert [section.id for section in sections] == ["al-mina", "fjordposten", "harbour-post", "oyavisa"]
    assert (sections[3].name, sections[3].language, sections[3].url) == ("Øyavisa", "nn", "https://oya.example/")
    assert [feed.title for feed in sections[3].feeds] == ["Siste nytt"]
    assert sections[3].sitemap is None


@pytest.mark.parametrize("settings", [SETTINGS, Settings()])
def test_files_that_someone_put_into_the_store_are_passed_over(settings: Settings) -> None:
    store = filled()
    before = found(store, settings)
    for key in ("sitemaps/pages.xml", "sitemaps/harbour-post/old/news.xml", "feeds/index.json", "articles/note.txt"):
        store.put(key, b"", None, STATE)
    assert found(store, settings) == before


def test_a_feed_is_as_fresh_as_the_document_that_tells_most() -> None:
    clock = ManualClock(micros(NOON))
    store = filled(clock)
    clock.time += 90 * SECOND
    state = store.get("feeds/harbour-post/opinion.json")  # which changes whenever another format does
    assert state
    store.put("feeds/harbour-post/opinion.json", b"{}", state.etag, STATE)
    section = found(store)[0]
    assert [feed.updated - micros(NOON) for feed in section.feeds] == [0, 0, 90 * SECOND]
    assert section.updated == micros(NOON) + 90 * SECOND


def test_the_newest_articles_link_their_documents() -> None:
    first, *rest = found(filled())[0].newest
    assert first.document == "articles/harbour-post/0.json"
    assert first.published == micros(NOON) - 240 * SECOND
    assert (first.url, first.language) == ("https://harbour-post.example/0", "")  # that of the publication
    assert len(rest) == 5


def test_at_most_ten_articles_are_named() -> None:
    store = filled()
    listing = store.get("articles/fjordposten.json")
    assert listing
    store.put(
        "articles/fjordposten.json", dumps({"items": [{"title": str(n)} for n in range(99)]}), listing.etag, STATE
    )
    assert [headline.title for headline in found(store)[1].newest] == [str(number) for number in range(10)]


def test_an_empty_store_is_an_empty_catalogue() -> None:
    assert found(MemoryStore(), Settings()) == ()
    assert [section.feeds for section in found(MemoryStore())] == [(), (), ()]


def test_private_state_is_not_looked_at() -> None:
    store = MemoryStore()
    store.put("editions/feeds/secret/latest.rss", b"", None, STATE)
    store.put("private/feeds/secret/latest.rss", b"", None, STATE)
    store.put("feeds/deep/down/latest.rss", b"", None, STATE)
    assert found(store, Settings()) == ()


def test_sitemaps_are_addressed_on_their_publication_s_host() -> None:
    first, *others = SETTINGS.publications
    own = first.model_copy(update={"public_url": "https://post.example/syndication"})
    settings = SETTINGS.model_copy(update={"publications": (own, *others), "public_url": "https://feeds.example"})
    assert sitemaps(settings, found(filled(), settings)) == [
        "https://post.example/syndication/sitemaps/harbour-post/news.xml",
        "https://feeds.example/sitemaps/fjordposten/news.xml",
        "https://feeds.example/sitemaps/al-mina/news.xml",
    ]


def test_what_is_no_longer_declared_is_not_offered() -> None:
    settings = SETTINGS.model_copy(update={"feeds": SETTINGS.feeds[1:4], "publications": SETTINGS.publications[:2]})
    sections = found(filled(), settings)
    assert [[feed.id for feed in section.feeds] for section in sections] == [["shipping", "opinion"], ["siste"]]


def test_what_is_declared_and_not_yet_there_is_not_offered() -> None:
    feeds = (*SETTINGS.feeds, FeedSettings(id="sport", publication="fjordposten"))
    assert found(filled(), SETTINGS.model_copy(update={"feeds": feeds})) == found(filled())


def test_what_is_declared_is_found_without_a_listing() -> None:
    store = filled()

    def keys(prefix: str) -> Iterator[str]:
        raise AssertionError(prefix)

    assert catalogue(SETTINGS, keys, Documents(store, ManualClock()).read) == found(store)


def test_a_private_feed_is_not_there_even_if_documents_of_it_are() -> None:
    feeds = [
        feed.model_copy(update={"private": feed.id == "opinion"}) if feed.publication == "harbour-post" else feed
        for feed in SETTINGS.feeds
    ]
    sections = found(filled(), SETTINGS.model_copy(update={"feeds": tuple(feeds)}))
    assert [feed.id for feed in sections[0].feeds] == ["latest", "shipping"]


def test_a_feed_knows_its_page_and_its_public_addresses() -> None:
    own = SETTINGS.publications[0].model_copy(update={"public_url": "https://post.example/syndication"})
    feed = found(filled(), SETTINGS.model_copy(update={"publications": (own,)}))[0].feeds[1]
    assert feed.path == "feeds/harbour-post/shipping"
    assert feed.address("atom") == "https://post.example/syndication/feeds/harbour-post/shipping.atom"
    assert feed.telling == "feeds/harbour-post/shipping.atom"


def test_without_a_configuration_the_feed_of_all_that_is_newest_is_known() -> None:
    store = filled()
    store.put("feeds/al-mina/older.rss", b"<rss/>", None, STATE)
    feeds = found(store, Settings())[0].feeds
    assert [(feed.id, feed.settings is not None) for feed in feeds] == [("latest", True), ("older", False)]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"items":[1]}', b'{"items":{"a":1}}', b'{"items":7}'])
def test_what_somebody_else_put_there_does_no_harm(body: bytes) -> None:
    store = MemoryStore()
    for key in ("articles/oyavisa.json", "feeds/oyavisa/latest.json", "feeds/oyavisa/latest.rss"):
        store.put(key, body, None, STATE)
    (section,) = found(store, Settings())
    assert (section.name, list(section.newest)) == ("oyavisa", [])
