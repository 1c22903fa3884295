"""Bugs that a chaos run must catch: each breaks one rule of the protocol in the worker that is started with it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wireroom.document import Document
from wireroom.edition import Edition, fold
from wireroom.worker import live
from wireroom.worker.documents import DocumentWriter, Found
from wireroom.worker.owned import Owned
from wireroom.worker.session import Session


def blind_documents() -> None:
    """A document is put whatever lies there."""

    def write(self: DocumentWriter, document: Document, generation: int) -> Found:
        written = False
        while not written:
            there = self._store.get(document.key)
            written = self._put(document, generation, there.etag if there else None)
        return Found(generation, same=True)

    DocumentWriter.write = write  # type: ignore[method-assign]


def early_commit() -> None:
    """What was read is committed, published or not."""

    def done(self: Session, owned: Owned) -> int:
        return owned.position

    Session._done = done  # type: ignore[method-assign]


def applied_ignored() -> None:
    """What was merged already is merged again."""

    def forgetful(edition: Edition, *rest: Any) -> Edition:  # noqa: ANN401
        folded = fold(replace(edition, applied={}), *rest)
        return replace(folded, applied={**edition.applied, **folded.applied})

    vars(live)["fold"] = forgetful


BUGS: Mapping[str, Callable[[], None]] = {
    "blind documents": blind_documents,
    "early commit": early_commit,
    "applied ignored": applied_ignored,
}
