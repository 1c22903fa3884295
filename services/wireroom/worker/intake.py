"""From records to arrivals: decode, admit, clean. What is bad goes to the dead letters, what is unknown stops."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from wireroom import codec
from wireroom.edition import Change, Entry
from wireroom.errors import Reject
from wireroom.event import ArticleEvent, Kind
from wireroom.log import Record
from wireroom.sink import Content, Definition, Sink
from wireroom.worker.deadletters import DeadLetters
from wireroom.worker.publications import Publications
from wireroom.worker.quarantine import GivenUp

Clean = Callable[[ArticleEvent], Content | None]  # what is shown of an article, None of one that is left out


class Cleaning:
    """An article, or the value that it is read from, and what is shown of it: cleaned once, when first asked for."""

    __slots__ = ("_article", "_clean", "_content", "_kept")

    def __init__(self, event: ArticleEvent, clean: Clean) -> None:
        self._article: ArticleEvent | bytes = event
        self._clean: Clean | None = clean
        self._content: Content | None = None
        self._kept: list[Content] = []

    @property
    def is_done(self) -> bool:
        """Whether it was asked for."""
        return self._clean is None

    def content(self) -> Content | None:
        """What is shown; None for a withdrawal and what is left out."""
        if self._clean is not None:
            event = codec.decode(self._article) if isinstance(self._article, bytes) else self._article
            self._content = None if event.kind is Kind.WITHDRAWN else self._clean(event)
            self._clean, self._article = None, b""
        return self._content

    def let_go(self, value: bytes) -> None:
        """Hold the value instead of the event that was read from it."""
        self._article = value if self._clean else b""

    def kept_by(self, definition: Definition) -> Content | None:
        """The part of the content that an edition needs; what many keep alike is one object."""
        content = self.content()
        if content is None or (kept := definition.keeps(content)) is content:
            return content
        if kept not in self._kept:
            self._kept.append(kept)
        return self._kept[self._kept.index(kept)]


class Arrival:
    """An event at its place in the log."""

    __slots__ = ("_cleaning", "event", "offset", "source")

    def __init__(self, source: str, offset: int, event: ArticleEvent, clean: Clean) -> None:
        self.source = source
        self.offset = offset
        self.event = event
        self._cleaning = Cleaning(event, clean)

    def clean(self) -> Content | None:
        """What is shown of the article, cleaned when first asked for; None for a withdrawal and what is left out."""
        return self._cleaning.content()

    def let_go(self, value: bytes) -> None:
        """Entries that are still to be cleaned hold `value` from here on: an event is several times as large."""
        self._cleaning.let_go(value)

    @property
    def is_usable(self) -> bool:
        """Whether it says something that may be shown: it is not left out."""
        return self.event.kind is Kind.WITHDRAWN or self.clean() is not None

    def change(self, definition: Definition, now: int | None = None) -> Change:
        """What it means for one edition; its entry is still to be cleaned, unless that was done already.

        What has left by `now` is not selected, where it leaves no tombstone.
        """
        event = self.event
        if definition.window.archive and definition.selects(event):
            self.clean()  # the page of its day shows it, whatever else comes
        cleaning, is_clean = self._cleaning, self._cleaning.is_done
        content = cleaning.kept_by(definition) if is_clean else {}
        if content is None or not definition.selects(event):
            return Change(self.source, self.offset, event.facts, None)
        leaves = definition.leaves(event)
        if leaves is not None and now is not None and leaves <= now and not definition.window.tombstones:
            return Change(self.source, self.offset, event.facts, None)
        clean = None if is_clean else partial(cleaning.kept_by, definition)
        entry = Entry(event.id, event.order, event.sort_key, event.visible_from, leaves, event.guid, content, 0, clean)
        return Change(self.source, self.offset, event.facts, entry)


class Intake:
    """Reads records for one sink. An article is cleaned when it is known that something shows it."""

    def __init__(self, sink: Sink, publications: Publications, letters: DeadLetters, given_up: GivenUp) -> None:
        self._sink = sink
        self._publications = publications
        self._letters = letters
        self._given_up = given_up

    def accept(self, source: str, record: Record) -> Arrival | None:
        """What the first reader makes of a record; None when it went to the dead letters.

        An article that turns out bad as it is cleaned goes there then.
        Raises Red for a schema or a kind from the future, and when most records are bad.
        """
        try:
            event = codec.decode(record.value)
            self._publications.admit(event)
        except Reject as reason:
            self._letters.reject(record, reason)
            return None
        self._letters.accept(record)
        return self._arrival(source, record, event, partial(self._content_or_letter, record))

    def give_up(self, record: Record) -> None:
        """Send a record that killed the process to the dead letters, unread; nobody reads it again."""
        if record not in self._given_up:
            self._letters.reject(record, Reject("kills-the-process"))
            self._letters.write()  # before it is given up: a death in between may tell twice, never not at all
            self._given_up.add(record)

    def reread(self, source: str, records: Sequence[Record], tell: bool = False) -> Iterator[Arrival]:
        """What is made of records that the first reader has read, or will: the same, but bad ones it tells of.

        With `tell`, so is one that turns out bad only now.
        """
        for record in records:
            if record in self._given_up:
                continue
            try:
                event = codec.decode(record.value)
                self._publications.admit(event)
            except Reject:
                continue
            clean = partial(self._content_or_letter, record) if tell else self._content
            yield self._arrival(source, record, event, clean)

    def _arrival(self, source: str, record: Record, event: ArticleEvent, clean: Clean) -> Arrival:
        arrival = Arrival(source, record.offset, event, clean)
        if self._sink.direct(event) is not None:
            arrival.clean()  # its own document shows it, whatever the editions do
        return arrival

    def _content(self, event: ArticleEvent) -> Content | None:
        with suppress(Reject):
            return self._sink.content(event)
        return None

    def _content_or_letter(self, record: Record, event: ArticleEvent) -> Content | None:
        try:
            content = self._sink.content(event)
        except Reject as reason:
            self._letters.reject(record, reason)
            return None
        self._letters.accept(record)
        return content
