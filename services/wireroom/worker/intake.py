"""From records to arrivals: decode, admit, sanitise. What is bad goes to the dead letters, what is unknown stops."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wireroom import codec
from wireroom.clock import Clock, micros
from wireroom.edition import Change, Entry
from wireroom.errors import Reject
from wireroom.event import ArticleEvent, Kind
from wireroom.log import Record
from wireroom.sink import Content, Definition, Sink
from wireroom.worker.deadletters import DeadLetters
from wireroom.worker.publications import Publications
from wireroom.worker.quarantine import GivenUp


class Arrival(NamedTuple):
    """An event at its place in the log.

    `content` is None for a withdrawal, and for an article that nothing shows or that was left out.
    """

    source: str
    offset: int
    event: ArticleEvent
    content: Content | None

    @property
    def is_usable(self) -> bool:
        """Whether it says something that may be shown: it was not left out."""
        return self.content is not None or self.event.kind is Kind.WITHDRAWN

    def change(self, definition: Definition) -> Change:
        """What it means for one edition."""
        event = self.event
        if self.content is None or not definition.selects(event):
            return Change(self.source, self.offset, event, None)
        entry = Entry(
            id=event.id,
            order=event.order,
            key=(micros(event.published_at), event.id),
            visible_from=event.visible_from,
            leaves=definition.leaves(event),
            guid=event.guid,
            content=definition.keeps(self.content),
        )
        return Change(self.source, self.offset, event, entry)


class Intake:
    """Reads records for one sink."""

    def __init__(
        self, sink: Sink, publications: Publications, letters: DeadLetters, given_up: GivenUp, clock: Clock
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._publications = publications
        self._letters = letters
        self._given_up = given_up

    def accept(self, source: str, record: Record) -> Arrival | None:
        """What the first reader makes of a record; None when it went to the dead letters.

        Raises Red for a schema or a kind from the future, and when most records are bad.
        """
        try:
            event = codec.decode(record.value)
            self._publications.admit(event)
        except Reject as reason:
            self._letters.reject(record, reason)
            return None
        try:
            content = self._content(event)
        except Reject as reason:
            self._letters.reject(record, reason)
            content = None
        else:
            self._letters.accept()
        return Arrival(source, record.offset, event, content)

    def give_up(self, record: Record) -> None:
        """Send a record that killed the process to the dead letters, unread; nobody reads it again."""
        if record not in self._given_up:
            self._letters.reject(record, Reject("kills-the-process"))
            self._letters.write()  # before it is given up: a death in between may tell twice, never not at all
            self._given_up.add(record)

    def reread(self, source: str, records: Sequence[Record]) -> Iterator[Arrival]:
        """What the second reader makes of records: the same, but bad ones were told of by the first."""
        for record in records:
            if record in self._given_up:
                continue
            try:
                event = codec.decode(record.value)
                self._publications.admit(event)
            except Reject:
                continue
            try:
                content = self._content(event)
            except Reject:
                content = None
            yield Arrival(source, record.offset, event, content)

    def _content(self, event: ArticleEvent) -> Content | None:
        return self._sink.content(event) if self._is_wanted(event) else None

    def _is_wanted(self, event: ArticleEvent) -> bool:
        """Whether anything may show it: an article that nothing does is not worth cleaning, nor a dead letter."""
        if event.kind is Kind.WITHDRAWN:
            return False
        now = self._clock.now()
        definitions = self._sink.definitions(event.publication)
        return any(_may_show(each, event, now) for each in definitions) or self._sink.direct(event) is not None


def _may_show(definition: Definition, event: ArticleEvent, now: int) -> bool:
    """Whether an edition takes it; one that has left already counts only where it leaves a tombstone."""
    if not definition.selects(event):
        return False
    leaves = definition.leaves(event)
    return leaves is None or leaves > now or bool(definition.window.tombstones)
