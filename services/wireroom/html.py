"""Body HTML: what a feed reader may be given. The only module that knows nh3.

`nh3` keeps what is on its lists; addresses are ours, because it knows neither `srcset` nor lazy sources.
"""

import re
from contextvars import ContextVar
from urllib.parse import urljoin, urlsplit

import nh3

from wireroom.errors import Fault, Reject
from wireroom.text import legal

_LINKS = {"href", "cite"}
_MEDIA = {"src", "poster", "data-src"}
_SETS = {"srcset", "data-srcset"}
_SCHEMES = {"http", "https"}
_LINK_SCHEMES = _SCHEMES | {"mailto", "tel"}
_LAZY_IMAGE = {"src", "srcset", "sizes", "alt", "width", "height", "data-src", "data-srcset"}
_PLAYER = {"src", "controls", "width", "height"}

_NOT_IN_ADDRESS = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
_READY = re.compile(r'https?://[\w.-]+(?:/[^\x00-\x20\x7f"<>\\^`{|}]*)?')
_ROOTED = re.compile(r'/(?![/.])(?:[^\x00-\x20\x7f"<>\\^`{|}/]|/(?![.]))*')
_ORIGIN = re.compile("https?://[^/?#]*")
_CANDIDATE = re.compile(r"(\S++)(?:(?<!,)([^,]*+),?)?+")  # possessive: no input may cost more than its length
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_NOT_NESTED = re.compile("area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|source|td|th|tr|track|wbr")
_NODES = 1_000_000  # what a parser may have to build: an HTML5 parser repeats open elements in every paragraph

_base: ContextVar[str] = ContextVar("base")


def _address(value: str, schemes: set[str]) -> str | None:
    """An absolute address without what no address may hold; None for one that leads nowhere safe."""
    if _READY.fullmatch(value):
        return value
    if _ROOTED.fullmatch(value) and (origin := _ORIGIN.match(_base.get())):
        return origin[0] + value
    try:
        address = urljoin(_base.get(), value.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    if not value.strip() or parts.scheme not in schemes or (parts.scheme in _SCHEMES and not parts.hostname):
        return None
    return _NOT_IN_ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", address)


def _candidates(value: str) -> str | None:
    """A `srcset` with absolute addresses (HTML Living Standard, 4.8.4.2.1)."""
    found = [(_address(address.rstrip(","), _SCHEMES), size.strip()) for address, size in _CANDIDATE.findall(value)]
    return ", ".join(f"{address} {size}".rstrip() for address, size in found if address) or None


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name in _LINKS:
        return _address(value, _LINK_SCHEMES)
    if name in _MEDIA:
        return _address(value, _SCHEMES)
    return _candidates(value) if name in _SETS else value


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
    },
    attributes=nh3.ALLOWED_ATTRIBUTES
    | {
        "*": {"lang", "title", "dir"},
        "a": {"href", "hreflang", "rel"},
        "img": _LAZY_IMAGE,
        "source": {"src", "srcset", "sizes", "media", "type", "data-srcset"},
        "video": _PLAYER | {"poster"},
        "audio": _PLAYER,
        "time": {"datetime"},
    },
    attribute_filter=_attribute,
    link_rel=None,
    url_schemes=_LINK_SCHEMES,
)


def sanitise(body: str, base_url: str) -> str:
    """Body HTML without anything active, every address absolute against `base_url`, the article's own.

    Raises Reject (`body-nesting`) for a body that would cost a parser, ours or a reader's, minutes or gigabytes.
    """
    _refuse_bombs(body)
    _base.set(base_url)
    clean = _CLEANER.clean(legal(body))
    return legal(clean) if "&#" in body else clean  # a reference may bring back what `legal` had removed


def _refuse_bombs(body: str) -> None:
    if body.count("<") ** 2 <= _NODES:
        return
    opened, deepest, stack = 0, 0, [""]
    for close, name in _TAG.findall(body.lower()):
        if _NOT_NESTED.fullmatch(name):
            opened += not close
        elif not close:
            opened += 1
            stack.append(name)
            deepest = max(deepest, len(stack))
        elif stack[-1] == name:
            stack.pop()
    if opened * deepest > _NODES:
        raise Reject("body-nesting", [Fault("article.body_html", f"{opened} elements, {deepest} deep", "simpler HTML")])
