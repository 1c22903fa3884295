"""The sink sitemaps alone: no log, no store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from lxml import etree

from tests.bench import Row
from tests.bench.corpus import Corpus
from wireroom.clock import micros
from wireroom.config import Publication, Settings
from wireroom.edition import Change, Edition, fold, shown, stamp
from wireroom.event import ArticleEvent
from wireroom.sitemaps import SitemapsSink
from wireroom.worker.cleaning import cleaned_at_once
from wireroom.worker.intake import Arrival

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SETTINGS = Settings()
SINK = SitemapsSink(SETTINGS)
CORPUS = Corpus()
NEWS = SINK.definitions(CORPUS.publication)[0]
PUBLICATIONS = {
    CORPUS.publication: Publication(id=CORPUS.publication, name="Kabar Harian", language="id", url=CORPUS.site)
}


def run() -> list[Row]:
    """Cost of an event while merging, and of a child of 1,000 URLs of which one changed."""
    events = [event for event in CORPUS.events(1_050, NOW, timedelta(hours=40)) if event.article][:1_000]
    merging = _seconds(lambda: _merged(events)) / len(events)
    full = _merged(events)
    changed = iter(
        [event.model_copy(update={"revision": 9 + n, "event_id": f"x{n}"}) for n, event in enumerate(events)]
    )
    render = _seconds(lambda: _rendered(fold(full, NEWS.window, [_change(next(changed))], {}, micros(NOW))))
    body = _rendered(full)
    parse = _seconds(lambda: etree.fromstring(body)) * 1e3
    return [
        {"name": "sitemaps: merge an event", "value": merging * 1e6, "unit": "µs", "limit": None, "goal": 40},
        {
            "name": "sitemaps: 1,000 URLs, 1 changed",
            "value": render * 1e3,
            "unit": "ms",
            "limit": parse,
            "goal": 15,
        },
    ]


def _change(event: ArticleEvent) -> Change:
    return cleaned_at_once(Arrival("log/0", 0, event, SINK.content).change(NEWS))


def _merged(events: list[ArticleEvent]) -> Edition:
    return fold(Edition(NEWS.digest, "epoch"), NEWS.window, map(_change, events), {}, micros(NOW))


def _rendered(edition: Edition) -> bytes:
    documents = NEWS.render(edition, shown(edition, NEWS.window), PUBLICATIONS)
    return documents[0].body(stamp(edition, documents).generation)


def _seconds(work: Callable[[], object], rounds: int = 20) -> float:
    """The quickest of several rounds."""
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return min(taken)
