"""A page of an archive, as this worker brings it up to date: loaded, merged, published and let go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wireroom.archive import Arrival, Line, join, marks
from wireroom.document import Document
from wireroom.edition import Change, Edition, due, shown
from wireroom.sink import Definition
from wireroom.worker.live import Behind, LiveEdition, Outside


class Page(LiveEdition):
    """It has no epoch and no offsets: merging an event again changes nothing.

    `known`: the index has it, so that it must be there; `anew`: all events come again, for another definition;
    `mute`: more of them are to come, so what it shows now may have been withdrawn long ago.
    """

    def __init__(
        self,
        definition: Definition,
        outside: Outside,
        arrivals: Sequence[Arrival],
        *,
        known: bool,
        anew: bool,
        mute: bool,
    ) -> None:
        super().__init__(definition, outside)
        self._mute = mute
        self._arrivals = arrivals
        self._known = known
        self._anew = anew

    def bring_up(self, shows: tuple[str | None, str | None, str]) -> Line:
        """Read, merge and publish it; its line for the index.

        `shows`: what its documents are made with. Raises Behind where only the whole log can tell what belongs to it.
        """
        self.load()
        self._draft(self._begin())
        self.publish({})
        assert self.base is not None
        found, window = self.base, self.definition.window
        if self._mute:
            shows = (None, None, "")  # it is to be looked at once more
        has_documents = found.documents or (self._mute and shown(found, window))
        shows_now = (has_documents and shows) or None
        return Line(found.generation, found.clock, due(found, window), shows_now, marks(found.entries))

    def _begin(self) -> Edition:
        empty = Edition(self.definition.digest, epoch="")
        if self.base is None and self._known and not self._anew:
            raise Behind(self.key)
        if self.base is None or self.base.definition == empty.definition:
            return self.base or empty
        if not self._anew:
            raise Behind(self.key)
        return replace(self.base, definition=empty.definition, entries={}, gone={})

    def render(self, edition: Edition) -> Sequence[Document]:
        """None where nothing was ever shown; what an edition that was lost left behind is written over."""
        if self._mute:
            return ()
        documents = super().render(edition)
        if edition.documents or shown(edition, self.definition.window):
            return documents
        left = (self.base is None or self._anew) and any(
            self._outside.store.get(document.key) for document in documents
        )
        return documents if left else ()

    def _fold(self, changes: Sequence[Change], upto: Mapping[str, int]) -> None:  # type: ignore[override]
        self._draft(join(self.draft, self.definition.window, self._arrivals, self._outside.clock.now()))

    def _merge_again(self, upto: Mapping[str, int]) -> None:
        self._draft(self._begin())
        self._stale = False
