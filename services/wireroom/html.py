"""Body HTML: what a feed reader may be given. The only module that knows nh3.

`nh3` keeps what is on its lists; addresses and pictures are ours, because it knows neither `srcset` nor lazy sources.
"""

import re
from functools import partial
from urllib.parse import urljoin, urlsplit

import nh3

from wireroom.bombs import refuse_bombs
from wireroom.text import legal

_LINKS = {"href", "cite"}
_MEDIA = {"src", "poster"}
_SETS = {"srcset"}
_LAZY = {"data-src": "src", "data-lazy-src": "src", "data-original": "src"}
_LAZY |= {"data-srcset": "srcset", "data-lazy-srcset": "srcset"}
_SCHEMES = {"http", "https"}
_LINK_SCHEMES = _SCHEMES | {"mailto", "tel"}
_IMAGE = {"src", "srcset", "sizes", "alt", "width", "height", *_LAZY}
_PLAYER = {"src", "controls", "width", "height"}

_NOT_IN_ADDRESS = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
_READY = re.compile(r'https?://[\w.-]+(?:/[^\x00-\x20\x7f"<>\\^`{|}]*)?')
_ROOTED = re.compile(r'/(?![/.])(?:[^\x00-\x20\x7f"<>\\^`{|}/]|/(?![.]))*')
_ORIGIN = re.compile("https?://[^/?#]*")
_HOST = re.compile(r"[\w.-]*\w[\w.-]*|[0-9a-f:.]+")
_CANDIDATE = re.compile(r"(\S++)(?:(?<!,)([^,]*+),?)?+")  # possessive: no input may cost more than its length
# In what nh3 writes, every `<` begins a tag or stands in a quoted value, and every value is quoted.
_TAG = re.compile(r"""<[a-z][a-z0-9]*(?:\s[\w-]+="[^"]*")+>""")
_ATTRIBUTE = re.compile(r"""\s(?P<name>[\w-]+)="(?P<value>[^"]*)\"""")
_PIXEL = re.compile(r"""(?=.*\swidth="[01]")(?=.*\sheight="[01]")""", re.DOTALL)
_ESCAPES = (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\xa0"), ("&amp;", "&"))


def _address(value: str, base: str, schemes: set[str]) -> str | None:
    """An absolute address without what no address may hold; None for one that leads nowhere safe."""
    if _READY.fullmatch(value):
        return value
    if _ROOTED.fullmatch(value) and (origin := _ORIGIN.match(base)):
        return origin[0] + value
    try:
        address = urljoin(base, value.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    if (
        not value.strip()
        or parts.scheme not in schemes
        or (parts.scheme in _SCHEMES and not _HOST.fullmatch(parts.hostname or ""))
    ):
        return None
    return _NOT_IN_ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", address)


def _candidates(value: str, base: str) -> str | None:
    """A `srcset` with absolute addresses (HTML Living Standard, 4.8.4.2.1)."""
    pairs = _CANDIDATE.findall(value)
    found = [(_address(address.strip(","), base, _SCHEMES), size.strip()) for address, size in pairs]
    return ", ".join(f"{address.rstrip(',')} {size}".rstrip() for address, size in found if address) or None


def _tag(base: str, found: re.Match[str]) -> str:
    """A tag of clean HTML as whoever runs no scripts should get it; nothing for a picture that only counts readers."""
    tag = found[0]
    if tag.startswith("<img ") and _PIXEL.match(tag):
        return ""
    return _ATTRIBUTE.sub(partial(_attribute, base), _awake(tag) if " data-" in tag else tag)


def _awake(tag: str) -> str:
    """A lazy picture with the addresses that its script would have put in place of a blank."""
    attributes = _ATTRIBUTE.findall(tag)
    real = {_LAZY[name]: value for name, value in attributes if name in _LAZY and value}
    shown = {name: value for name, value in attributes if name not in _LAZY} | real
    return tag.partition(" ")[0] + "".join(f' {name}="{value}"' for name, value in shown.items()) + ">"


def _attribute(base: str, found: re.Match[str]) -> str:
    """An attribute of clean HTML with its addresses made absolute; nothing where one leads nowhere safe."""
    name, value = found["name"], found["value"]
    if name in _LINKS:
        address = _address(_plain(value), base, _LINK_SCHEMES)
    elif name in _MEDIA:
        address = _address(_plain(value), base, _SCHEMES)
    elif name in _SETS:
        address = _candidates(_plain(value), base)
    else:
        return found[0]
    return "" if address is None else f' {name}="{_escaped(address)}"'


def _plain(value: str) -> str:
    """An attribute's value, of which a serialiser escapes no more than this (HTML Living Standard, 13.3)."""
    if "&" not in value:
        return value
    for reference, character in _ESCAPES:
        value = value.replace(reference, character)
    return value


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;") if "&" in value or '"' in value else value


_CLEANER = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | {"picture", "source", "video", "audio", "tfoot"},
    clean_content_tags={
        "script",
        "style",
        "title",
        "template",
        "textarea",
        "select",
        "svg",
        "math",
        "iframe",
        "object",
        "noscript",
    },
    attributes=nh3.ALLOWED_ATTRIBUTES
    | {
        "*": {"lang", "title", "dir"},
        "a": {"href", "hreflang", "rel"},
        "img": _IMAGE,
        "source": {"src", "srcset", "sizes", "media", "type", *_LAZY},
        "video": _PLAYER | {"poster"},
        "audio": _PLAYER,
        "time": {"datetime"},
    },
    link_rel=None,
    url_schemes=_LINK_SCHEMES,
)


def sanitise(body: str, base_url: str) -> str:
    """Body HTML without anything active, every address absolute against `base_url`, the article's own.

    Raises Reject with a rule of `bombs`.
    """
    refuse_bombs(body)
    # Not by nh3's own filter: it would let go of the interpreter at every attribute, and wait to get it back.
    clean = _TAG.sub(partial(_tag, base_url), _CLEANER.clean(legal(body)))
    return (legal(clean) if "&#" in body else clean).strip()  # a reference may bring back what `legal` had removed
