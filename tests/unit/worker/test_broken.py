"""Every rule of the protocol, broken on purpose: each must be caught by the tests that the whole rule passes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from tests.unit.articles import test_direct
from tests.unit.articles.shelf import Shelf
from tests.unit.worker import newsroom, test_faults, test_interleavings, test_partitions, test_worker
from wireroom import edition
from wireroom.articles.direct import ArticleDocument, state_of
from wireroom.clock import HOUR, SteadyClock
from wireroom.config import Publication
from wireroom.document import Document
from wireroom.edition import Change, Edition, Window, _Draft
from wireroom.errors import Fenced
from wireroom.log import Consumer, Partition
from wireroom.log.memory import Seat
from wireroom.store import Metadata, Store, Stored
from wireroom.worker.assignment import Assignment
from wireroom.worker.catchup import Pass, SecondReader
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.live import LiveEdition, Outside
from wireroom.worker.owned import Owned, write_roster
from wireroom.worker.reader import FirstReader
from wireroom.worker.seen import Seen
from wireroom.worker.session import Session

Patch = Callable[[pytest.MonkeyPatch], None]


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


def editions_are_not_loaded(patch: pytest.MonkeyPatch) -> None:
    """Only by the first event that touches them."""
    patch.setattr(Assignment, "_load", lambda self: self._publications.load() is None)


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


def rosters_keep_what_another_configuration_fed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "_leave_foreign", lambda self: None)


def rosters_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    """An edition is live when it has this worker's definition, whoever fed it last."""

    def _continues(self: Assignment, live: LiveEdition) -> bool:
        assert live.base
        for owned in self._owners(live.definition):
            owned.join(live.key, live.base.epoch)
        return live.base.definition == live.definition.digest

    patch.setattr(Assignment, "_continues", _continues)


def a_reset_goes_only_to_the_first_reader(patch: pytest.MonkeyPatch) -> None:
    """As far as that was when the reset began."""
    goals: dict[Pass, dict[str, int]] = {}

    def _goal(self: SecondReader, reading: Pass) -> dict[str, int]:
        return goals.setdefault(reading, {o.source: o.position for o in self._assignment.owned.values()})

    patch.setattr(SecondReader, "_goal", _goal)


def documents_are_written_while_behind(patch: pytest.MonkeyPatch) -> None:
    """Each record that the second reader reads is shown at once."""
    real, generations = SecondReader.step, count(100)

    def step(self: SecondReader, backlog: bool) -> bool:
        done = real(self, backlog)
        for build in self._pass.builds if self._pass else ():
            for document in build.live.render(build.draft):
                build.live._outside.documents.write(document, next(generations))
        return done

    patch.setattr("wireroom.worker.catchup.SLICE", 1)
    patch.setattr(SecondReader, "step", step)


def shared_editions_are_touched_like_others(patch: pytest.MonkeyPatch) -> None:
    real = FirstReader._touches

    def _touches(self: FirstReader, change: Change, live: LiveEdition, changes: Mapping[str, list[Change]]) -> bool:
        shared, self._assignment.shared = self._assignment.shared, set()
        try:
            return real(self, change, live, changes)
        finally:
            self._assignment.shared = shared

    patch.setattr(FirstReader, "_touches", _touches)


def memory_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "_outdate_memory", lambda self: None)


def memory_is_saved_too_late(patch: pytest.MonkeyPatch) -> None:
    """With the commit, after the editions."""
    patch.setattr("wireroom.worker.session.Outside", lambda **outside: Outside(**{**outside, "remember": lambda: None}))


def what_is_below_applied_is_never_looked_at(patch: pytest.MonkeyPatch) -> None:
    real = edition.fold

    def fold(base: Edition, window: Window, changes: Iterable[Change], *rest: Any) -> Edition:  # noqa: ANN401
        new = [change for change in changes if change.offset >= base.applied.get(change.source, 0)]
        return real(base, window, new, *rest)

    patch.setattr("wireroom.worker.live.fold", fold)


def a_build_that_goes_on_knows_only_what_it_reads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pass, "_newest_of_all", Pass._newest)


def terms_say_nothing(patch: pytest.MonkeyPatch) -> None:
    real = Assignment.update

    def update(self: Assignment, consumer: Consumer) -> bool:
        for partition, assigned in consumer.assignment().items():
            if partition in self.owned:
                self.owned[partition].assigned = assigned
        return real(self, consumer)

    patch.setattr(Assignment, "update", update)


def only_home_partitions_feed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "_feeds", lambda self, owned, wanted: owned.source in self.sources.of(wanted))


def a_writer_elsewhere_is_not_told_of(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Assignment, "share", lambda self, publication: None)


def what_is_built_from_nothing_is_read_from_home(patch: pytest.MonkeyPatch) -> None:
    real = SecondReader._partitions

    def _partitions(self: SecondReader, reading: Pass) -> dict[str, Partition]:
        found = real(self, reading)
        homes = {s for build in reading.builds for s in self._assignment.sources.of(build.live.definition)}
        return {source: partition for source, partition in found.items() if source in homes}

    patch.setattr(SecondReader, "_partitions", _partitions)


def rosters_are_shared(patch: pytest.MonkeyPatch) -> None:
    def write(store: Store, worker: str, member: str, owned: Owned) -> str:
        return write_roster(store, worker, "", replace(owned, source=""))

    patch.setattr("wireroom.worker.session.write_roster", write)


def no_claim(patch: pytest.MonkeyPatch) -> None:
    real = LiveEdition.publish
    patch.setattr(LiveEdition, "publish", lambda self, upto, claim=None: real(self, upto, None))


def generation_from_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "_raise_generation", lambda self, above: False)


def no_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "newest", lambda self, event: None)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Draft, "_floor", lambda self: (0, ""))
    patch.setattr(Seen, "note", lambda self, event, now, strayed: None)


def no_refill(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEdition, "needs_refill", property(lambda self: False))


def refilled_within_the_same_bounds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("wireroom.worker.catchup.SLICE", 1)
    patch.setattr("wireroom.worker.catchup.build_window", lambda window, reserve=0: window)


def every_edition_is_live(patch: pytest.MonkeyPatch) -> None:
    """A new edition is fed from here on, without what lies below."""
    patch.setattr(Assignment, "_complete", lambda self, definition: True)


def nothing_recorded(patch: pytest.MonkeyPatch) -> None:
    """What was decided by a faster clock is decided again by a slower one."""

    def fold(base: Edition, window: Window, changes: Iterable[Change], upto: Any, now: int, *rest: Any) -> Edition:  # noqa: ANN401
        return edition.fold(replace(base, clock=0), window, changes, upto, now, *rest)

    patch.setattr("wireroom.worker.live.fold", fold)
    patch.setattr(SteadyClock, "reach", lambda self, time: None)


def the_recorded_clock_is_not_used(patch: pytest.MonkeyPatch) -> None:
    real = _Draft.__init__

    def init(self: _Draft, edition: Edition, window: Window, now: int) -> None:
        real(self, edition, window, now - 2 * HOUR)

    patch.setattr(_Draft, "__init__", init)


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


F, W, S, D, P = test_faults, test_worker, test_interleavings, test_direct, test_partitions
CAUGHT: list[tuple[Patch, Callable[[], None]]] = [
    (blind_documents, lambda: F.test_a_zombie_at_every_step("two editions", F.begun)),
    (no_generation_in_the_body, lambda: F.test_a_zombie_at_every_step("content returns", F.begun)),
    (never_verified, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (verified_only_after_a_restart, S.test_every_hand_over_where_the_zombie_dies_after_writing_once_more),
    (who_is_overtaken_drops_its_partition, lambda: S.test_every_hand_over("a quiet end")),
    (editions_are_not_loaded, W.test_an_embargo_lifts_and_an_article_expires_without_an_event),
    (announced_only_when_written, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (committed_before_published, lambda: F.test_a_fault_at_every_step("a quiet end", F.begun, "die")),
    (anybody_commits, lambda: F.test_a_zombie_at_every_step("two editions", F.begun)),
    (no_confirmed_ownership, F.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (
        rosters_keep_what_another_configuration_fed,
        W.test_a_feed_that_was_taken_out_of_the_configuration_for_a_while_misses_nothing,
    ),
    (rosters_are_not_asked, W.test_a_feed_that_was_taken_out_of_the_configuration_for_a_while_misses_nothing),
    (a_reset_goes_only_to_the_first_reader, F.test_a_definition_changed_after_a_death_at_every_step),
    (documents_are_written_while_behind, F.test_a_definition_changed_after_a_death_at_every_step),
    (rosters_are_shared, S.test_members_do_not_drop_each_others_rosters),
    (only_home_partitions_feed, P.test_one_worker_takes_them),
    (a_writer_elsewhere_is_not_told_of, lambda: P.test_any_order_of_two_members(P.LEAVES, False)),
    (what_is_built_from_nothing_is_read_from_home, P.test_a_new_feed_is_filled_from_everywhere),
    (terms_say_nothing, F.test_a_partition_that_went_and_came_back_is_begun_anew),
    (
        shared_editions_are_touched_like_others,
        lambda: S.test_two_members_feed_one_edition("a refill while an article is withdrawn"),
    ),
    (memory_is_not_read_again, S.test_live_log_and_archive_may_belong_to_two),
    (memory_is_saved_too_late, S.test_live_log_and_archive_may_belong_to_two),
    (what_is_below_applied_is_never_looked_at, S.test_a_zombie_does_not_bring_an_archived_article_back),
    (
        a_build_that_goes_on_knows_only_what_it_reads,
        W.test_an_archive_after_an_interrupted_build_brings_nothing_withdrawn_back,
    ),
    (no_claim, F.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (generation_from_nothing, F.test_a_lost_edition_is_built_again_with_a_generation_above_its_documents),
    (no_memory, F.test_an_older_revision_that_comes_after_a_restart_is_not_shown),
    (no_floor, W.test_an_archive_fills_a_window_and_brings_nothing_withdrawn_back),
    (no_refill, W.test_a_window_that_was_emptied_is_filled_again_from_the_log),
    (refilled_within_the_same_bounds, W.test_a_window_that_was_emptied_is_filled_again_from_the_log),
    (every_edition_is_live, W.test_a_new_feed_fills_itself_while_the_others_stay_fresh),
    (nothing_recorded, W.test_a_slower_clock_hides_nothing_again),
    (a_tombstone_only_where_a_document_is, lambda: D.test_a_withdrawal_always_leaves_its_tombstone(Shelf())),
    (
        only_a_higher_revision_replaces,
        lambda: D.test_the_lift_replaces_the_mark_of_its_own_revision_and_no_clock_brings_it_back(Shelf()),
    ),
    (the_recorded_clock_is_not_used, W.test_an_embargo_lifts_and_an_article_expires_without_an_event),
]


@pytest.mark.parametrize(("broken", "test"), CAUGHT)
def test_each_is_caught(monkeypatch: pytest.MonkeyPatch, broken: Patch, test: Callable[[], None]) -> None:
    test_faults.undisturbed.cache_clear()
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        test()
    test_faults.undisturbed.cache_clear()  # what was worked out by broken code
