"""Every rule of the protocol, broken on purpose: each must be caught by the tests that the whole rule passes."""

from collections.abc import Callable, Mapping

import pytest

from tests.unit.worker import newsroom, test_faults, test_worker
from wireroom.clock import HOUR
from wireroom.document import Document
from wireroom.edition import Edition, Window, _Draft
from wireroom.log.memory import Seat
from wireroom.store import Stored
from wireroom.worker.assignment import Assignment
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.live import LiveEdition
from wireroom.worker.seen import Seen
from wireroom.worker.session import Session

Patch = Callable[[pytest.MonkeyPatch], None]


def blind_documents(patch: pytest.MonkeyPatch) -> None:
    real = newsroom.WatchedStore.put

    def put_blindly(
        self: newsroom.WatchedStore, key: str, body: bytes, if_match: str | None, kind: str, cache: str = ""
    ) -> str:
        if key.startswith("toy/"):
            held: Stored | None = self._store.get(key)
            if_match = held.etag if held else None
        return real(self, key, body, if_match, kind, cache)

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


def announced_only_when_written(patch: pytest.MonkeyPatch) -> None:
    real = DocumentWriter.write
    written = DocumentWriter._put

    def write(self: DocumentWriter, document: Document, generation: int) -> object:
        before = list(self._changes)
        result = real(self, document, generation)
        if not getattr(self, "wrote", False):
            self._changes = before
        self.wrote = False  # type: ignore[attr-defined]
        return result

    def _put(
        self: DocumentWriter, document: Document, generation: int, etag: str | None, remember: bool = True
    ) -> bool:
        done = written(self, document, generation, etag, remember)
        self.wrote = done  # type: ignore[attr-defined]
        return done

    patch.setattr(DocumentWriter, "write", write)
    patch.setattr(DocumentWriter, "_put", _put)


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


def no_claim(patch: pytest.MonkeyPatch) -> None:
    real = LiveEdition.publish
    patch.setattr(LiveEdition, "publish", lambda self, upto, claim=None: real(self, upto, None))


def generation_from_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "_raise_generation", lambda self, above: False)


def no_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "newest", lambda self, event: None)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Draft, "_floor", lambda self: (0, ""))
    patch.setattr(Seen, "note", lambda self, event, now: None)


def no_refill(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "needs_refill", property(lambda self: False))


def every_edition_is_live(patch: pytest.MonkeyPatch) -> None:
    """A new edition is fed from here on, without what lies below."""
    patch.setattr(Assignment, "_complete", lambda self, definition: True)


def the_recorded_clock_is_not_used(patch: pytest.MonkeyPatch) -> None:
    real = _Draft.__init__

    def init(self: _Draft, edition: Edition, window: Window, now: int) -> None:
        real(self, edition, window, now - 2 * HOUR)

    patch.setattr(_Draft, "__init__", init)


F, W = test_faults, test_worker
CAUGHT: list[tuple[Patch, Callable[[], None]]] = [
    (blind_documents, lambda: F.test_a_zombie_at_every_step("two editions", F.begun)),
    (no_generation_in_the_body, lambda: F.test_a_zombie_at_every_step("content returns", F.begun)),
    (never_verified, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (announced_only_when_written, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (committed_before_published, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (anybody_commits, lambda: F.test_a_zombie_at_every_step("two editions", F.begun)),
    (no_confirmed_ownership, F.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (no_claim, F.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (generation_from_nothing, F.test_a_lost_edition_is_built_again_with_a_generation_above_its_documents),
    (no_memory, F.test_an_older_revision_that_comes_after_a_restart_is_not_shown),
    (no_floor, W.test_an_archive_fills_a_window_and_brings_nothing_withdrawn_back),
    (no_refill, W.test_a_window_that_was_emptied_is_filled_again_from_the_log),
    (every_edition_is_live, W.test_a_new_feed_fills_itself_while_the_others_stay_fresh),
    (the_recorded_clock_is_not_used, W.test_an_embargo_lifts_and_an_article_expires_without_an_event),
]


@pytest.mark.parametrize(("broken", "test"), CAUGHT)
def test_each_is_caught(monkeypatch: pytest.MonkeyPatch, broken: Patch, test: Callable[[], None]) -> None:
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        test()
