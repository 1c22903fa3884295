"""One edition as this worker holds it: the state in the store, the next one in the making, and how it is published."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar
from uuid import uuid4

from wireroom.clock import MINUTE, SECOND, SteadyClock
from wireroom.config import Publication
from wireroom.document import Document
from wireroom.edition import Change, Edition, Entry, Known, due, fold, needs_refill, newest_first, shown, stamp
from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.sink import Definition
from wireroom.store import STATE, Store
from wireroom.worker.cleaning import cleaned
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.edition_json import Encoder, Rows, decode, edition_key

ATTEMPTS = 20
A = TypeVar("A")
R = TypeVar("R")
Reread = Callable[[Definition, Mapping[str, int], Mapping[str, int]], Iterable[Change]]


class Behind(Exception):
    """Another epoch than the one that this worker fed, or no edition at all: the second reader must bring it up."""


class Mapper(Protocol):
    """`map`, or that of an executor."""

    def __call__(self, function: Callable[[A], R], values: Iterable[A], /) -> Iterator[R]:
        """The results, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What editions are published with. `adopted`: told when a state was read, which another worker may have written;
    `remember`: makes durable what was seen; `fence`: raises Fenced where our partitions are another's.
    """

    store: Store
    clock: SteadyClock
    documents: DocumentWriter
    publications: Mapping[str, Publication]
    worker: str
    member: str  # the mark by which this worker claims editions
    reread: Reread
    newest: Known
    adopted: Callable[[], None]
    remember: Callable[[], None]
    fence: Callable[[], None]
    map: Mapper
    rows: Rows = field(default_factory=Rows)

    def check_clock(self) -> None:
        """Raises Red when the clock of this machine went back, or is off the store's, by more than a minute.

        What an edition that was read had recorded counts as told by it.
        """
        now = self.clock.machine.now()
        behind, apart = self.clock.now() - now, abs(now - self.store.now())
        if max(behind, apart) > MINUTE:
            raise Red(
                f"the clock of this machine is wrong: {behind // SECOND} s behind what was decided before,"
                f" {apart // SECOND} s off the store",
                "set the clock (NTP) and start again",
            )


class LiveEdition:
    """`base` is what lies in the store, `draft` what it becomes at the next `publish`."""

    def __init__(self, definition: Definition, outside: Outside) -> None:
        self.definition = definition
        self.key = edition_key(outside.worker, definition.publication, definition.name)
        self.base: Edition | None = None
        self.draft = Edition(definition.digest, epoch="")
        self.since: dict[str, int] = {}  # the first offset of each partition that is merged and not yet published
        self.published_at = 0
        self._outside = outside
        self._etag: str | None = None
        self._encoder = Encoder(outside.rows)
        self._verified: str | None = None  # nonce of the state whose documents were published or verified here
        self._lifted: list[Entry] = []
        self._is_clean = True  # every article of the draft has its content
        self._must_write = False  # so that another writer's write in flight fails
        self._stale = False  # another writer was here: the draft must be made again from `base`
        self.flush_at: int | None = None
        self._due: int | None = None

    # ---- reading -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the edition; what was merged and not published is forgotten. Raises Red when it cannot be read."""
        stored = self._outside.store.get(self.key)
        self._outside.adopted()
        found = self._encoder.share(decode(self.key, stored.body)) if stored else None
        self._adopt(found, stored.etag if stored else None)
        self._settled()

    def _adopt(self, edition: Edition | None, etag: str | None) -> None:
        self.base, self._etag, self._stale = edition, etag, False
        if edition is not None:
            self._outside.clock.reach(edition.clock)
            self._draft(edition)

    def _draft(self, edition: Edition) -> None:
        self.draft = edition
        self._due = due(edition, self.definition.window)

    def _settled(self) -> None:
        self.since.clear()
        self.flush_at = None
        self._must_write = False

    def create(self, applied: Mapping[str, int]) -> None:
        """Begin an edition that is complete below `applied`, with a generation above its documents."""
        self.install(Edition(self.definition.digest, epoch="", applied=dict(applied)))

    def install(self, built: Edition) -> None:
        """Make `built` the draft, in a new epoch, with the generation going on from what lies in the store."""
        self._draft(replace(self.continued(built), epoch=uuid4().hex, claim=self._outside.member))

    def continued(self, built: Edition) -> Edition:
        """What was built from nothing, with epoch, claim and generations of what lies in the store."""
        base = self.base or built
        return replace(
            built,
            epoch=base.epoch,
            claim=base.claim,
            generation=base.generation,
            documents=base.documents,
            clock=max(base.clock, built.clock),
            newest_page=base.newest_page,
            unknown=base.unknown,
        )

    def replay(self, built: Edition) -> None:
        """Publish what was built beside the edition in the store. Raises RetryAfter when that changed meanwhile."""
        self._draft(built)
        documents = self.render(built)
        new = stamp(built, documents)
        if new != self.base and not self._put(new):
            raise RetryAfter(f"{self.key} changed during the replay")
        self._publish_documents(documents)

    def begin_again(self, since: Mapping[str, int]) -> None:
        """Another writer may be at work, who does not know what was seen here: merge again from there, and write."""
        self.since = {source: min(offset, self.since.get(source, offset)) for source, offset in since.items()}
        self._stale = self._must_write = True
        self.flush_by(0)

    def abandon(self) -> None:
        """Forget what was merged and not published."""
        self._lifted.clear()
        self._settled()

    def go_on(self, built: Edition) -> None:
        """Make `built`, which was brought up from what lies in the store, the draft."""
        old = self.draft.applied
        self._settled()
        self.since = {s: old.get(s, 0) for s, offset in built.applied.items() if offset > old.get(s, 0)}
        self._draft(built)

    # ---- the archive, where it has one -------------------------------------------------------------------------

    is_broken = False  # pages are missing, or of another definition: only the whole log can mend them

    def build_archive(self, changes: Sequence[Change], anew: bool) -> None:
        """Write to its pages what a build reads; `anew`: from the beginning of the log."""

    def finish_archive(self) -> bool:
        """A build has read everything: write what is left of the pages, some at a time; whether all is."""
        return True

    # ---- merging -----------------------------------------------------------------------------------------------

    def merge(self, changes: Sequence[Change]) -> None:
        """Take changes into the draft; what of them is shown is cleaned later."""
        for change in changes:
            self.since.setdefault(change.source, change.offset)
        self._fold(changes, {})

    def _fold(self, changes: Iterable[Change], upto: Mapping[str, int]) -> None:
        now = self._outside.clock.now()
        if self._due is not None and self._due <= now:
            self._lifted += [entry for entry in self.draft.entries.values() if comes_due(entry, self.draft.clock, now)]
        self._draft(fold(self.draft, self.definition.window, changes, upto, now, self._outside.newest))
        self._is_clean = False

    @property
    def uncleaned(self) -> int:
        """How many articles of the draft are still to be cleaned."""
        return 0 if self._is_clean else sum(entry.clean is not None for entry in self.draft.entries.values())

    def clean(self) -> None:
        """Clean what the draft keeps of what was merged."""
        if not self._is_clean:
            self._draft(cleaned(self.draft, self.definition.window))
            self._is_clean = True

    def reconsider(self) -> None:
        """Let go of articles that came meanwhile and of which another member has seen a later revision.

        Those that the store shows already stay: whoever saw a later revision writes it there before it commits.
        """
        newest, written = self._outside.newest, self.base.entries if self.base else {}
        new = [entry for ident, entry in self.draft.entries.items() if written.get(ident) != entry]
        if stale := {e.id for e in new if (seen := newest(e.id)) is not None and seen > e.order}:
            kept = {ident: entry for ident, entry in self.draft.entries.items() if ident not in stale}
            self._draft(replace(self.draft, entries=kept, unarchived=self.draft.unarchived - stale))

    def holds(self, ident: str) -> bool:
        """Whether the article, or what remains of it, is in the edition."""
        return ident in self.draft.entries or ident in self.draft.tombstones

    def flush_by(self, time: int) -> None:
        """Publish at `time` at the latest."""
        self.flush_at = time if self.flush_at is None else min(self.flush_at, time)

    @property
    def dirty(self) -> bool:
        """Whether something was merged that is not published."""
        return bool(self.since)

    @property
    def due(self) -> int | None:
        """When it changes by the clock alone."""
        return self._due

    @property
    def needs_refill(self) -> bool:
        """Whether it could show more, had it not forgotten it."""
        return needs_refill(self.draft, self.definition.window)

    # ---- publishing --------------------------------------------------------------------------------------------

    def publish(self, upto: Mapping[str, int], claim: str | None = None) -> None:
        """Bring store and documents to the draft, as of now; `upto`: the next offsets of the partitions merged.

        Raises Behind when another epoch lies there, RetryAfter while the store is unwell, Red when the clock or the
        definition is wrong.
        """
        for _ in range(ATTEMPTS):
            self._outside.check_clock()
            if self._stale:
                self._merge_again(upto)
            self._fold((), upto if self.dirty else {})
            self.clean()
            self._hand_over()
            documents = self.render(self.draft)
            new = stamp(replace(self.draft, claim=claim or self.draft.claim), documents)
            if (not self._must_write and self._is_written(new, documents)) or self._put(new):
                break
        else:
            raise RetryAfter(f"too many writers at {self.key}")
        self._publish_documents(documents)
        self._settled()
        if claim is None:  # an assignment is no flush: the first change after it goes out at once
            self.published_at = self._outside.clock.now()

    def _hand_over(self) -> None:
        """Write what must be durable before the edition lets go of it."""
        self.lift(self._lifted)
        self._lifted.clear()

    def _is_written(self, new: Edition, documents: Sequence[Document]) -> bool:
        """Whether the store has it already; that it was read further says nothing where no document depends on it."""
        if self.base is not None and not documents and not self.base.documents:
            new = replace(new, applied=self.base.applied, clock=self.base.clock)
        return new == self.base

    def lift(self, entries: Iterable[Entry]) -> bool:
        """Write the articles' own documents, as of now; False where the edition has no such."""
        directs = [direct for entry in entries if (direct := self.definition.lift(entry)) is not None]
        for direct in directs:
            self._outside.documents.merge(direct, self._outside.publications)
        return bool(directs)

    def render(self, edition: Edition) -> Sequence[Document]:
        """The documents of a state; none before every publication that it selects from is known."""
        if not self._is_known:
            return ()
        return self.definition.render(edition, shown(edition, self.definition.window), self._outside.publications)

    @property
    def _is_known(self) -> bool:
        return self._outside.publications.keys() >= {self.definition.publication, *self.definition.sources}

    def try_out(self, entries: Iterable[Entry]) -> None:
        """Render articles by themselves, for nothing: one that kills the process must do so while it is suspected."""
        only = {entry.id: entry for entry in entries}
        edition = Edition(self.definition.digest, epoch="", entries=only)
        if self._is_known:
            self.definition.render(edition, newest_first(only.values()), self._outside.publications)

    def _put(self, new: Edition) -> bool:
        """Write the edition; False when another state lies there now, which then is the base."""
        new = self._encoder.share(replace(new, nonce=uuid4().hex))
        try:
            etag = self._outside.store.put(self.key, self._encoder.encode(new), self._etag, STATE)
        except (Conflict, OutcomeUnknown):
            stored = self._outside.store.get(self.key)
            found = decode(self.key, stored.body) if stored else None
            if stored is None or found is None or found.nonce != new.nonce:
                self._outside.adopted()
                self.base, self._etag, self._stale = found, stored.etag if stored else None, True
                return False
            etag = stored.etag
        self._adopt(new, etag)
        return True

    def _merge_again(self, upto: Mapping[str, int]) -> None:
        """Another writer was here: fold what is not yet published into its state."""
        if self.base is None or self.base.epoch != self.draft.epoch:
            raise Behind(self.key)
        if self.base.definition != self.definition.digest:
            raise Red(f"{self.key} has another definition", "a newer deployment is at work: stop this one")
        self._outside.remember()  # it may be at work still, and must know what was seen here
        changes = list(self._outside.reread(self.definition, self.since, upto))
        self._draft(self.base)
        self._fold(changes, {})
        self._stale = False

    def _publish_documents(self, documents: Sequence[Document]) -> None:
        """Write what is missing; verify all when this state is one that was not published or verified here."""
        assert self.base is not None
        for _ in range(ATTEMPTS):
            if self._verified == self.base.nonce:
                return
            found = self._outside.map(self._write, documents)
            ahead = {document.key: above for document, above in zip(documents, found, strict=True) if above}
            if not ahead:
                self._verified = self.base.nonce
                return
            if not self._raise_generation(ahead):
                return
        raise RetryAfter(f"documents of {self.key} keep changing")

    def _write(self, document: Document) -> int:
        """Write one document; the generation found, when it is not one that this edition can have made."""
        assert self.base is not None
        state = self.base.documents[document.key]
        found = self._outside.documents.write(document, state.generation)
        impossible = found.generation > self.base.generation or (
            found.generation == state.generation and not found.same
        )
        return found.generation if impossible else 0

    def _raise_generation(self, ahead: Mapping[str, int]) -> bool:
        """The edition was lost and made anew, or a document was damaged: rise above it. False: not ours to do."""
        assert self.base is not None
        stored = self._outside.store.get(self.key)
        if stored is None or stored.etag != self._etag:
            return False
        generation = max(self.base.generation, *ahead.values()) + 1
        raised = {key: self.base.documents[key]._replace(generation=generation) for key in ahead}
        return self._put(replace(self.base, generation=generation, documents={**self.base.documents, **raised}))


def comes_due(entry: Entry, since: int, now: int) -> bool:
    """Whether something happens to a waiting article between `since` and `now`."""
    return since < entry.visible_from <= now or (entry.leaves is not None and entry.leaves <= now)
