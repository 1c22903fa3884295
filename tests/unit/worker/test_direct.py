"""Documents that are their own edition: begun while a batch is read, and written in the end whatever fails."""

import pytest

from tests.unit.events import put
from tests.unit.worker.newsroom import SETTINGS, Newsroom, run_to_rest
from wireroom.articles import ArticlesSink
from wireroom.errors import RetryAfter
from wireroom.store import Metadata

DOCUMENTS = ["articles/daily/a.json", "articles/daily/b.json"]


@pytest.mark.parametrize("refused", DOCUMENTS)
def test_a_document_that_could_not_be_written_is_written_later(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    room, left = Newsroom(), [refused]
    written = room.store.put

    def unwell(key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if key in left:
            left.remove(key)
            raise RetryAfter("the disk is full", 0)
        return written(key, body, if_match, metadata)

    monkeypatch.setattr(room.store, "put", unwell)
    room.publish(put("a"), put("b"))
    run_to_rest(room.with_sink(ArticlesSink(SETTINGS)))
    assert not left
    assert list(room.store.keys("articles/daily/")) == DOCUMENTS
