"""The sink articles alone: no log, no store. The promise, events a second, is kept by the whole worker."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

from pydantic_core import to_json

from tests.bench import Row
from tests.bench.corpus import Corpus
from wireroom.articles import ArticlesSink
from wireroom.clock import micros
from wireroom.config import Publication, Settings
from wireroom.edition import Change, Edition, fold, shown
from wireroom.event import ArticleEvent
from wireroom.html import sanitise
from wireroom.store import Stored
from wireroom.worker.cleaning import cleaned_at_once
from wireroom.worker.intake import Arrival

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CORPUS = Corpus()
SINK = ArticlesSink(Settings())
LISTING, _WAITING = SINK.definitions(CORPUS.publication)
PUBLICATIONS = {
    CORPUS.publication: Publication(id=CORPUS.publication, name="Kabar Harian", language="id", url=CORPUS.site)
}


def run() -> list[Row]:
    """Cost of an event, from its lint to the bytes of its document, and of the listing."""
    events = [event for event in CORPUS.events(1_050, NOW) if event.article][:1_000]
    limit = _each(events, _sanitise)
    new = _each(events, lambda event: (SINK.content(event), _document(event, None)))
    older = Stored(_document(events[0], None), "etag", 0)
    over = _each(events, lambda event: _document(event.model_copy(update={"revision": 9}), older))
    edition = fold(Edition(LISTING.digest, "epoch"), LISTING.window, map(_change, events), {}, micros(NOW))
    listing = _each(events[:50], lambda _: _listing(edition))
    return [
        {"name": "articles: lint and write", "value": new, "unit": "µs", "limit": limit, "goal": None},
        {"name": "articles: write over older", "value": over, "unit": "µs", "limit": limit, "goal": None},
        {"name": "articles: listing of 100", "value": listing / 1e3, "unit": "ms", "limit": None, "goal": 5},
        {
            "name": "articles: edition of the listing",
            "value": _size(edition) / 1e3,
            "unit": "KB",
            "limit": None,
            "goal": None,
        },
    ]


def _sanitise(event: ArticleEvent) -> str:
    assert event.article
    assert event.url
    return sanitise(event.article.body_html or "", event.url)


def _document(event: ArticleEvent, current: Stored | None) -> bytes:
    document = SINK.direct(event).merge(current, micros(NOW), PUBLICATIONS)
    assert document
    return document.body(1)


def _listing(edition: Edition) -> bytes:
    [document] = LISTING.render(edition, shown(edition, LISTING.window), PUBLICATIONS)
    return document.body(1)


def _size(edition: Edition) -> int:
    return len(to_json([entry.content for entry in edition.entries.values()]))


def _change(event: ArticleEvent) -> Change:
    return cleaned_at_once(Arrival("log/0", 0, event, SINK.content).change(LISTING))


def _each(events: list[ArticleEvent], work: Callable[[ArticleEvent], object]) -> float:
    """Microseconds per event, the quickest of three rounds."""
    taken = []
    for _ in range(3):
        start = perf_counter()
        for event in events:
            work(event)
        taken.append((perf_counter() - start) / len(events) * 1e6)
    return min(taken)
