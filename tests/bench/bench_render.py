"""Re-rendering RSS and Atom of 50 full-text entries of which one has changed, beside feedgen used plainly."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from tests.bench import Row
from tests.bench.corpus import Corpus
from wireroom.clock import micros, moment
from wireroom.config import FeedSettings, Publication
from wireroom.document import Document
from wireroom.edition import Entry
from wireroom.event import ArticleEvent
from wireroom.feeds import gate
from wireroom.feeds.channel import Channel, Item, atom_id, channel, items
from wireroom.feeds.content import content
from wireroom.feeds.fragments import Fragments
from wireroom.feeds.render import atom, atom_entry, atom_header, rss, rss_entry, rss_header

Renderer = Callable[[list[Item]], object]

ENTRIES = 50
ROUNDS = 60
FEED = FeedSettings(id="latest", publication="kabar-harian", formats=("rss", "atom"))
PUBLICATION = Publication(id="kabar-harian", name="Kabar Harian", language="id", url="https://kabar-harian.example")
CHANNEL = channel(FEED, PUBLICATION, "https://feeds.example/feeds/kabar-harian/latest")


def run() -> list[Row]:
    """The same 50 entries, the newest replaced in each round, by three renderers that give the same bytes."""
    shown = list(rounds())
    fragments = Fragments()
    splice(CHANNEL, shown[0], fragments)
    spliced, plain = _timed(lambda one: splice(CHANNEL, one, fragments), naive, shown)
    gated, _ = _timed(lambda shown: checked(CHANNEL, shown, fragments), naive, list(rounds(seed=2)))
    return [
        {"name": "feedgen, plainly", "value": plain * 1e3, "unit": "ms", "limit": None, "goal": None},
        {"name": "spliced", "value": spliced * 1e3, "unit": "ms", "limit": None, "goal": None},
        {"name": "spliced and gated", "value": gated * 1e3, "unit": "ms", "limit": None, "goal": None},
        {"name": "spliced, times faster", "value": plain / spliced, "unit": "x", "limit": None, "goal": 20},
        {"name": "spliced and gated, times faster", "value": plain / gated, "unit": "x", "limit": None, "goal": None},
    ]


def splice(about: Channel, shown: list[Item], fragments: Fragments) -> list[bytes]:
    """As the sink does."""
    pieces = rss(about, shown, fragments), atom(about, shown, (), fragments)
    return [b"".join((head, *parts, b"0", tail)) for head, parts, tail in pieces]


def checked(about: Channel, shown: list[Item], fragments: Fragments) -> list[Document]:
    """The same, and through the gate."""
    pieces = {"rss": rss(about, shown, fragments), "atom": atom(about, shown, (), fragments)}
    ids = {"rss": [item.guid for item in shown], "atom": [atom_id(item.guid, item.entry.id) for item in shown]}
    documents = {
        form: Document(f"x.{form}", "", b"".join((head, *parts)), tail) for form, (head, parts, tail) in pieces.items()
    }
    return [gate.check(documents[form], ids[form]) for form in documents]


def naive(shown: list[Item]) -> list[bytes]:
    """Everything again by feedgen."""
    updated = moment(max(item.content["updated"] for item in shown))
    feeds = [rss_header(CHANNEL), atom_header(CHANNEL, ())]
    for feed, entry in zip(feeds, (rss_entry, atom_entry), strict=True):
        feed.updated(updated)
        feed.lastBuildDate(updated)
        feed.entry([entry(item) for item in shown])
    return [feeds[0].rss_str(), feeds[1].atom_str()]


def _timed(one: Renderer, other: Renderer, rounds: list[list[Item]]) -> tuple[float, float]:
    """Median seconds of both, by turns of ten."""
    times: tuple[list[float], list[float]] = ([], [])
    for start in range(0, len(rounds), 10):
        for renderer, taken in zip((one, other), times, strict=True):
            taken.extend(_seconds(renderer, shown) for shown in rounds[start : start + 10])
    return median(times[0]), median(times[1])


def _seconds(renderer: Renderer, shown: list[Item]) -> float:
    started = perf_counter()
    renderer(shown)
    return perf_counter() - started


def rounds(seed: int = 1) -> Iterator[list[Item]]:
    """Newest first; in each the newest is another one."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    events = (event for event in Corpus(seed=seed).events(5 * ROUNDS, now) if event.article)
    entries = [_entry(event) for event in events][: ENTRIES + ROUNDS]
    for first in range(ROUNDS):
        yield items(FEED, entries[first : first + ENTRIES][::-1], {PUBLICATION.id: PUBLICATION})


def _entry(event: ArticleEvent) -> Entry:
    key = (micros(event.published_at), event.article_id)
    return Entry(event.id, event.order, key, event.visible_from, None, event.guid, content(event))
