"""How editions, documents and commits are written: each rule of it, broken on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.worker import newsroom
from wireroom.articles.direct import ArticleDocument, state_of
from wireroom.config import Publication
from wireroom.document import Document
from wireroom.edition import Edition
from wireroom.errors import Fenced
from wireroom.log.memory import Seat
from wireroom.store import Metadata, Store, Stored
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.live import LiveEdition
from wireroom.worker.owned import Owned, write_roster
from wireroom.worker.session import Session


def blind_documents(patch: pytest.MonkeyPatch) -> None:
    real = newsroom.WatchedStore.put

    def put_blindly(
        self: newsroom.WatchedStore, key: str, body: bytes, if_match: str | None, metadata: Metadata
    ) -> str:
        if key.startswith("toy/"):
            held: Stored | None = self._store.get(key)
            if_match = held.etag if held else None
        return real(self, key, body, if_match, metadata)

    patch.setattr(newsroom.WatchedStore, "put", put_blindly)
    patch.setattr(newsroom.Oracle, "published", lambda *_: None)  # only what lies there at rest is looked at


def no_generation_in_the_body(patch: pytest.MonkeyPatch) -> None:
    """The generation is told beside the body, as metadata would be: content that returns has its old ETag."""
    generations: dict[bytes, int] = {}
    real = Document.body

    def body(self: Document, generation: int) -> bytes:
        generations[real(self, 0)] = generation
        return real(self, 0)

    patch.setattr(Document, "body", body)
    patch.setattr("wireroom.worker.documents.generation_of", lambda found: generations.get(found, 0))
    patch.setattr(newsroom, "generation_of", lambda found: 1)


def never_verified(patch: pytest.MonkeyPatch) -> None:
    real = LiveEdition.publish

    def publish(self: LiveEdition, upto: Mapping[str, int], claim: str | None = None) -> None:
        self._verified = self.base.nonce if self.base else None
        real(self, upto, claim=None)

    patch.setattr(LiveEdition, "publish", publish)


def verified_only_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    """A state that another worker wrote is not looked after once this one has verified any."""
    real_put, real_documents = LiveEdition._put, LiveEdition._publish_documents
    wrote: set[LiveEdition] = set()

    def _put(self: LiveEdition, new: Edition) -> bool:
        if done := real_put(self, new):
            wrote.add(self)
        return done

    def _publish_documents(self: LiveEdition, documents: Sequence[Document]) -> None:
        if self._verified is None or self in wrote:
            wrote.discard(self)
            real_documents(self, documents)

    patch.setattr(LiveEdition, "_put", _put)
    patch.setattr(LiveEdition, "_publish_documents", _publish_documents)


def who_is_overtaken_drops_its_partition(patch: pytest.MonkeyPatch) -> None:
    real = LiveEdition._merge_again

    def _merge_again(self: LiveEdition, upto: Mapping[str, int]) -> None:
        if self.base and any(self.base.applied.get(source, 0) > offset for source, offset in upto.items()):
            raise Fenced("overtaken")
        real(self, upto)

    patch.setattr(LiveEdition, "_merge_again", _merge_again)


def announced_only_when_written(patch: pytest.MonkeyPatch) -> None:
    real = DocumentWriter.write
    written = DocumentWriter._replace

    def write(self: DocumentWriter, document: Document, generation: int) -> object:
        before = list(self._changes)
        result = real(self, document, generation)
        if not getattr(self, "wrote", False):
            self._changes = before
        self.wrote = False  # type: ignore[attr-defined]
        return result

    def _replace(self: DocumentWriter, document: Document, generation: int, etag: str | None) -> bool:
        done = written(self, document, generation, etag)
        self.wrote = done  # type: ignore[attr-defined]
        return done

    patch.setattr(DocumentWriter, "write", write)
    patch.setattr(DocumentWriter, "_replace", _replace)


def committed_before_published(patch: pytest.MonkeyPatch) -> None:
    real = Session._turn

    def _turn(self: Session, wait: bool) -> bool:
        publish = self._publish
        self._publish = lambda: self._commit() or publish()  # type: ignore[func-returns-value,method-assign]
        try:
            return real(self, wait)
        finally:
            self._publish = publish  # type: ignore[method-assign]

    patch.setattr(Session, "_turn", _turn)
    safe = Session._next_commit
    patch.setattr(Session, "_next_commit", lambda self, owned: safe(self, owned)._replace(offset=owned.position))


def anybody_commits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seat, "commit", lambda self, offsets: self.group.commits.update(offsets))


def no_confirmed_ownership(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "_fence", lambda self: None)


def rosters_are_shared(patch: pytest.MonkeyPatch) -> None:
    def write(store: Store, worker: str, member: str, owned: Owned) -> str:
        return write_roster(store, worker, "", replace(owned, source=""))

    patch.setattr("wireroom.worker.session.write_roster", write)


def no_claim(patch: pytest.MonkeyPatch) -> None:
    real = LiveEdition.publish
    patch.setattr(LiveEdition, "publish", lambda self, upto, claim=None: real(self, upto, None))


def generation_from_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "_raise_generation", lambda self, above: False)


def a_tombstone_only_where_a_document_is(patch: pytest.MonkeyPatch) -> None:
    real = ArticleDocument.merge

    def merge(self: ArticleDocument, current: Stored | None, now: int, known: Mapping[str, Publication]) -> Any:  # noqa: ANN401
        return None if current is None and self.event.article is None else real(self, current, now, known)

    patch.setattr(ArticleDocument, "merge", merge)


def only_a_higher_revision_replaces(patch: pytest.MonkeyPatch) -> None:
    """The lift of an embargo does not."""
    real = ArticleDocument.merge

    def merge(self: ArticleDocument, current: Stored | None, now: int, known: Mapping[str, Publication]) -> Any:  # noqa: ANN401
        held = state_of(current.body) if current else None
        return None if held and held.order >= self.event.order else real(self, current, now, known)

    patch.setattr(ArticleDocument, "merge", merge)
