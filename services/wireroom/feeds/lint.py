"""The rules that an article must pass to stand in a feed: what would break the document or make the entry useless.

`uri` and `html` refuse too, what no address and no body can be. Questions of style are no reason to refuse an article;
a picture or byline that cannot be shown is left out alone.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wireroom.errors import Fault, Reject

LONGEST_BODY = 1_000_000  # bytes of UTF-8; the strictest readers take 1 MB for an article

Content = Mapping[str, Any]
Rule = Callable[[Content], Iterator[Fault]]


def empty_title(content: Content) -> Iterator[Fault]:
    """Atom (RFC 4287, 4.1.2) requires a title; RSS 2.0 and readers show nothing without one."""
    if not content.get("title"):
        yield Fault("article.title", "nothing that can be shown", "a title")


def body_too_long(content: Content) -> Iterator[Fault]:
    """A body is never cut, for that would break its tags; readers refuse the whole feed for one that is too long."""
    size = len(content.get("body", "").encode())
    if size > LONGEST_BODY:
        yield Fault("article.body_html", f"{size:,} bytes once cleaned", f"at most {LONGEST_BODY:,}")


RULES: tuple[Rule, ...] = (empty_title, body_too_long)


def check(content: Content) -> None:
    """Raises Reject, named after the first broken rule, with the faults of all."""
    broken = [(rule.__name__.replace("_", "-"), fault) for rule in RULES for fault in rule(content)]
    if broken:
        raise Reject(broken[0][0], [fault for _, fault in broken])
