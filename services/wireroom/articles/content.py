"""What the editions of this sink keep of an article, as JSON values; made once per revision."""

from typing import Any

from wireroom.articles.lint import lint
from wireroom.clock import moment
from wireroom.event import ArticleEvent
from wireroom.sink import Content
from wireroom.text import plain
from wireroom.uri import uri


def content(event: ArticleEvent) -> Content:
    """Its item in the listing, and the whole event, from which its document is made later. Raises Reject."""
    lint(event)
    return {"item": _item(event), "event": event.model_dump(mode="json", exclude_defaults=True)}


def event_of(kept: Content) -> ArticleEvent:
    """The event that `content` kept."""
    return ArticleEvent.parse(kept["event"])


def _item(event: ArticleEvent) -> Content:
    """An item of JSON Feed 1.1, but for what depends on the settings and on its neighbours."""
    article = event.article
    assert article is not None
    assert event.url is not None
    title, summary = plain(article.title), plain(article.summary or "")
    item: dict[str, Any] = {
        "url": uri(event.url),
        "title": title,
        "content_text": summary or title,
        "summary": summary,
        "image": next((uri(image.url) for image in article.images if image.is_picture), ""),
        "date_published": moment(event.first_visible).isoformat(),
        "date_modified": moment(event.significant_at).isoformat(),
        "language": article.language,
    }
    return {name: value for name, value in item.items() if value or name == "title"}
