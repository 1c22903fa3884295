"""The catalogue as a page: HTML built as a tree, so that nothing can be left unescaped."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from wireroom.clock import DAY, HOUR, MINUTE, SECOND, moment
from wireroom.serve.catalogue import Feed, Headline, Section

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
_NAMES = {
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("Atom", "application/atom+xml"),
    "json": ("JSON", "application/feed+json"),
}
_LATELY = 5 * MINUTE

Child = Element | str | None


def page(sections: Sequence[Section], now: int) -> bytes:
    """The whole page as it is at `now` (microseconds since the epoch)."""
    body = el(
        "body",
        el("a", "Skip to the catalogue", class_="skip", href="#catalogue"),
        _masthead(sections, now),
        el("main", *(_section(section, now) for section in sections) if sections else [_welcome()], id="catalogue"),
        el("footer", el("p", "Served by Wireroom. Times are UTC.")),
    )
    html = el("html", _head(sections), body, lang="en")
    return ("<!doctype html>\n" + tostring(html, "unicode", "html")).encode("utf-8", "replace")


def ago(then: int, now: int) -> str:
    """How long ago, for people; a date when it is more than a week."""
    age = now - then
    if age < 5 * SECOND:
        return "just now"
    for unit, name, limit in ((SECOND, "s", MINUTE), (MINUTE, "min", HOUR), (HOUR, "h", 2 * DAY)):
        if age < limit:
            return f"{age // unit} {name} ago"
    return f"{age // DAY} days ago" if age < 8 * DAY else f"{moment(then):%-d %b %Y}"


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


def _head(sections: Sequence[Section]) -> Element:
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", "Feeds and news sitemaps"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("link", rel="icon", href=_ICON),
    )
    head.extend(_alternate(section, feed, *f) for section in sections for feed in section.feeds for f in feed.formats)
    SubElement(head, "style").text = _STYLE
    return head


def _alternate(section: Section, feed: Feed, ending: str, key: str) -> Element:
    name, media_type = _NAMES[ending]
    return el("link", rel="alternate", type=media_type, title=f"{section.name}: {feed.title} ({name})", href=key)


def _masthead(sections: Sequence[Section], now: int) -> Element:
    return el(
        "header",
        el("p", "Wireroom", class_="wordmark"),
        el("h1", "Feeds and news sitemaps"),
        _summary(sections, now) if sections else None,
        _contents(sections) if len(sections) > 1 else None,
    )


def _summary(sections: Sequence[Section], now: int) -> Element:
    updated = max((section.updated for section in sections if section.updated), default=None)
    counts = f"{_count(len(sections), 'publication')}, {_count(sum(len(s.feeds) for s in sections), 'feed')}"
    return el("p", counts, *(("; last change ", _time(updated, now)) if updated else ()), class_="summary")


def _contents(sections: Sequence[Section]) -> Element:
    links = (el("li", el("a", section.name, href=f"#{section.id}")) for section in sections)
    return el("nav", el("ul", *links), aria_label="Publications")


def _section(section: Section, now: int) -> Element:
    return el(
        "section",
        el("div", el("h2", _publication_name(section), id=section.id), _facts(section, now), class_="title"),
        _feeds(section, now),
        _newest(section, now),
        aria_labelledby=section.id,
    )


def _publication_name(section: Section) -> Child:
    return el("bdi", section.name, lang=section.language or None)


def _facts(section: Section, now: int) -> Element:
    facts: list[tuple[Child, ...]] = []
    if address := _web(section.url):
        facts.append((el("a", address.partition("://")[2].rstrip("/"), href=address),))
    if section.language not in ("", "und"):
        facts.append(("Language ", el("span", section.language, class_="code")))
    if section.updated:
        facts.append((_fresh(section.updated, now), "Updated ", _time(section.updated, now)))
    return el("ul", *(el("li", *fact) for fact in facts), class_="facts")


def _feeds(section: Section, now: int) -> Element:
    rows = [_feed(feed, now) for feed in section.feeds]
    if section.sitemap:
        rows.append(_row("News sitemap", "Google News, 48 hours", [("XML", section.sitemap, "News sitemap")]))
    if section.listing:
        rows.append(_row("Article data", "The newest 100, each as ninjs", [("JSON", section.listing, "Article data")]))
    shown = el("ul", *rows, class_="feeds") if rows else el("p", "Nothing has been published yet.", class_="note")
    return el("div", el("h3", "Subscribe"), shown)


def _feed(feed: Feed, now: int) -> Element:
    links = [(_NAMES[ending][0], key, feed.title) for ending, key in feed.formats]
    return _row(feed.title, el("span", "Updated ", _time(feed.updated, now)), links)


def _row(title: str, note: Child, links: Sequence[tuple[str, str, str]]) -> Element:
    anchors = (el("a", text, href=key, aria_label=f"{about}, {text}") for text, key, about in links)
    return el(
        "li", el("bdi", title, class_="name"), el("span", note, class_="note"), el("span", *anchors, class_="links")
    )


def _newest(section: Section, now: int) -> Element:
    empty = el("p", "No articles yet.", class_="note")
    items = [_headline(headline, now) for headline in section.newest]
    return el("div", el("h3", "Newest articles"), el("ol", *items) if items else empty, class_="newest")


def _headline(headline: Headline, now: int) -> Element:
    address = _web(headline.url)
    lang = headline.language or None
    title = headline.title or "(untitled)"
    link = el("a", title, href=address, lang=lang, dir="auto") if address else el("span", title, lang=lang, dir="auto")
    return el("li", link, el("span", *_origin(headline, now), class_="note"))


def _origin(headline: Headline, now: int) -> Iterator[Child]:
    if headline.published is not None:
        yield _time(headline.published, now)
    if headline.document:
        yield el("a", "JSON", href=headline.document, aria_label=f"{headline.title}, JSON")


def _welcome() -> Element:
    return el(
        "section",
        el("h2", "Nothing has been published yet", id="welcome"),
        el(
            "p",
            "Hand in the first article from another terminal. It shows here, and in every feed, about a second later.",
        ),
        el("pre", el("code", "wireroom publish article.json"), tabindex="0"),
        el("p", "Or look at everything with example articles:"),
        el("pre", el("code", "wireroom demo"), tabindex="0"),
        class_="welcome",
        aria_labelledby="welcome",
    )


def _time(when: int, now: int) -> Element:
    then = moment(when)
    return el("time", ago(when, now), datetime=f"{then:%Y-%m-%dT%H:%M:%SZ}", title=f"{then:%-d %B %Y, %H:%M:%S} UTC")


def _fresh(updated: int, now: int) -> Element | None:
    return el("span", class_="fresh", aria_hidden="true") if now - updated < _LATELY else None


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _web(address: str) -> str | None:
    """An address that may become a link: never `javascript:` or the like."""
    return address if address.lower().startswith(("https://", "http://")) else None
