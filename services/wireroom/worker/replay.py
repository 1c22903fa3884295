"""Rebuild a sink's documents from the log beside the live ones, show the difference, publish it.

The rebuilt edition contains at least what the live one does, and is written under the condition that the live one did
not change: to a worker at work this is one more writer of the same edition.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from wireroom import codec
from wireroom.clock import Clock, SteadyClock
from wireroom.config import Settings
from wireroom.document import Document, generation_of
from wireroom.edition import Edition
from wireroom.errors import Red
from wireroom.event import Order
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Log
from wireroom.sink import Definition, Direct, Sink
from wireroom.store import Store, Stored
from wireroom.worker.catchup import SLICE, Build, Pass, build_window
from wireroom.worker.deadletters import DeadLetters
from wireroom.worker.documents import DocumentWriter
from wireroom.worker.intake import Intake
from wireroom.worker.live import LiveEdition, Outside
from wireroom.worker.publications import Publications
from wireroom.worker.quarantine import GivenUp
from wireroom.worker.sources import Sources

_BEFORE, _EXCERPT = 20, 80  # bytes shown before the first that differs, and in all
Progress = Callable[[int], None]  # called with the number of records read since the last call


@dataclass(frozen=True, slots=True)
class Difference:
    """What a replay would change of one document. Articles as `publication/article_id@revision`.

    `before` and `after`: what begins to differ, where the document was there.
    """

    key: str
    was: str  # missing | other content
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class Replay:
    """One rebuild. `find` and `find_direct`, then `publish` what was found."""

    def __init__(self, sink: Sink, log: Log, store: Store, settings: Settings, clock: Clock) -> None:
        self._sink = sink
        self._log = log
        self._store = store
        self._clock = steady = SteadyClock(clock)
        self._publications = Publications(settings, store)
        self._publications.load()
        self._sources = Sources(log, settings)
        letters, given_up = DeadLetters(log, sink.name), GivenUp(store, sink.name)
        self._intake = Intake(sink, self._publications, letters, given_up)
        self._documents = DocumentWriter(store, steady, sink.name)
        self._outside = Outside(
            store=store,
            clock=steady,
            documents=self._documents,
            publications=self._publications,
            worker=sink.name,
            member=uuid4().hex,
            reread=lambda *_: (),
            newest=lambda _: None,
            adopted=lambda: None,
            remember=lambda: None,
            fence=lambda: None,
            map=map,
        )
        self._rebuilt: list[tuple[LiveEdition, Edition]] = []
        self._direct: dict[str, Order] = {}

    # ---- finding -----------------------------------------------------------------------------------------------

    def find(self, progress: Progress) -> list[Difference]:
        """Rebuild every edition in memory, in one pass, and compare.

        Raises Red when the workers run another configuration.
        """
        differences = []
        for live, built in self._rebuild(list(self._editions()), progress):
            if found := list(self._compare(live, built)):
                differences += found
                self._rebuilt.append((live, built))
        return differences

    def _editions(self) -> Iterator[LiveEdition]:
        met = set()
        for publication in list(self._publications):
            for definition in self._sink.definitions(publication):
                live = LiveEdition(definition, self._outside)
                if live.key not in met:
                    met.add(live.key)
                    live.load()
                    _check_definition(live, definition)
                    yield live

    def _rebuild(self, editions: Sequence[LiveEdition], progress: Progress) -> Iterator[tuple[LiveEdition, Edition]]:
        partitions = self._sources.everywhere()
        end = {source: self._log.end(partition) for source, partition in partitions.items()}
        builds = [_from_nothing(live, self._sources.of(live.definition)) for live in editions]
        reading = Pass(self._log, self._intake, self._outside, builds, end)
        told = 0
        while not reading.step(partitions, end):
            progress(reading.read - told)
            told = reading.read
        for build in reading.builds:
            yield build.live, build.live.continued(build.draft)

    def _compare(self, live: LiveEdition, built: Edition) -> Iterator[Difference]:
        before = live.render(live.draft)
        after = live.render(built)
        articles = {document.key: _articles(document) for document in before}
        for document in after:
            stored = self._store.get(document.key)
            if stored is None or stored.body != document.body(generation_of(stored.body)):
                new, old = _articles(document), articles.get(document.key, ())
                added, removed = (tuple(a for a in x if a not in y) for x, y in ((new, old), (old, new)))
                yield _difference(document, stored, added, removed)

    def find_direct(self, progress: Progress) -> list[Difference]:
        """Compare the documents that are their own editions.

        Of an article the newest event alone counts: it may have no document yet, and an older one must not get one.
        """
        found: dict[str, Difference] = {}
        newest: dict[str, Order] = {}  # of what differs, or has no document
        for order, direct in self._directs(progress):
            stored = self._store.get(direct.key)
            document = direct.merge(stored, self._clock.now(), self._publications)
            if (document is None and stored) or order < newest.get(direct.key, order):
                continue
            newest[direct.key] = order
            found.pop(direct.key, None)
            if document:
                found[direct.key] = _difference(document, stored)
        self._direct = {key: newest[key] for key in found}
        return list(found.values())

    def _directs(self, progress: Progress) -> Iterator[tuple[Order, Direct]]:
        for topic in (ARTICLES, BACKFILL):
            for partition in self._log.partitions(topic):
                offset, end = 0, self._log.end(partition)
                while offset < end and (records := self._log.read(partition, offset, SLICE)):
                    for arrival in self._intake.reread(self._sources.name(partition), records):
                        if not arrival.is_usable:
                            continue
                        if (direct := self._sink.direct(arrival.event)) is None:
                            return  # this sink has no such documents
                        yield arrival.event.order, direct
                    offset = records[-1].offset + 1
                    progress(len(records))

    # ---- publishing --------------------------------------------------------------------------------------------

    def publish(self, progress: Progress) -> None:
        """Bring every document that differs to its new form; a document whose content is the same is not touched."""
        for live, built in self._rebuilt:
            archived = live.definition.window.archive
            live.replay(replace(built, unarchived=frozenset(built.entries)) if archived else built)
        for order, direct in self._directs(progress) if self._direct else ():
            if self._direct.get(direct.key) == order:
                self._documents.merge(direct, self._publications)
        changes = [codec.encode_change(change) for change in self._documents.take_changes()]
        if changes:
            self._log.append(DOCUMENTS, changes)


def _check_definition(live: LiveEdition, definition: Definition) -> None:
    if live.base is not None and live.base.definition != definition.digest:
        raise Red(
            f"{live.key} has another definition than this configuration gives it",
            "start the worker with this configuration first; it fills the edition itself",
        )


def _from_nothing(live: LiveEdition, homes: Iterable[str]) -> Build:
    """`homes`: the partitions that its events belong to."""
    empty, window = Edition(live.definition.digest, epoch=""), build_window(live.definition.window)
    return Build(live, empty, window, True, {*homes, *(live.base.applied if live.base else ())})


def _difference(
    document: Document, stored: Stored | None, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()
) -> Difference:
    if stored is None:
        return Difference(document.key, "missing", added, removed)
    old, new = stored.body, document.body(generation_of(stored.body))
    at = max(0, _first_difference(old, new) - _BEFORE)
    before, after = (body[at : at + _EXCERPT].decode(errors="replace") for body in (old, new))
    return Difference(document.key, "other content", added, removed, before, after)


def _first_difference(one: bytes, other: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _articles(document: Document) -> Sequence[str]:
    return [f"{publication}/{article}@{revision}" for publication, article, revision in document.articles]
