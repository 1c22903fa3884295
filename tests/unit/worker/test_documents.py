"""What a worker tells the store of a document."""

import pytest

from wireroom.clock import ManualClock, SteadyClock
from wireroom.document import Document
from wireroom.store import Metadata
from wireroom.store.memory import MemoryStore
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
