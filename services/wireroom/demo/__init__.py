"""Three invented newspapers, and what they publish in the first minute of `wireroom demo`."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

from wireroom.config import FeedSettings, Publication, Selection
from wireroom.event import ArticleEvent

PUBLICATIONS = (
    Publication(id="harbour-gazette", name="The Harbour Gazette", language="en", url="https://gazette.example/"),
    Publication(id="fjordposten", name="Fjordposten", language="nb", url="https://fjordposten.example/"),
    Publication(id="kabar-laut", name="Kabar Laut", language="id", url="https://kabarlaut.example/"),
)
FEEDS = (
    *(FeedSettings(id="latest", publication=publication.id) for publication in PUBLICATIONS),
    FeedSettings(
        id="local", publication="harbour-gazette", title="Gazette: Local", include=Selection(sections=("Local",))
    ),
    FeedSettings(
        id="all-papers",
        publication="harbour-gazette",
        publications=tuple(publication.id for publication in PUBLICATIONS),
        title="All three papers",
        content="summary",
    ),
)
_SITES = {publication.id: publication.url.rstrip("/") for publication in PUBLICATIONS}


class Step(NamedTuple):
    """An event, `after` so many seconds."""

    after: float
    event: ArticleEvent


def steps(start: datetime | None = None) -> Iterator[Step]:
    """What happens, in order; the dates are relative to `start`, by default now."""
    start = start or datetime.now(UTC)
    revisions: dict[str, int] = {}
    for told in json.loads(files(__name__).joinpath("articles.json").read_text("utf-8")):
        ident = f"{told['publication']}/{told['article_id']}"
        revisions[ident] = revisions.get(ident, 0) + 1
        yield Step(told["after"], _event(told, revisions[ident], start))


def _event(told: Mapping[str, Any], revision: int, start: datetime) -> ArticleEvent:
    published = start - timedelta(minutes=told["published_minutes_ago"])
    changed = published if revision == 1 else start + timedelta(seconds=told["after"])
    event = {name: told[name] for name in ("publication", "article_id", "note") if name in told}
    event |= {"kind": told.get("kind", "PUBLISHED"), "revision": revision, "published_at": published.isoformat()}
    event |= {"occurred_at": changed.isoformat()}
    if "article" in told:
        article = {**told["article"], "modified_at": changed.isoformat()}
        if revision > 1:
            article["updated_at"] = changed.isoformat()
        if seconds := told.get("embargoed_in_seconds"):
            article["embargoed_until"] = (start + timedelta(seconds=seconds)).isoformat()
        event |= {"article": article, "url": _SITES[told["publication"]] + told["path"]}
    return ArticleEvent.parse(event)
