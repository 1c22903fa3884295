"""Whether a subscriber means it (WebSub, 5.3): its callback must give back what only it was sent."""

import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from wireroom.clock import SECOND
from wireroom.errors import Reject, RetryAfter
from wireroom.notify.outbound import Outbound
from wireroom.notify.websub.request import Request

SECONDS = 5.0  # for an answer
_MOST = 1_000  # bytes that are read of it; what is longer is no challenge


class Verdict(NamedTuple):
    """What a callback said. `again`: it may say something else in a while."""

    confirmed: bool
    reason: str
    again: bool = False


def verify(outbound: Outbound, request: Request) -> Verdict:
    """Ask the callback once."""
    challenge = secrets.token_urlsafe(32)
    question = {
        "hub.mode": request.mode,
        "hub.topic": request.topic,
        "hub.challenge": challenge,
        "hub.lease_seconds": str(request.lease // SECOND),
    }
    try:
        answer = outbound.send("GET", with_query(request.callback, question), {}, seconds=SECONDS, most=_MOST)
    except Reject as error:
        return Verdict(False, str(error))
    except RetryAfter as error:
        return Verdict(False, str(error), again=True)
    if not 200 <= answer.status < 300:
        return Verdict(False, f"status {answer.status}", again=answer.status >= 500)
    if answer.body != challenge.encode():
        return Verdict(False, "the answer is not the challenge")
    return Verdict(True, "confirmed")


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """The URL with parameters after those that it has, which stay as they are."""
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return f"{url}{joint}{urlencode(parameters)}"
