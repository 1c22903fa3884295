"""What the catalogue finds."""

from datetime import UTC, datetime

from tests.unit.serve.newsroom import SETTINGS, dumps, fill
from wireroom.clock import SECOND, ManualClock, micros
from wireroom.config import Publication, Settings
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


def test_files_that_someone_put_into_the_store_are_passed_over() -> None:
    store = filled()
    before = found(store)
    for key in ("sitemaps/pages.xml", "sitemaps/harbour-post/old/news.xml", "feeds/index.json", "articles/note.txt"):
        store.put(key, b"", None, STATE)
    assert found(store) == before


def test_a_feed_is_as_fresh_as_its_latest_document() -> None:
    clock = ManualClock(micros(NOON))
    store = filled(clock)
    clock.time += 90 * SECOND
    state = store.get("feeds/harbour-post/opinion.atom")
    assert state
    store.put("feeds/harbour-post/opinion.atom", b"<feed/>", state.etag, STATE)
    section = found(store)[0]
    assert [feed.updated - micros(NOON) for feed in section.feeds] == [0, 0, 90 * SECOND]
    assert section.updated == micros(NOON) + 90 * SECOND


def test_the_newest_articles_link_their_documents() -> None:
    first, *rest = found(filled())[0].newest
    assert first.document == "articles/harbour-post/0.json"
    assert first.published == micros(NOON) - 240 * SECOND
    assert (first.url, first.language) == ("https://harbour-post.example/0", "en")
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
    own = Publication(
        id="fjordposten", name="F", language="no", url="https://f.example/", public_url="https://f.example/syndication"
    )
    settings = Settings(publications=(own,), public_url="https://feeds.example")
    assert sitemaps(settings, filled().keys) == [
        "https://feeds.example/sitemaps/al-mina/news.xml",
        "https://f.example/syndication/sitemaps/fjordposten/news.xml",
        "https://feeds.example/sitemaps/harbour-post/news.xml",
    ]
