"""What is answered to a request for a document, as pure functions (RFC 9110)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from wireroom.clock import SECOND
from wireroom.serve.conditions import accepts_gzip, http_date, last_modified, not_modified
from wireroom.serve.documents import Served

STALE = 5 * SECOND  # after which a reader is told that the store could not be asked
Header = tuple[bytes, bytes]
SAFE: Sequence[Header] = [(b"x-content-type-options", b"nosniff")]
_date = lru_cache(256)(http_date)


class Answer(NamedTuple):
    """A whole answer; `body` goes out unless the reader asked for the head alone."""

    status: int
    headers: Sequence[Header]
    body: bytes = b""


def of_document(served: Served, asked: Mapping[bytes, bytes], cache_control: str, now: int) -> Answer:
    """A document, or that the reader has it already; the tombstone of a withdrawn article comes as 410.

    `asked`: the request's headers, names in lower case. `now`: microseconds since the epoch.
    """
    body, etag, packed = served.encoded(accepts_gzip(asked.get(b"accept-encoding", b"").decode("latin-1")))
    modified = served.stored.modified
    headers: list[Header] = [
        *SAFE,
        (b"etag", etag.encode()),
        (b"last-modified", _date(last_modified(modified, served.read_at)).encode()),
        (b"cache-control", cache_control.encode()),
        (b"vary", b"Accept-Encoding"),
        *_age(now - served.read_at),
    ]
    if not served.withdrawn and not_modified(asked, etag, modified):
        return Answer(304, headers)
    if packed:
        headers.append((b"content-encoding", b"gzip"))
    headers += (b"content-type", served.media_type.encode()), _length(body)
    return Answer(410 if served.withdrawn else 200, headers, body)


def of_text(status: int, text: str, *headers: Header) -> Answer:
    """A line for a person."""
    body = f"{text}\n".encode()
    return Answer(status, [*SAFE, (b"content-type", b"text/plain; charset=utf-8"), _length(body), *headers], body)


def _length(body: bytes) -> Header:
    return b"content-length", b"%d" % len(body)


def _age(age: int) -> Sequence[Header]:
    """Section 5.1; the warning of RFC 7234 is obsolete and still what people look for."""
    if age < STALE:
        return ()
    return (b"age", b"%d" % (age // SECOND)), (b"warning", b'110 - "Response is Stale"')
