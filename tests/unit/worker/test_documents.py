"""Documents as the worker writes them: what the store is told, and what is remembered of them."""

import json

import pytest

from tests.unit.articles.shelf import SINK
from tests.unit.newsroom import NOON, PUBLICATIONS, published
from tests.unit.store.counting import Counting
from wireroom.clock import ManualClock, SteadyClock, micros
from wireroom.document import Document, generation_of
from wireroom.store import Metadata
from wireroom.store.memory import MemoryStore
from wireroom.worker import documents
from wireroom.worker.documents import DocumentWriter


class Recorder(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[Metadata] = []

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        self.told.append(metadata)
        return super().put(key, body, if_match, metadata)


@pytest.mark.parametrize(("language", "told"), [("nb", "nb"), ("und", ""), ("", "")])
def test_a_document_is_written_with_what_readers_and_operators_need(language: str, told: str) -> None:
    store = Recorder()
    writer = DocumentWriter(store, SteadyClock(ManualClock()), "feeds")
    head = b'{"_wireroom":{"generation":'
    document = Document(
        "feeds/p/x.json", "application/feed+json", head, b"}}", cache_control="no-store", language=language
    )
    writer.write(document, 41)
    writer.write(document, 42)
    metadata = [
        Metadata("application/feed+json", "no-store", told, {"generation": generation, "worker": "feeds"})
        for generation in ("41", "42")
    ]
    assert store.told == metadata


def test_an_article_that_another_writer_changed_is_read_again() -> None:
    store = Recorder()
    first, second = (DocumentWriter(store, SteadyClock(ManualClock(micros(NOON))), name) for name in ("a", "b"))
    for writer, revision in ((first, 1), (second, 2), (first, 3), (second, 4), (first, 2)):
        writer.merge(SINK.direct(published(revision=revision)), PUBLICATIONS)
    held = store.get(SINK.direct(published()).key)
    assert held
    assert (generation_of(held.body), json.loads(held.body)["version"]) == (4, "4")


def test_after_an_assignment_nothing_is_remembered() -> None:
    store = Recorder()
    writer = DocumentWriter(store, SteadyClock(ManualClock(micros(NOON))), "articles")
    article = SINK.direct(published())
    writer.merge(article, PUBLICATIONS)
    held = store.get(article.key)
    assert held
    store.delete(article.key, held.etag)  # the store was restored from yesterday's copy
    writer.forget()
    writer.merge(article, PUBLICATIONS)
    assert store.get(article.key)


def test_only_so_many_articles_are_remembered_and_only_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_RECENT", 2)
    store = Counting(MemoryStore())
    writer = DocumentWriter(store, SteadyClock(ManualClock(micros(NOON))), "articles")
    for ident in ("a", "b", "c", "long"):
        body = "<p>Fergen</p>" * (5_000 if ident == "long" else 1)
        writer.merge(SINK.direct(published(ident, body_html=body)), PUBLICATIONS)
    store.requests.clear()
    for ident in ("c", "b", "a", "long"):
        writer.merge(SINK.direct(published(ident, revision=2)), PUBLICATIONS)
    asked = [request.removesuffix(".json").rpartition("/")[2] for request in store.requests]
    assert asked == ["c", "b", *["a"] * 3, *["long"] * 3]
