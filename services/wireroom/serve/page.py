"""What all pages have in common: HTML built as a tree, so that nothing can be left unescaped."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from wireroom.clock import DAY, HOUR, MINUTE, SECOND, moment
from wireroom.serve.headlines import Headline

_STYLE = files("wireroom.serve").joinpath("style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
    "%3Cpath fill='%23a3231f' d='M0 0h8v8H0z'/%3E%3C/svg%3E"
)
FORMATS = {
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("Atom", "application/atom+xml"),
    "json": ("JSON", "application/feed+json"),
}
_LATELY = 5 * MINUTE
_STALE = 10 * SECOND  # after which it is said on the page
_FROM_THE_RIGHT = frozenset({"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg", "Mand", "Samr"})

Child = Element | str | None


def page(title: str, head: Iterable[Element], masthead: Element, main: Iterable[Child]) -> bytes:
    """A whole page, in English where nothing else is said."""
    about = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", title),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("link", rel="icon", href=_ICON),
        *head,
    )
    SubElement(about, "style").text = _STYLE
    body = el(
        "body",
        el("a", "Skip to the content", class_="skip", href="#content"),
        masthead,
        el("main", *main, id="content"),
        el("footer", el("p", "Served by Wireroom. Times are UTC.")),
    )
    return ("<!doctype html>\n" + tostring(el("html", about, body, lang="en"), "unicode", "html")).encode(
        "utf-8", "replace"
    )


def notice(title: str, text: str, home: str) -> bytes:
    """A page that says what is not there, and leads to the catalogue at `home`."""
    return page(
        title,
        (),
        el("header", wordmark(home), el("h1", title)),
        [el("section", el("p", text), el("p", el("a", "All feeds", href=home)), class_="welcome")],
    )


def el(tag: str, *children: Child, **attributes: str | None) -> Element:
    """An element; `class_` and `aria_label` name what Python cannot."""
    element = Element(tag, {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items() if v is not None})
    for child in children:
        if isinstance(child, str):
            _append_text(element, child)
        elif child is not None:
            element.append(child)
    return element


def _append_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def wordmark(home: str | None = None) -> Element:
    """Whose pages they are, leading to the catalogue at `home` from elsewhere."""
    return el("a" if home else "p", "Wireroom", href=home, class_="wordmark")


def alternate(title: str, ending: str, address: str) -> Element:
    """What a feed reader finds a feed by (blog.whatwg.org/feed-autodiscovery)."""
    name, media_type = FORMATS[ending]
    return el("link", rel="alternate", type=media_type, title=f"{title} ({name})", href=address)


def stale(read_at: int, now: int) -> Element | None:
    """That what is shown is not of now; None while it is."""
    if now - read_at < _STALE:
        return None
    words = "This page cannot be brought up to date at the moment. It shows what there was "
    return el("p", words, time(read_at, now), ".", class_="stale", role="status")


def fresh(updated: int, now: int) -> Element | None:
    """A mark at what has just changed."""
    return el("span", class_="fresh", aria_hidden="true") if now - updated < _LATELY else None


def time(when: int, now: int) -> Element:
    """A moment, as its age, with the date at hand."""
    then = moment(when)
    return el("time", ago(when, now), datetime=f"{then:%Y-%m-%dT%H:%M:%SZ}", title=f"{then:%-d %B %Y, %H:%M:%S} UTC")


def ago(then: int, now: int) -> str:
    """How long ago, for people; a date when it is more than a week."""
    age = now - then
    if age < 5 * SECOND:
        return "just now"
    for unit, name, limit in ((SECOND, "s", MINUTE), (MINUTE, "min", HOUR), (HOUR, "h", 2 * DAY)):
        if age < limit:
            return f"{age // unit} {name} ago"
    return f"{age // DAY} days ago" if age < 8 * DAY else f"{moment(then):%-d %b %Y}"


def linked(headline: Headline, language: str) -> Element:
    """A headline, with the article behind it where it has a web address."""
    address = web(headline.url)
    return el(
        "a" if address else "span",
        headline.title or "(untitled)",
        href=address,
        class_="headline",
        lang=headline.language or language or None,
        dir="auto",
    )


def articles(items: Sequence[Element], language: str) -> Element:
    """A list of articles, in the direction of the language that most of them have."""
    return el("ol", *items, class_="articles", dir=direction(language))


@lru_cache(1024)
def direction(language: str) -> str | None:
    """`rtl` for a language (BCP 47) that is written from the right, as a rule; None for all others."""
    from langcodes import Language, tag_is_valid  # its tables take 60 ms to load

    script = Language.get(language).maximize().script if language and tag_is_valid(language) else None
    return "rtl" if script in _FROM_THE_RIGHT else None


def web(address: str) -> str | None:
    """An address that may become a link: never `javascript:` or the like."""
    return address if address.lower().startswith(("https://", "http://")) else None
