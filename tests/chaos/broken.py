"""Bugs that a chaos run must catch: each breaks one rule of the protocol in the worker that is started with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wireroom.document import Document
from wireroom.edition import Change, Edition, Window, fold
from wireroom.log import Record
from wireroom.worker import live
from wireroom.worker.documents import DocumentWriter, Found
from wireroom.worker.owned import Owned
from wireroom.worker.reader import FirstReader
from wireroom.worker.session import Session


def blind_documents() -> None:
    """A document is put whatever lies there."""

    def write(self: DocumentWriter, document: Document, generation: int) -> Found:
        written = False
        while not written:
            there = self._store.get(document.key)
            written = self._replace(document, generation, there.etag if there else None)
        return Found(generation, same=True)

    DocumentWriter.write = write  # type: ignore[method-assign]


def early_commit() -> None:
    """What was read is committed, published or not."""

    def done(self: Session, owned: Owned) -> int:
        return owned.position

    Session._done = done  # type: ignore[method-assign]


def applied_ignored() -> None:
    """What was merged already is merged again, as if nobody had seen it.

    One by one, for a batch hides what it undoes; and nothing is committed, so that there is something to read again.
    """

    def forgetful(edition: Edition, window: Window, changes: Iterable[Change], *rest: Any) -> Edition:  # noqa: ANN401
        changes, now = list(changes), rest[1]
        again = [each for each in changes if each.offset < edition.applied.get(each.source, 0)]
        fresh = [each for each in changes if each not in again]
        merged = fold(replace(edition, applied={}), window, again, {}, now, lambda _: None)
        return fold(replace(merged, applied=edition.applied), window, fresh, *rest)

    def rereads(self: FirstReader) -> bool:
        owned, editions = self._assignment.owned.values(), self._assignment.editions.values()
        bases = [edition.base.applied for edition in editions if edition.base]
        return any(each.position < applied.get(each.source, 0) for each in owned for applied in bases)

    def read(self: Session, records: Sequence[Record]) -> None:
        again = self.reader.careful
        read_all(self, records)
        if again:
            self.finish()

    def done(self: Session, owned: Owned) -> int:
        return owned.committed.offset

    read_all = Session._read
    vars(live)["fold"] = forgetful
    FirstReader.careful = property(rereads)  # type: ignore[assignment]
    Session._read = read  # type: ignore[method-assign]
    Session._done = done  # type: ignore[method-assign]


BUGS: Mapping[str, Callable[[], None]] = {
    "blind documents": blind_documents,
    "early commit": early_commit,
    "applied ignored": applied_ignored,
}
