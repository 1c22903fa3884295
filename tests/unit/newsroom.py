"""A newsroom for tests of sinks: its events, and a desk that folds them into an edition as the worker does."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wireroom.clock import micros
from wireroom.config import Publication, Settings
from wireroom.document import Document
from wireroom.edition import Edition, fold, shown, stamp
from wireroom.event import Article, ArticleEvent, Kind
from wireroom.sink import Definition, Sink
from wireroom.worker.cleaning import cleaned
from wireroom.worker.intake import Arrival

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = Settings(public_url="https://feeds.fjordposten.example/")
FJORDPOSTEN = Publication(id="fjordposten", name="Fjordposten", language="nb", url="https://fjordposten.example/")
HARBOUR = Publication(
    id="harbour",
    name="Harbour & Quay",
    language="en-GB",
    url="https://harbour.example/",
    public_url="https://harbour.example/wire",
)
PUBLICATIONS = {publication.id: publication for publication in (FJORDPOSTEN, HARBOUR)}
SCHEMAS = Path(__file__).parents[3] / "shared" / "reference" / "schemas"


def published(
    article_id: str = "17",
    revision: int = 1,
    at: datetime = NOON,
    publication: str = "fjordposten",
    **article: Any,  # noqa: ANN401 -- whatever an article can have
) -> ArticleEvent:
    """An article that was first published `at`; event fields among the keywords go to the event."""
    event = {name: article.pop(name) for name in ArticleEvent.model_fields if name in article}
    content = {"title": f"Fergen gikk på grunn ({article_id})", "modified_at": at, **article}
    return ArticleEvent(
        **{
            "event_id": f"{article_id}-{revision}",
            "kind": Kind.PUBLISHED if revision == 1 else Kind.UPDATED,
            "publication": publication,
            "article_id": article_id,
            "revision": revision,
            "occurred_at": at,
            "published_at": at,
            "url": f"https://{publication}.example/nyheter/{article_id}",
            "article": Article(**content),
            **event,
        }
    )


def withdrawn(
    article_id: str = "17",
    revision: int = 2,
    at: datetime = NOON,
    **event: Any,  # noqa: ANN401 -- whatever an event can have
) -> ArticleEvent:
    """The withdrawal of an article that was first published `at`."""
    return ArticleEvent(
        **{
            "event_id": f"{article_id}-{revision}",
            "kind": Kind.WITHDRAWN,
            "publication": "fjordposten",
            "article_id": article_id,
            "revision": revision,
            "occurred_at": at,
            "published_at": at,
            **event,
        }
    )


class Desk:
    """One edition of a sink, and what it has published."""

    def __init__(self, sink: Sink, definition: Definition) -> None:
        self.sink = sink
        self.definition = definition
        self.edition = Edition(definition.digest, "epoch")
        self.offset = 0

    def read(self, *events: ArticleEvent, now: datetime) -> Mapping[str, Document]:
        """Take events and give the documents as of `now`, by key."""
        changes = []
        for event in events:
            changes.append(Arrival("log/0", self.offset, event, self.sink.content).change(self.definition))
            self.offset += 1
        window = self.definition.window
        self.edition = cleaned(fold(self.edition, window, changes, {"log/0": self.offset}, micros(now)), window)
        visible = shown(self.edition, self.definition.window)
        documents = self.definition.render(self.edition, visible, PUBLICATIONS)
        self.edition = stamp(self.edition, documents)
        return {document.key: document for document in documents}


def schema(*path: str) -> Path:
    """A published schema; the test is left out, aloud, where there is none."""
    found = SCHEMAS.joinpath(*path)
    if not found.exists():
        pytest.skip(f"no schema {found}: it is not ours to ship")
    return found
