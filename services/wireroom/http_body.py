"""The body of an answer over HTTP, bounded in size and time, and known to be whole."""

import time

from urllib3 import BaseHTTPResponse

from wireroom.errors import RetryAfter

_BLOCK = 65_536


def read_body(answer: BaseHTTPResponse, who: str, most: int, deadline: float) -> bytes:
    """The body, as it is sent; of one that is longer than `most`, more than that of it. `deadline`: of time.monotonic.

    Raises RetryAfter when `who` takes longer, or does not say where it ends: a loss could not be told (RFC 9112, 6.3).
    """
    if not (answer.headers.get("Content-Length") or answer.headers.get("Transfer-Encoding")):
        raise RetryAfter(f"{who} does not say where its answer ends", 5.0)
    text = b""
    while len(text) <= most and (block := answer.read1(_BLOCK, decode_content=False)):
        text += block
        if time.monotonic() > deadline:
            raise RetryAfter(f"{who} takes too long", 5.0)
    return text
