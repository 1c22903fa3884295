"""Bodies that would cost a parser, ours or a reader's, minutes or gigabytes: found in the time of one reading."""

import re

from wireroom.errors import Fault, Reject

# Tags and comments that every parser reads alike, none with another in it; what only begins like one is "odd".
_TOKEN = re.compile(
    r"""<!--[^<>]*?-->
    | <(?P<close>/?)(?P<name>[a-z][a-z0-9-]*+)
      (?:\s++[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s"'=<>`]++))?+)*+\s*+/?>
    | (?P<odd><)(?=[a-z!?/])""",
    re.VERBOSE,
)
# What never holds anything (`p` closes itself), and what its own like closes; fewer do so inside SVG and MathML.
_FLAT_IN_SVG = "br|embed|hr|img|meta|p"
_FLAT = f"{_FLAT_IN_SVG}|area|base|col|input|link|source|track|wbr"
_ITEM = "dd|dt|li|option|td|th|tr"
_REFERENCES = 100_000  # nh3's time grows with the square of their number
_STEPS = 2_000_000  # tags times depth: a parser repeats or walks through all open elements at every tag


def refuse_bombs(body: str) -> None:
    """Raises Reject: `body-references`, `body-nesting`."""
    references = body.count("&")
    if references > _REFERENCES:
        raise Reject("body-references", [Fault("article.body_html", f"{references} times &", f"at most {_REFERENCES}")])
    tags = body.count("<")
    if tags**2 <= _STEPS:
        return
    deepest = _depth(body.lower())
    if tags * deepest > _STEPS:
        raise Reject("body-nesting", [Fault("article.body_html", f"{tags} tags, {deepest} deep", "simpler HTML")])


def _depth(text: str) -> int:
    """At least as deep as any parser gets: a tag closes only what was opened last, and nothing beyond what is odd."""
    foreign = "<svg" in text or "<math" in text
    flat, item = re.compile(_FLAT_IN_SVG if foreign else _FLAT), re.compile("$" if foreign else _ITEM)
    deepest, stack = 1, [""]
    for close, name, odd in _TOKEN.findall(text):
        if odd:
            stack.append("")
        elif close and stack[-1] == name:
            stack.pop()
        elif name and not close and not flat.fullmatch(name) and not (stack[-1] == name and item.fullmatch(name)):
            stack.append(name)
        deepest = max(deepest, len(stack))
    return deepest
