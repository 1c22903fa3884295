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
# Tags and comments that every parser reads alike; what only begins like one is "odd". Possessive, as above.
_TOKEN = re.compile(
    r"""<!--(?!-?>)[^<>]*?-->
    | <(?P<close>/?)(?P<name>[a-z][a-z0-9-]*+)
      (?:\s++[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+)*+\s*+/?>
    | (?P<odd><)(?=[a-z!?/])""",
    re.VERBOSE,
)
# In what nh3 writes, every `<` begins a tag or stands in a quoted value, and every value is quoted.
_TAG = re.compile(r"""<[a-z][a-z0-9]*(?:\s[\w-]+="[^"]*")+>""")
_ATTRIBUTE = re.compile(r"""\s(?P<name>[\w-]+)="(?P<value>[^"]*)\"""")
_ESCAPES = (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\xa0"), ("&amp;", "&"))
# What does not nest by itself; the second list does inside SVG and MathML.
_FLAT_IN_SVG = "br|dd|dt|embed|hr|img|li|meta|p"
_FLAT = f"{_FLAT_IN_SVG}|area|base|col|input|link|option|source|td|th|tr|track|wbr"
_STEPS = 2_000_000  # tags times depth: a parser repeats or walks through all open elements at every tag

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


def _attribute(found: re.Match[str]) -> str:
    """An attribute of clean HTML with its addresses made absolute; nothing where one leads nowhere safe."""
    name, value = found["name"], found["value"]
    if name in _LINKS:
        address = _address(_plain(value), _LINK_SCHEMES)
    elif name in _MEDIA:
        address = _address(_plain(value), _SCHEMES)
    elif name in _SETS:
        address = _candidates(_plain(value))
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
    link_rel=None,
    url_schemes=_LINK_SCHEMES,
)


def sanitise(body: str, base_url: str) -> str:
    """Body HTML without anything active, every address absolute against `base_url`, the article's own.

    Raises Reject (`body-nesting`) for a body that would cost a parser, ours or a reader's, minutes or gigabytes.
    """
    _refuse_bombs(body)
    _base.set(base_url)
    # Not by nh3's own filter: it would let go of the interpreter at every attribute, and wait to get it back.
    clean = _TAG.sub(lambda tag: _ATTRIBUTE.sub(_attribute, tag[0]), _CLEANER.clean(legal(body)))
    return legal(clean) if "&#" in body else clean  # a reference may bring back what `legal` had removed


def _refuse_bombs(body: str) -> None:
    tags = body.count("<")
    if tags**2 <= _STEPS:
        return
    text = body.lower()
    deepest = _depth(text, re.compile(_FLAT_IN_SVG if "<svg" in text or "<math" in text else _FLAT))
    if tags * deepest > _STEPS:
        raise Reject("body-nesting", [Fault("article.body_html", f"{tags} tags, {deepest} deep", "simpler HTML")])


def _depth(text: str, flat: re.Pattern[str]) -> int:
    """At least as deep as any parser gets: a tag closes only what was opened last, and nothing beyond what is odd."""
    deepest, stack = 1, [""]
    for close, name, odd in _TOKEN.findall(text):
        if odd:
            stack.append("")
        elif not name or flat.fullmatch(name):
            continue
        elif not close:
            stack.append(name)
        elif stack[-1] == name:
            stack.pop()
        deepest = max(deepest, len(stack))
    return deepest
