"""What is answered to a request for a document, as pure functions (RFC 9110)."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wireroom.clock import SECOND
from wireroom.serve.conditions import IDENTITY, http_date, last_modified, not_modified, tags, wants_delta
from wireroom.serve.documents import Served, has_deltas, is_public
from wireroom.serve.forms import Form, Forms

_CODED = re.compile('-(?:br|gzip)(?="$)')
STALE = 5 * SECOND  # after which a reader is told that the store could not be asked
Header = tuple[bytes, bytes]
SAFE: Sequence[Header] = [(b"x-content-type-options", b"nosniff")]
_SHOWN: Sequence[Header] = [  # a browser shows a document, and runs nothing of it
    *SAFE,
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
_FOR_SCRIPTS: Sequence[Header] = [  # of other sites: what is public is for them too
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Age, Retry-After"),
]
_PREFLIGHT: Sequence[Header] = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
]
_DELTA: Sequence[Header] = [
    (b"im", b"feed"),
    (b"cache-control", b"no-store, im"),  # RFC 3229, section 10.8.1: for caches that do not know of parts
    (b"vary", b"Accept-Encoding, A-IM, If-None-Match"),
]


class Answer(NamedTuple):
    """A whole answer; `body` goes out unless the reader asked for the head alone. `served`: what it is about."""

    status: int
    headers: Sequence[Header]
    body: bytes = b""
    served: Served | None = None


def of_document(
    served: Served,
    asked: Mapping[bytes, bytes],
    cache_control: str,
    now: int,
    told: Sequence[Header] | None = None,
) -> Answer:
    """A document, what is new in it, or that the reader has it already; a withdrawn article's tombstone as 410.

    `asked`: the request's headers, names in lower case. `now`: microseconds since the epoch. `told`: what else is
    told, if not what is told of every document.
    """
    form, encoding = _form(served.forms, asked)
    modified = served.stored.modified
    validators: list[Header] = [
        *((*_SHOWN, *for_scripts(served.key)) if told is None else told),
        (b"etag", form.etag.encode()),
        *_dated(last_modified(modified, served.read_at)),
        *_age(now - served.read_at),
    ]
    kept: list[Header] = [(b"cache-control", cache_control.encode()), (b"vary", b"Accept-Encoding")]
    if not served.withdrawn and not_modified(asked, form.etag, modified, now):
        return Answer(304, [*validators, *kept], served=served)
    described: list[Header] = [*validators, (b"content-type", served.media_type.encode())]
    if part := _since(served, asked):
        less, encoding = _form(part, asked)
        if len(less.body) < len(form.body):
            return Answer(226, [*described, *_DELTA, *encoding, _length(less.body)], less.body)
    status = 410 if served.withdrawn else 200
    return Answer(status, [*described, *kept, *encoding, _length(form.body)], form.body, served)


def _form(forms: Forms, asked: Mapping[bytes, bytes]) -> tuple[Form, Sequence[Header]]:
    """The body that the reader likes best, and how its coding is told."""
    name, form = forms.best(asked.get(b"accept-encoding", b""))
    return form, [] if name == IDENTITY else [(b"content-encoding", name.encode())]


def _since(served: Served, asked: Mapping[bytes, bytes]) -> Forms | None:
    """What is new since a state that the reader knows."""
    if not has_deltas(served.key) or not wants_delta(asked.get(b"a-im", b"")):
        return None
    known = (_CODED.sub("", tag.decode("latin-1")) for tag in tags(asked.get(b"if-none-match", b"")))
    return next((served.since(tag) for tag in known if tag in served.earlier), None)


def of_preflight(key: str) -> Answer:
    """That scripts of other sites may ask for it (section 4.8 of the Fetch standard)."""
    return Answer(204, [*SAFE, *for_scripts(key), *_PREFLIGHT])


def of_text(status: int, text: str, *headers: Header) -> Answer:
    """A line for a person."""
    body = f"{text}\n".encode()
    return Answer(status, [*SAFE, (b"content-type", b"text/plain; charset=utf-8"), _length(body), *headers], body)


def of_move(target: str) -> Answer:
    """A feed that has another address for good."""
    return of_text(301, target, (b"location", target.encode()), (b"cache-control", b"public, max-age=3600"))


def for_scripts(key: str) -> Sequence[Header]:
    """What lets scripts of other sites read public JSON."""
    return _FOR_SCRIPTS if key.endswith(".json") and is_public(key) else ()


def _length(body: bytes) -> Header:
    return b"content-length", b"%d" % len(body)


def _dated(date: int | None) -> Sequence[Header]:
    return () if date is None else ((b"last-modified", http_date(date).encode()),)


def _age(age: int) -> Sequence[Header]:
    """Section 5.1; the warning of RFC 7234 is obsolete and still what people look for."""
    if age < STALE:
        return ()
    return (b"age", b"%d" % (age // SECOND)), (b"warning", b'110 - "Response is Stale"')
