"""What an answer to a notification means, and when to try again. Pure.

DELIVERED  any 2xx
ENDED      410: who is there wants no more (Standard Webhooks 1.0, "Disabling endpoints"; WebSub, 7)
AWAY       no answer, or 408, 425, 429, 502, 503, 504: not because of what was sent, so it waits for as long as it takes
REFUSED    any other, redirections too: none is followed. After `TRIES` it is given up
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

from wireroom.clock import DAY, HOUR, SECOND, micros

TRIES = 20  # of one notification that is refused: some eight hours
BREAKS = 5  # failures in a row after which the circuit counts as open
_FIRST, _LONGEST = SECOND, HOUR  # between two tries, at first and at last
_AWAY = frozenset((408, 425, 429, 502, 503, 504))


class Verdict(StrEnum):
    """See above."""

    DELIVERED = "delivered"
    ENDED = "ended"
    AWAY = "away"
    REFUSED = "refused"


class Outcome(NamedTuple):
    """`retry_after`: microseconds for which the other side asked to be left alone."""

    verdict: Verdict
    reason: str = ""
    retry_after: int = 0


DELIVERED = Outcome(Verdict.DELIVERED)


def outcome(status: int, headers: Mapping[str, str], now: int) -> Outcome:
    """What an answer means; header names in lower case."""
    if 200 <= status < 300:
        return DELIVERED
    if status == 410:
        return Outcome(Verdict.ENDED, "it answered 410, and wants no more")
    reason = f"it answered {status}"
    if 300 <= status < 400:
        reason += ", a redirection, which is not followed"
    verdict = Verdict.AWAY if status in _AWAY else Verdict.REFUSED
    return Outcome(verdict, reason, retry_after(headers.get("retry-after", ""), now))


def retry_after(value: str, now: int) -> int:
    """Microseconds that a header Retry-After asks for (RFC 9110, 10.2.3), a day at most; 0 when it cannot be read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]) * SECOND, DAY)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0
    return min(max(0, micros(_aware(date)) - now), DAY)


def circuit(ended: bool, failures: int) -> str:
    """How a subscriber is, in a word: well, retrying, open (only a try now and then), ended."""
    if ended:
        return "ended"
    return "open" if failures >= BREAKS else "retrying" if failures else "well"


def _aware(date: datetime) -> datetime:
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def pause(failures: int, jitter: float) -> int:
    """Microseconds until the next try after so many failures in a row: doubled each time, an hour at most.

    `jitter` from 0 to 1 takes up to half of it away, so that subscribers that failed together do not return together.
    """
    full = min(_FIRST << min(failures - 1, 20), _LONGEST)
    return full - int(full * jitter / 2)
