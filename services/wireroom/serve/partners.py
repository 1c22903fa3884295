"""Who may read which private feed: pure decisions on a request's path and headers.

/private/feeds/{publication}/{feed}.{format}          with Basic (the key is the password) or Bearer
/private/{key}/feeds/{publication}/{feed}.{format}    for programs that know addresses only
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import NamedTuple

from wireroom.clock import micros
from wireroom.config_partners import PartnerSettings

PREFIX = "/private/"
_ID = "[a-z0-9][a-z0-9-]{0,63}"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"  # of a page of an archive
_PATH = re.compile(rf"(feeds/({_ID}/{_ID})(?:/{_DAY})?\.(?:rss|atom|json))", re.ASCII)


class Asked(NamedTuple):
    """What a path asks for, and with which key. `document`: its key in the store; `feed`: publication/feed."""

    secret: str | None
    document: str | None
    feed: str | None


def asked(path: str, authorization: Sequence[bytes]) -> Asked:
    """What is asked for by a path that begins with `/private/` and the headers `Authorization`.

    A key in the path counts before one in a header. What is no address of a document has none.
    """
    rest = path.removeprefix(PREFIX)
    first, _, more = rest.partition("/")
    secret, rest = (first, more) if first.startswith("wr_") else (_secret(authorization), rest)
    found = _PATH.fullmatch(rest)
    return Asked(secret, f"private/{found[1]}", found[2]) if found else Asked(secret, None, None)


def _secret(authorization: Sequence[bytes]) -> str | None:
    """The key in a header: Bearer (RFC 6750), or Basic with the key as the password (RFC 7617)."""
    if len(authorization) != 1:
        return None
    scheme, _, given = authorization[0].decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(given.strip(), validate=True).decode("latin-1").partition(":")[2]
    except (binascii.Error, ValueError):
        return None


def has_ended(partner: PartnerSettings, now: int) -> bool:
    """Whether its access has ended at a time, in microseconds since the epoch."""
    return partner.until is not None and micros(partner.until) <= now
