"""What a request's headers decide, as pure functions (RFC 9110)."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime

from wireroom.clock import SECOND, micros, moment

_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_CODING = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?")


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the reader takes gzip (section 12.5.3): named or by `*`, and not with a quality of 0."""
    matches = (_CODING.fullmatch(part) for part in accept_encoding.lower().split(","))
    qualities = {match[1]: match[2] for match in matches if match}
    quality = qualities.get("gzip", qualities.get("*", "0"))
    return quality is None or quality.strip("0.") != ""


def last_modified(modified: int, read_at: int) -> int:
    """The date to give, in whole seconds, for a state that was read at `read_at` (both in microseconds).

    A date has seconds, and two changes may share one: so it is rounded up, and held back until no other change can
    get the same (section 8.8.2.2). A reader that knows only dates then never misses the second change.
    """
    return min(modified // SECOND + 1, read_at // SECOND - 1)


def http_date(seconds: int) -> str:
    """An IMF-fixdate (section 5.6.7)."""
    return format_datetime(moment(seconds * SECOND), usegmt=True)


def not_modified(headers: Mapping[bytes, bytes], etag: str, modified: int) -> bool:
    """Whether the reader has this state already: an ETag of it or, only if none was sent, a date (section 13.2.2).

    `modified`: microseconds. If-None-Match compares weakly (section 8.8.3.2).
    """
    if (known := headers.get(b"if-none-match")) is not None:
        return known.strip() == b"*" or etag.encode() in _TAG.findall(known)
    since = _seconds(headers.get(b"if-modified-since", b"").decode("latin-1"))
    return since is not None and modified // SECOND + 1 <= since


def _seconds(date: str) -> int | None:
    """An HTTP date in seconds since the epoch; None for anything else."""
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # a year or a zone of twenty digits
        return None
    return micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) // SECOND
