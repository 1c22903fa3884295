"""What a request's headers decide, as pure functions (RFC 9110)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from wireroom.clock import SECOND, micros, moment

IDENTITY = "identity"
_USUAL = 256  # bytes of a header whose meaning is remembered
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_WEIGHTED = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]*)?)\s*)?", re.IGNORECASE)


def fields(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Headers by name; lines of the same name are one list (section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return found


def coding(accept_encoding: bytes, offered: tuple[str, ...]) -> str:
    """The one of those `offered` that the reader likes best, the first of equals; else identity (section 12.5.3)."""
    return (_known_coding if len(accept_encoding) <= _USUAL else _coding)(accept_encoding, offered)


def _coding(accept_encoding: bytes, offered: tuple[str, ...]) -> str:
    wanted = _weights(accept_encoding)
    rest = wanted.get("*", 0.0)
    weights = {name: wanted.get(name, 0.0 if name == IDENTITY else rest) for name in (*offered, IDENTITY)}
    best = max(weights, key=weights.__getitem__)
    return best if weights[best] > 0 else IDENTITY


_known_coding = lru_cache(1024)(_coding)


def wants_delta(a_im: bytes) -> bool:
    """Whether the reader takes only what is new of a feed: `A-IM: feed` (RFC 3229, section 10.5.3)."""
    return _weights(a_im).get("feed", 0.0) > 0


def _weights(field: bytes) -> Mapping[str, float]:
    """Members of a list by name in lower case, each with its weight (section 12.4.2); what is malformed is left out."""
    matches = (_WEIGHTED.fullmatch(part) for part in field.decode("latin-1").lower().split(","))
    return {match[1]: float(match[2] or 1) for match in matches if match}


def last_modified(modified: int, read_at: int) -> int | None:
    """The date to give, in whole seconds, for a state that was read at `read_at` (microseconds); None: none yet.

    A date has seconds, and two changes may share one: so it is rounded up, and given only when no other change can
    get the same (section 8.8.2.2). A reader that knows only dates then never misses the second change, and libcurl,
    which drops the body of a 200 whose date is not later than the one it knew, drops none.
    """
    date = modified // SECOND + 1
    return date if date < read_at // SECOND else None


@lru_cache(256)
def http_date(seconds: int) -> str:
    """An IMF-fixdate (section 5.6.7)."""
    return format_datetime(moment(seconds * SECOND), usegmt=True)


def tags(if_none_match: bytes) -> Sequence[bytes]:
    """The ETags in a list, each as if it were strong: If-None-Match compares weakly (section 8.8.3.2)."""
    return _TAG.findall(if_none_match)


def not_modified(headers: Mapping[bytes, bytes], etag: str, modified: int, now: int) -> bool:
    """Whether the reader has this state already: an ETag of it or, only if none was sent, a date (section 13.2.2).

    A date that is still to come says nothing: it is of a clock that is wrong. `modified`, `now`: microseconds.
    """
    if (known := headers.get(b"if-none-match")) is not None:
        return known.strip() == b"*" or etag.encode() in tags(known)
    since = _seconds(headers.get(b"if-modified-since", b"").decode("latin-1"))
    return since is not None and modified // SECOND + 1 <= since <= now // SECOND


def _seconds(date: str) -> int | None:
    """An HTTP date in seconds since the epoch; None for anything else."""
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # a year or a zone of twenty digits
        return None
    return micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) // SECOND
