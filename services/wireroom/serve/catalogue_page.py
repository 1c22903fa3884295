"""The catalogue as a page."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from wireroom.serve.catalogue import Feed, Section
from wireroom.serve.headlines import Headline
from wireroom.serve.page import FORMATS, Child, alternate, articles, el, fresh, linked, page, stale, time, web, wordmark

_TITLE = "Feeds and news sitemaps"


def catalogue_page(sections: Sequence[Section], read_at: int, now: int) -> bytes:
    """Everything there is, as it was at `read_at` and is told at `now`, both in microseconds since the epoch."""
    links = [
        alternate(f"{section.name}: {feed.title}", ending, key)
        for section in sections
        for feed in section.feeds
        for ending, key in feed.formats
    ]
    shown = [_section(section, now) for section in sections] if sections else [_welcome()]
    return page(_TITLE, [*links, _list_of_all()], _masthead(sections, now), [stale(read_at, now), *shown])


def _list_of_all() -> Element:
    return el("link", rel="alternate", type="text/x-opml", title="All feeds (OPML)", href="feeds.opml")


def _masthead(sections: Sequence[Section], now: int) -> Element:
    return el(
        "header",
        wordmark(),
        el("h1", _TITLE),
        _summary(sections, now) if sections else None,
        _contents(sections) if len(sections) > 1 else None,
    )


def _summary(sections: Sequence[Section], now: int) -> Element:
    updated = max((section.updated for section in sections if section.updated), default=None)
    counts = f"{_count(len(sections), 'publication')}, {_count(sum(len(s.feeds) for s in sections), 'feed')}"
    changed = (". Last change ", time(updated, now), ". ", _all()) if updated else ()
    return el("p", counts, *changed, class_="summary")


def _all() -> Element:
    return el("a", "All feeds as OPML", href="feeds.opml")


def _contents(sections: Sequence[Section]) -> Element:
    links = (el("li", el("a", _publication_name(section), href=f"#{section.id}")) for section in sections)
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


def _facts(section: Section, now: int) -> Element | None:
    facts: list[tuple[Child, ...]] = []
    if address := web(section.url):
        facts.append((el("a", address.partition("://")[2].rstrip("/"), href=address),))
    if section.language not in ("", "und"):
        facts.append(("Language ", el("span", section.language, class_="code")))
    if section.updated:
        facts.append((fresh(section.updated, now), "Updated ", time(section.updated, now)))
    return el("ul", *(el("li", *fact) for fact in facts), class_="facts") if facts else None


def _feeds(section: Section, now: int) -> Element:
    rows = [_feed(section, feed, now) for feed in section.feeds]
    if section.sitemap:
        rows.append(_row("News sitemap", "Google News, 48 hours", [("XML", section.sitemap, "News sitemap")]))
    if section.listing:
        rows.append(_row("Article data", "The newest 100, each as ninjs", [("JSON", section.listing, "Article data")]))
    shown = el("ul", *rows, class_="feeds") if rows else el("p", "Nothing has been published yet.", class_="note")
    return el("div", el("h3", "Subscribe"), shown)


def _feed(section: Section, feed: Feed, now: int) -> Element:
    links = [(FORMATS[ending][0], key, feed.title) for ending, key in feed.formats]
    title = el("a", el("bdi", feed.title, lang=section.language or None), href=feed.path)
    return _row(title, el("span", "Updated ", time(feed.updated, now)), links)


def _row(title: Child, note: Child, links: Sequence[tuple[str, str, str]]) -> Element:
    anchors = (el("a", text, href=key, aria_label=f"{text}, {about}") for text, key, about in links)
    return el(
        "li", el("span", title, class_="name"), el("span", note, class_="note"), el("span", *anchors, class_="links")
    )


def _newest(section: Section, now: int) -> Element:
    empty = el("p", "No articles yet.", class_="note")
    items = [_headline(headline, section.language, now) for headline in section.newest]
    shown = articles(items, section.language) if items else empty
    return el("div", el("h3", "Newest articles"), shown, class_="newest")


def _headline(headline: Headline, language: str, now: int) -> Element:
    return el("li", linked(headline, language), el("span", *_origin(headline, now), class_="note"))


def _origin(headline: Headline, now: int) -> Iterator[Child]:
    if headline.published is not None:
        yield el("bdi", time(headline.published, now))
    if headline.document:
        yield el("a", "JSON", href=headline.document, aria_label=f"JSON, {headline.title}")


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


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
