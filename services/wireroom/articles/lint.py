"""What must hold of an article before it gets a document, and of a document before it is published."""

from collections.abc import Iterator

from pydantic_core import from_json

from wireroom.articles.ninjs import body
from wireroom.document import Document, generation_of
from wireroom.errors import Fault, Red, Reject
from wireroom.event import Article, ArticleEvent
from wireroom.sink import Content
from wireroom.text import plain
from wireroom.uri import uri

_ANY = 7
_END = 100  # bytes: the generation stands at the very end, where no text of an article can pass for it


def lint(event: ArticleEvent) -> None:
    """Raises Reject, naming the rule that the article breaks: now, and not when its document comes due."""
    article = event.article
    assert article is not None
    assert event.url is not None
    if not plain(article.title):
        raise Reject("empty-title", [Fault("article.title", "nothing to read", "a headline")])
    for address in _addresses(event.url, article):
        uri(address)
    body(article, event.url)


def _addresses(url: str, article: Article) -> Iterator[str]:
    yield from (url, *article.previous_urls)
    yield from (image.url for image in article.images)
    yield from (related.url for related in article.related)
    yield from (author.url for author in article.authors if author.url)
    if article.source and article.source.url:
        yield article.source.url


def gate(document: Document, content: Content) -> Document:
    """The document, when a parser reads in it what was to be said and its generation is found. Raises Red."""
    made = document.body(_ANY)
    if not _says(made, content) or generation_of(made[-_END:]) != _ANY:
        raise Red(
            f"{document.key} was not published: it cannot be read back",
            "the last good one stays; report this as a bug",
        )
    return document


def _says(made: bytes, content: Content) -> bool:
    try:
        read = from_json(made)
    except ValueError:
        return False
    return isinstance(read, dict) and content.items() <= read.items()
