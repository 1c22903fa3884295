"""Addresses as URIs (RFC 3986): what XML Schema, JSON Schema and the sitemaps protocol ask for, whatever was typed."""

import re
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import quote, urlsplit, urlunsplit

from wireroom.errors import Fault, Reject

_URI = re.compile(
    r"""https?://
        (?:[A-Za-z0-9._~!$&'()*+,;=:-]+@)?
        (?:\[[0-9A-Fa-f:.]+\] | (?:[A-Za-z0-9._~!$&'()*+,;=-] | %[0-9A-Fa-f]{2})+)
        (?::[0-9]*)?
        (?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-] | %[0-9A-Fa-f]{2})*)?
        (?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-] | %[0-9A-Fa-f]{2})*)?
        (?:\#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-] | %[0-9A-Fa-f]{2})*)?""",
    re.VERBOSE,
)
_DOTS = ".\u3002\uff0e\uff61"  # RFC 3490, 3.1
# What Python's codec, of 2003, maps to other names, and browsers keep (Unicode Technical Standard 46, 4).
_KEPT_LABEL = re.compile(f"[^:{_DOTS}]*[ßẞς\u200c\u200d][^:{_DOTS}]*")
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
_KEPT = "%!$&'()*+,;=:@/~"


@lru_cache(maxsize=4096)
def uri(address: str) -> str:
    """The address as an absolute http(s) URI in ASCII: IDNA for the host, percent-encoded UTF-8 for the rest.

    Raises Reject `invalid-url` when no encoding makes it one.
    """
    if _URI.fullmatch(address):
        return address
    encoded = _encoded(address)
    if not _URI.fullmatch(encoded):
        raise Reject("invalid-url", [Fault("url", repr(address[:200]), "an absolute http(s) address")])
    return encoded


def _encoded(address: str) -> str:
    try:
        scheme, host, path, query, fragment = urlsplit(_STRAY.sub("%25", address.strip()))
        host = host if host.isascii() else _ascii(host)
    except ValueError:
        return ""
    kept = (quote(path, _KEPT), quote(query, _KEPT + "?"), quote(fragment, _KEPT + "?"))
    return urlunsplit((scheme, host, *kept))


def _ascii(authority: str) -> str:
    """A host as registries know it, its port left as it is. Raises ValueError."""
    host, colon, port = _KEPT_LABEL.sub(_punycode, authority).partition(":")
    return host.encode("idna").decode() + colon + port


def _punycode(label: re.Match[str]) -> str:
    return "xn--" + normalize("NFKC", label[0].lower()).encode("punycode").decode()
