"""What feeds show of an article, cleaned once per revision; the three formats are made from nothing else."""

from collections.abc import Iterable
from typing import Any

from wireroom.event import ArticleEvent, Author, Image, Source
from wireroom.feeds import lint
from wireroom.html import sanitise
from wireroom.text import plain
from wireroom.uri import uri


def content(event: ArticleEvent) -> dict[str, Any]:
    """JSON values, without what is empty; dates in microseconds since the epoch. Raises Reject."""
    article, url = event.article, event.url
    if article is None or url is None:
        raise ValueError("a withdrawal has no content")
    found = _present(
        {
            "url": uri(url),
            "title": plain(article.title),
            "summary": _text(article.summary) or _text(article.subtitle),
            "body": sanitise(article.body_html, url) if article.body_html else None,
            "language": article.language,
            "authors": _named(article.authors),
            "sections": _distinct(article.sections),
            "tags": _distinct(article.tags),
            "images": [_image(image) for image in article.images if image.is_picture],
            "source": next(iter(_named([article.source] if article.source else [])), None),
            "access": article.access.value,
            "published": event.first_visible,
            "updated": event.significant_at,
        }
    )
    lint.check(found)
    return found


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value or value == 0}


def _text(value: str | None) -> str | None:
    return plain(value) if value else None


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(plain, values))))


def _named(parties: Iterable[Author | Source]) -> list[dict[str, Any]]:
    """Without those of whose name nothing can be shown (RFC 4287, 3.2.1: a person has one)."""
    found = (_present({"name": plain(party.name), "url": party.url and uri(party.url)}) for party in parties)
    return [party for party in found if "name" in party]


def _image(image: Image) -> dict[str, Any]:
    """A size that is not known is left out: 0 would be a lie."""
    return _present(
        {
            "url": uri(image.url),
            "type": image.media_type,
            "length": image.size_bytes or None,
            "width": image.width,
            "height": image.height,
            "caption": _text(image.caption),
            "credit": _text(image.credit),
            "alt": _text(image.alt),
        }
    )
