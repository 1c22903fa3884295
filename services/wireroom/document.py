"""A document: rendered bytes with a key, a media type and a generation inside.

The generation stands in the body (an ETag covers the body only, so content that returns has new bytes all the same).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

_MARK = re.compile(
    rb'<!-- wireroom:generation (\d+) -->|"_wireroom":\{"generation":(\d+)|"wireroom:generation","value":"(\d+)"'
)
_TAIL = 200  # bytes at the end of a document, among which the mark stands

ArticleAt = tuple[str, str, int]  # publication, article id, revision


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document, but for the digits of its generation, which go between `head` and `tail`.

    XML ends with `<!-- wireroom:generation N -->` before the root's end tag, JSON Feed with
    `"_wireroom":{"generation":N …}`; ninjs has an altId `{"role":"wireroom:generation","value":"N"}`.
    `articles` are those that it shows; `language`: the one that it is written in, if it is in one.
    """

    key: str
    media_type: str
    head: bytes
    tail: bytes
    articles: tuple[ArticleAt, ...] = ()
    cache_control: str = "public, max-age=60"
    language: str = ""

    def digest(self) -> str:
        """The identity of its content, generation apart."""
        state = hashlib.sha256(self.head)  # twice as fast as the others, where the processor knows it
        state.update(b"\0")
        state.update(self.tail)
        return state.hexdigest()[:32]

    def body(self, generation: int) -> bytes:
        """The bytes to be published."""
        return b"".join(self.pieces(generation))

    def pieces(self, generation: int) -> tuple[bytes, ...]:
        """The same, not yet put together."""
        return (self.head, b"%d" % generation, self.tail)


def generation_of(body: bytes) -> int:
    """The generation that a published body carries; 0 when it carries none (it is not ours)."""
    found = max(_MARK.finditer(body, len(body) - _TAIL), key=re.Match[bytes].start, default=None)
    return int(next(group for group in found.groups() if group)) if found else 0


class DocumentChanged(NamedTuple):
    """What the log `documents` says once a document is durable: `schemas/document_changed.avsc`.

    `changed_at`: microseconds since the epoch; `articles`: those that it shows now and did not at this revision when
    it was last announced by this worker (all, after a start). Consumers drop generations not above the
    last one that they have seen of `key`.
    """

    key: str
    generation: int
    etag: str
    media_type: str
    worker: str
    changed_at: int
    articles: tuple[ArticleAt, ...] = ()
