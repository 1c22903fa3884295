"""Plain text: what may stand in any document, whatever the publishing system sent."""

import re
from html import unescape
from html.entities import html5

# All that XML 1.0 (2.2 Char) forbids, lone surrogates among it, what it discourages, and byte order marks.
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAKS = re.compile("[ \t\n\r\x85\u2028\u2029]+")  # no-break and ideographic spaces mean something: they stay


def legal(value: str) -> str:
    """The text without what XML 1.0 forbids or discourages: controls, lone surrogates, non-characters."""
    if value.replace("\n", "").isprintable():  # most text is, and to see it takes half as long
        return value
    return _ILLEGAL.sub("", value)


def plain(value: str) -> str:
    """Text as a reader sees it: references decoded once, white space collapsed, illegal characters gone.

    Only whole references are decoded: the `&copy=2` of an address stays.
    """
    if value.isprintable() and "&" not in value:  # most text: its only white space is the plain space
        return " ".join(value.split())
    decoded = _REFERENCE.sub(_decode, value) if "&" in value else value
    return _BREAKS.sub(" ", legal(decoded)).strip()


def _decode(reference: re.Match[str]) -> str:
    whole = reference[0]
    return unescape(whole) if whole[1] == "#" else html5.get(whole[1:], whole)
