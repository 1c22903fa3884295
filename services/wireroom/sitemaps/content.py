"""What a sitemap says of an article, as JSON values; made once per revision."""

from collections.abc import Iterable
from functools import lru_cache

from wireroom.event import ArticleEvent
from wireroom.sink import Content
from wireroom.sitemaps.lint import LONGEST_LOC, lint
from wireroom.text import plain
from wireroom.uri import uri

PICTURES = 30_000  # bytes of one article's in a sitemap
_MARKUP = 60  # bytes around each
_SCRIPTS = {"hans": "zh-cn", "cn": "zh-cn", "sg": "zh-cn", "my": "zh-cn"}
_SCRIPTS |= {"hant": "zh-tw", "tw": "zh-tw", "hk": "zh-tw", "mo": "zh-tw"}


def content(event: ArticleEvent) -> Content:
    """Address, headline, dates (microseconds), language and pictures. Raises Reject."""
    article = event.article
    assert article is not None
    assert event.url is not None
    said = {
        "loc": uri(event.url),
        "title": bare_headline(plain(article.title), (plain(author.name) for author in article.authors)),
        "language": news_language(article.language),
        "published": event.first_visible,
        "significant": event.significant_at,
        "images": _fitting([uri(image.url) for image in article.images if image.is_picture]),
    }
    lint(said)
    return said


def _fitting(images: list[str]) -> list[str]:
    """The first pictures, as many as fit, without those at addresses that no sitemap may hold."""
    fitting, room = [], PICTURES
    for image in images:
        if len(image) > LONGEST_LOC:
            continue
        room -= len(image) + 4 * image.count("&") + _MARKUP
        if room < 0:
            break
        fitting.append(image)
    return fitting


def bare_headline(title: str, names: Iterable[str]) -> str:
    """The headline without the author or publication that some systems append (Google wants neither in it)."""
    for name in names:
        for mark in "-–—|·•" if title.endswith(name) else "":
            title = title.removesuffix(f" {mark} {name}")
    return title


@lru_cache(maxsize=1024)
def news_language(tag: str | None) -> str | None:
    """A BCP 47 tag as Google News writes it: ISO 639, but zh-cn and zh-tw. None when it says nothing."""
    primary, *others = (tag or "und").lower().split("-")
    if primary in ("zh", "cmn"):
        return next((_SCRIPTS[other] for other in others if other in _SCRIPTS), "zh-cn")
    return primary if primary != "und" and 2 <= len(primary) <= 3 else None
