"""What must hold of an article before it gets a document, and of a document before it is published."""

from pydantic_core import from_json

from wireroom.document import Document, generation_of
from wireroom.errors import Fault, Red, Reject
from wireroom.sink import Content

_ANY = 7


def lint(item: Content) -> None:
    """Raises Reject, naming the rule that the article breaks."""
    if not item["title"]:
        raise Reject("empty-title", [Fault("article.title", "nothing to read", "a headline")])


def gate(document: Document, content: Content) -> Document:
    """The document, when a parser reads in it what was to be said and its generation is found. Raises Red."""
    body = document.body(_ANY)
    if not _says(body, content) or generation_of(body) != _ANY:
        raise Red(
            f"{document.key} was not published: it cannot be read back",
            "the last good one stays; report this as a bug",
        )
    return document


def _says(body: bytes, content: Content) -> bool:
    try:
        read = from_json(body)
    except ValueError:
        return False
    return isinstance(read, dict) and content.items() <= read.items()
