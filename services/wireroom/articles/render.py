"""The listing as JSON Feed 1.1."""

from collections.abc import Sequence

from pydantic_core import to_json

from wireroom.articles.lint import gate
from wireroom.config import Publication
from wireroom.document import Document
from wireroom.edition import Entry
from wireroom.fields import article_key
from wireroom.guid import guids
from wireroom.text import plain
from wireroom.uri import uri


def document_key(publication: str, article_id: str) -> str:
    """Where an article's own document lies."""
    return f"articles/{publication}/{article_key(article_id)}.json"


def render(publication: Publication, public_url: str, shown: Sequence[Entry]) -> Document:
    """The newest articles of a publication, linking their documents. Raises Red."""
    base, key = public_url.rstrip("/"), f"articles/{publication.id}.json"
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": plain(publication.name),
        "home_page_url": uri(publication.url),
        "feed_url": f"{base}/{key}",
        "language": publication.language,
        "items": [
            {
                "id": guid,
                **entry.content["item"],
                "_wireroom": {"document": f"{base}/{document_key(owner, article_id)}", "revision": revision},
            }
            for entry, guid in zip(shown, guids(shown), strict=True)
            for owner, article_id, revision in [entry.article]
        ],
    }
    articles = tuple(entry.article for entry in shown)
    head = to_json(feed)[:-1] + b',"_wireroom":{"generation":'
    media_type = "application/feed+json; charset=utf-8"
    return gate(Document(key, media_type, head, b"}}", articles, language=publication.language), feed)
