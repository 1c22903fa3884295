"""A feed as a page: what it selects, where it is, what is in it, how to subscribe."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from wireroom.serve.catalogue import Feed, Section
from wireroom.serve.headlines import Contents, Headline
from wireroom.serve.page import (
    Child,
    alternate,
    articles,
    el,
    fresh,
    linked,
    page,
    stale,
    time,
    web,
    wordmark,
)
from wireroom.serve.selection import Name, extent, selection

MOST = 20  # articles
_HOME = "../../"
_STANDARDS = {"rss": "RSS 2.0", "atom": "Atom 1.0", "json": "JSON Feed 1.1"}


def feed_page(feed: Feed, sections: Sequence[Section], shown: Contents, read_at: int, now: int) -> bytes:
    """A feed of one of the `sections`, as it was at `read_at` and is told at `now`, in microseconds since the epoch."""
    own = next(section for section in sections if section.id == feed.publication)
    title = f"{own.name}: {feed.title}"
    links = [alternate(title, ending, _HOME + key) for ending, key in feed.formats]
    parts = _addresses(feed, web(shown.archive)), _newest(own, shown.newest, now), _how(feed)
    section = el("section", *parts, class_="feed", aria_label=feed.title)
    return page(title, links, _masthead(feed, own, sections, now), [stale(read_at, now), section])


def _masthead(feed: Feed, own: Section, sections: Sequence[Section], now: int) -> Element:
    language = own.language or None
    description = feed.settings.description if feed.settings else None
    return el(
        "header",
        _trail(own),
        el("h1", el("bdi", feed.title, lang=language)),
        el("p", el("bdi", description, lang=language), class_="standfirst") if description else None,
        el("p", *_selects(feed, sections), class_="summary") if feed.settings else None,
        el("p", fresh(feed.updated, now), "Last change ", time(feed.updated, now), class_="summary"),
    )


def _trail(own: Section) -> Element:
    name = el("bdi", own.name, lang=own.language or None)
    up = el("a", name, href=f"{_HOME}#{own.id}")
    return el("nav", el("ul", el("li", wordmark(_HOME)), el("li", up), class_="trail"), aria_label="Breadcrumb")


def _selects(feed: Feed, sections: Sequence[Section]) -> Iterator[Child]:
    assert feed.settings
    names = {section.id: section.name for section in sections}
    for part in selection(feed.settings, names):
        yield el("bdi", part) if isinstance(part, Name) else part
    yield f" {extent(feed.settings)}"


def _addresses(feed: Feed, archive: str | None) -> Element:
    """Links lead to what this server has; what is to be copied is the public address."""
    rows = [_address(_STANDARDS[e], feed, _HOME + key, feed.address(e)) for e, key in feed.formats]
    if archive:
        rows.append(_address("Archive", feed, archive, archive))
    return el("div", el("h2", "Addresses"), el("ul", *rows), class_="addresses")


def _address(name: str, feed: Feed, link: str, address: str) -> Element:
    return el(
        "li",
        el("a", name, href=link, aria_label=f"{name}, {feed.title}"),
        el("code", address, translate="no", dir="ltr"),
    )


def _how(feed: Feed) -> Element:
    return el(
        "div",
        el("h2", "How to subscribe"),
        el(
            "p", "Copy an address into your feed reader: a click selects all of it. The formats have the same articles."
        ),
        el("p", "Programs send the ETag of the last answer in If-None-Match, and get 304 while nothing has changed."),
        el("p", "An article keeps its id: what comes again with the same one is the same article, updated."),
        el("p", "A withdrawn article leaves at once; Atom names it for three days more.")
        if "atom" in dict(feed.formats)
        else el("p", "A withdrawn article leaves at once."),
        class_="how",
    )


def _newest(own: Section, newest: Sequence[Headline], now: int) -> Element:
    items = [_article(headline, own.language, now) for headline in newest]
    shown = articles(items, own.language) if items else el("p", "No articles yet.", class_="note")
    return el("div", el("h2", "Latest articles"), shown, class_="newest")


def _article(headline: Headline, language: str, now: int) -> Element:
    own = headline.language or language or None
    summary = headline.summary if headline.summary != headline.title else ""
    return el(
        "li",
        linked(headline, language),
        el("p", summary, class_="teaser", lang=own, dir="auto") if summary else None,
        el("p", *_origin(headline, own, now), class_="note"),
    )


def _origin(headline: Headline, language: str | None, now: int) -> Iterator[Child]:
    if headline.authors:
        yield el("bdi", ", ".join(headline.authors), lang=language)
    if headline.published is not None:
        yield el("bdi", time(headline.published, now))
    if headline.revised is not None:
        yield el("bdi", "updated ", time(headline.revised, now))
