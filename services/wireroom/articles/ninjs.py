"""An event as a ninjs 3.1 object (IPTC News in JSON): whatever of it that standard can carry.

Its place: headline and subtitle in `headlines`; summary and note in `descriptions`; sections and tags in `subjects`;
the web address as the rendition `web`; pictures and related articles in `associations`; adopted guid, former
addresses and what Wireroom must know of its own document in `altIds`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from wireroom.clock import moment
from wireroom.config import Publication
from wireroom.event import Access, Article, ArticleEvent, Author, Image, Source
from wireroom.html import sanitise
from wireroom.text import plain
from wireroom.uri import uri

Object = dict[str, Any]

_STANDARD: Final = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}


def shown(event: ArticleEvent, publication: Publication) -> Object:
    """The article itself, in the publication's language unless it says so; a PAID one without its body, as a rule."""
    article = event.article
    assert article is not None
    assert event.url is not None
    partial = article.access is Access.PAID and publication.paid != "full"
    return _head(event, "usable") | _filled(
        representationType="partial" if partial else "full",
        firstCreated=moment(event.first_visible).isoformat(),
        contentCreated=_date(event.published_at),
        embargoedUntil=_date(article.embargoed_until),
        expires=_date(article.expires_at),
        language=article.language or publication.language,
        headlines=_texts(main=plain(article.title), subtitle=_plain(article.subtitle)),
        descriptions=_texts(summary=_plain(article.summary), **{"correction-note": _plain(event.note)}),
        bodies=[] if partial else _bodies(article, event.url),
        by=", ".join(_names(author.name for author in article.authors)),
        people=[_party(author, rel="author") for author in article.authors if plain(author.name)],
        subjects=list(_subjects(article)),
        infoSources=list(_sources(article)),
        renditions=[_web(event.url)],
        associations=[*_pictures(article), *_related(article)],
        standard=_STANDARD,
        **_rights(article),
    )


def withheld(event: ArticleEvent) -> Object:
    """The mark of an article that was public and may not be now: nothing of its content."""
    return _head(event, "withheld")


def canceled(event: ArticleEvent, note: str | None) -> Object:
    """The tombstone of an article that was withdrawn or has expired."""
    return _head(event, "canceled") | _filled(descriptions=_texts(**{"withdrawal-note": _plain(note)}))


def _head(event: ArticleEvent, status: str) -> Object:
    return {
        "uri": event.minted_guid,
        "type": "text",
        "version": str(event.revision),
        "versionCreated": _date(event.occurred_at),
        "pubStatus": status,
    }


def _filled(**properties: object) -> Object:
    return {name: value for name, value in properties.items() if value}


def _date(date: datetime | None) -> str:
    return date.astimezone(UTC).isoformat() if date else ""


def _plain(text: str | None) -> str:
    return plain(text) if text else ""


def _names(names: Iterable[str]) -> list[str]:
    return [found for name in names if (found := plain(name))]


def _texts(**values: str) -> list[Object]:
    return [{"role": role, "value": value} for role, value in values.items() if value]


def _bodies(article: Article, base: str) -> list[Object]:
    value = body(article, base)
    return [{"role": "main", "contentType": "text/html", "value": value}] if value else []


def body(article: Article, base: str) -> str:
    """The body, safe in any page, its addresses absolute against the article's own. Raises Reject."""
    return _sanitised(article.body_html, base) if article.body_html else ""


@lru_cache(maxsize=512)  # once per revision: linted first, written soon after
def _sanitised(html: str, base: str) -> str:
    return sanitise(html, base)


def _party(party: Author | Source, **role: str) -> Object:
    return _filled(name=plain(party.name), **role, uri=uri(party.url) if party.url else "")


def _subjects(article: Article) -> Iterator[Object]:
    yield from ({"name": name, "rel": "section"} for name in _names(article.sections))
    yield from ({"name": name, "rel": "tag"} for name in _names(article.tags))


def _sources(article: Article) -> Iterator[Object]:
    if article.source and plain(article.source.name):
        yield _party(article.source, role="source")


def _rights(article: Article) -> Object:
    if article.rights is None:
        return {}
    return {
        "copyrightHolder": _plain(article.rights.copyright_holder),
        "copyrightNotice": _plain(article.rights.copyright_notice),
        "usageTerms": _plain(article.rights.usage_terms),
    }


def _pictures(article: Article) -> Iterator[Object]:
    for number, image in enumerate(article.images, start=1):
        yield _filled(
            name=f"picture-{number}",
            rel="lead" if number == 1 else "illustration",
            uri=uri(image.url),
            type="picture",
            by=_plain(image.credit),
            descriptions=_texts(caption=_plain(image.caption), alt=_plain(image.alt)),
            renditions=[_rendition(image)],
        )


def _rendition(image: Image) -> Object:
    return _filled(
        name="original",
        href=uri(image.url),
        contentType=image.media_type,
        width=image.width,
        height=image.height,
        sizeInBytes=image.size_bytes,
    )


def _related(article: Article) -> Iterator[Object]:
    for related in article.related:
        yield {
            "name": plain(related.title) or related.url,
            "rel": "related",
            "uri": uri(related.url),
            "type": "text",
            "renditions": [_web(related.url)],
        }


def _web(url: str) -> Object:
    """Where it is read: to ninjs a `uri` only identifies."""
    return {"name": "web", "href": uri(url), "contentType": "text/html"}


def identifiers(event: ArticleEvent) -> list[Object]:
    """Other names of an article that is shown: the adopted guid and former addresses."""
    assert event.article is not None
    guid = [{"role": "guid", "value": event.guid}] if event.guid else []
    return guid + [{"role": "previous-url", "value": uri(url)} for url in event.article.previous_urls]
