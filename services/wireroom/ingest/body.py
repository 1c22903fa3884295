"""The body of a request: read no further than its limit, unpacked no further either, and not for ever."""

import asyncio
import zlib
from collections.abc import Mapping

from wireroom.asgi import Receive
from wireroom.errors import Fault
from wireroom.ingest.memory import Share
from wireroom.ingest.problems import Problem

PATIENCE = 30.0  # seconds for all of it
_DISCARDED = 16_000_000  # bytes of a refused body that are read, for whom reads no answer before having sent all
_DISCARDING = 2.0  # seconds for that
_BLOCK = 65_536  # bytes that are unpacked at a time, and counted
_GZIP = 31  # zlib's number for gzip with the largest window


class Disconnected(Exception):  # nobody is there to be told of an error
    """The client has gone."""


async def read(receive: Receive, headers: Mapping[bytes, bytes], limit: int, share: Share) -> bytes:
    """The body, unpacked. Raises Problem: `invalid-request`, `timeout`, `too-large`, `unsupported-media-type`."""
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"identity", b"gzip"):
        expected = [Fault("Content-Encoding", "an encoding that is not taken", "gzip, or none")]
        raise Problem("unsupported-media-type", "The body is encoded in a way that is not taken.", expected)
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    parts = _Unpacked(limit, share) if encoding == b"gzip" else _Plain(limit, share)
    try:
        async with asyncio.timeout(PATIENCE):
            while await _next(receive, parts):
                pass
    except TimeoutError:
        raise Problem("timeout", f"The body was not there {PATIENCE:.0f} seconds after its head.") from None
    return parts.whole()


async def discard(receive: Receive) -> bool:
    """Read what comes of a refused body; whether that was all of it. Else the connection must end."""
    left = _DISCARDED
    try:
        async with asyncio.timeout(_DISCARDING):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return True
    except TimeoutError:
        pass
    return False


async def _next(receive: Receive, parts: "_Plain") -> bool:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    parts.add(message.get("body", b""))
    more: bool = message.get("more_body", False)
    return more


class _Plain:
    """A body as it comes."""

    def __init__(self, limit: int, share: Share) -> None:
        self._limit = self._left = limit
        self._share = share
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Take what came. Raises Problem when it is too much."""
        self._keep(data)

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._parts) if len(self._parts) != 1 else self._parts[0]

    def _keep(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._limit)
        self._share.grow(len(data))
        if data:
            self._parts.append(data)


class _Unpacked(_Plain):
    """A body in gzip, of one member or several (RFC 1952, section 2.2)."""

    def __init__(self, limit: int, share: Share) -> None:
        super().__init__(limit, share)
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    def add(self, data: bytes) -> None:
        """Unpack what came, no further than the limit. Raises Problem when it is too much, or no gzip."""
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                self._begun = True
                self._keep(self._member.decompress(data, _BLOCK))
                data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error:
            raise _no_gzip("bytes that are not gzip") from None

    def whole(self) -> bytes:
        """All of it. Raises Problem when its end is missing."""
        if not self._begun or not self._member.eof:
            raise _no_gzip("gzip that ends too early")
        return super().whole()


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The body has more than {limit:,} bytes.")


def _no_gzip(found: str) -> Problem:
    return Problem("invalid-request", "The body is not what it says.", [Fault("", found, "gzip, whole (RFC 1952)")])
