"""An edition with an archive: every article that it lets go of has a place in a page before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from wireroom.archive import Arrival, arrival
from wireroom.edition import Change, Edition, Entry, shown
from wireroom.sink import Archived, Definition
from wireroom.worker.archive import Archive
from wireroom.worker.live import Behind, LiveEdition, Outside

T = TypeVar("T")


class ArchivedEdition(LiveEdition):
    """What it shows waits in it, so that a page is seldom written; all else goes to its page at once."""

    def __init__(self, definition: Archived, outside: Outside) -> None:
        self._archive = Archive(definition, outside)
        super().__init__(definition, outside)

    def load(self) -> None:
        """Read the edition and the index of its pages."""
        super().load()
        self._archive.load()

    def _settled(self) -> None:
        super()._settled()
        self._archive.clear()

    @property
    def due(self) -> int | None:
        """When it, or a page, changes by the clock alone."""
        return min([time for time in (super().due, self._archive.due) if time is not None], default=None)

    def install(self, built: Edition) -> None:
        """Make `built` the draft. What waited for its page waits on, or goes there if `built` does not keep it."""
        if self.base and self.base.definition == self.definition.digest:
            waits, kept = self.draft.unarchived, built.entries.keys()
            left = [e for ident in waits - kept if (e := self.draft.entries.get(ident))]
            self._archive.take(Arrival(e.id, e.order, e.key, e) for e in left)
            built = replace(built, unarchived=waits & kept)
        super().install(built)

    def build_archive(self, changes: Sequence[Change], anew: bool) -> None:
        """Write to its pages what a build reads; `anew`: from the beginning of the log."""
        if anew:
            self._archive.begin_anew()
        self._archive.take(map(_arrival, changes))
        if self._archive.is_full:
            self._note_break(self._archive.write)

    def finish_archive(self) -> bool:
        """A build has read everything: write what is left of the pages, some at a time; whether all is."""
        return self._note_break(self._archive.finish)

    def _fold(self, changes: Iterable[Change], upto: Mapping[str, int]) -> None:
        changes = list(changes)
        moved = [_moved(change, held) for change in changes if (held := self.draft.entries.get(change.event.id))]
        before = self.draft
        super()._fold(changes, upto)
        self._archive.take(self._expired(before))
        self._archive.take(_arrival(change) for change in changes if not self._is_kept(change))
        self._archive.take(filter(None, moved))
        if self._overflows():
            self._let_go()
        if self._archive.is_full:
            self.flush_by(0)

    def _is_kept(self, change: Change) -> bool:
        """Whether the edition itself knows of the article, and that its page must wait for it; or a later one will."""
        event, held = change.event, self.draft.entries.get(change.event.id)
        if (newest := self._outside.newest(event.id)) is not None and newest > event.order:
            return True
        return held is not None and (held.order > event.order or held.id in self.draft.unarchived)

    def _expired(self, before: Edition) -> list[Arrival]:
        """What expired before any page had it: its page must know, so that no older revision comes back."""
        left = [e for i in before.unarchived - self.draft.entries.keys() if (e := before.entries.get(i))]
        return [Arrival(e.id, e.order, e.key, e) for e in left if e.leaves is not None and e.leaves <= self.draft.clock]

    def _overflows(self) -> bool:
        """Whether it shows no more something that no page has yet."""
        draft, window = self.draft, self.definition.window
        if not draft.unarchived:
            return False
        seen = {entry.id for entry in shown(draft, window)}
        return any(
            e.visible_from <= draft.clock and e.id not in seen for e in map(draft.entries.get, draft.unarchived) if e
        )

    def _let_go(self) -> None:
        """Everything visible goes to its page, so that it takes as long as can be until the next time."""
        draft = self.draft
        going = {e.id: e for i in draft.unarchived if (e := draft.entries.get(i)) and e.visible_from <= draft.clock}
        self._archive.take(Arrival(e.id, e.order, e.key, e) for e in going.values())
        self._draft(replace(draft, unarchived=draft.unarchived - going.keys()))

    def _hand_over(self) -> None:
        super()._hand_over()
        self._note_break(self._archive.write)
        newest = max(filter(None, (self.draft.newest_page, self._archive.newest)), default=None)
        if newest != self.draft.newest_page:
            self._draft(replace(self.draft, newest_page=newest))

    def _note_break(self, write: Callable[[], T]) -> T:
        try:
            if self.draft.newest_page and self._archive.is_lost:
                raise Behind(self.key)
            found = write()
        except Behind:
            self.is_broken = True
            raise
        return found


def edition(definition: Definition, outside: Outside) -> LiveEdition:
    """An edition as its definition wants it."""
    archive = definition.window.archive
    return ArchivedEdition(cast(Archived, definition), outside) if archive else LiveEdition(definition, outside)


def _moved(change: Change, held: Entry) -> Arrival | None:
    """What the page that has an article must know of an event that dates it otherwise, though it must not."""
    here = _arrival(change)
    return None if here.key == held.key else here._replace(key=held.key, entry=None)


def _arrival(change: Change) -> Arrival:
    return arrival(change, change.event.sort_key)
