"""WordPress: the REST shape of `/wp/v2/posts/{id}?_embed=1`, as `deploy/wordpress/wireroom.php` pushes it.

Its dates in GMT lack their zone, its titles and excerpts are HTML. The last part of the address is `published` or
`withdrawn`; of what is withdrawn `modified_gmt` is when that happened.
"""

from collections.abc import Sequence

from wireroom.config_hooks import HookSettings
from wireroom.event import ArticleEvent
from wireroom.ingest.hooks import Delivery, signatures
from wireroom.ingest.hooks.mapped import event_of
from wireroom.ingest.hooks.paths import payload_of
from wireroom.mapping import Mapped

WITHDRAWN = "withdrawn"
_TERMS = "/_embedded/wp:term/*/*"

MAPPING = Mapped.model_validate(
    {
        "article_id": "/id",
        "occurred_at": {"path": "/modified_gmt", "convert": "utc"},
        "url": "/link",
        "published_at": {"path": "/date_gmt", "convert": "utc"},
        "modified_at": {"path": "/modified_gmt", "convert": "utc"},
        "updated_at": {"path": "/modified_gmt", "convert": "utc"},
        "title": {"path": "/title/rendered", "convert": "plain"},
        "summary": {"path": "/excerpt/rendered", "convert": "plain"},
        "body_html": "/content/rendered",
        "authors": {
            "each": "/_embedded/author",
            "name": {"path": "/name", "convert": "byline"},
            "url": {"path": "/link", "convert": "byline"},
        },
        "sections": {
            "each": _TERMS,
            "where": {"path": "/taxonomy", "equals": "category"},
            "path": "/name",
            "convert": "plain",
        },
        "tags": {
            "each": _TERMS,
            "where": {"path": "/taxonomy", "equals": "post_tag"},
            "path": "/name",
            "convert": "plain",
        },
        "images": {
            "each": "/_embedded/wp:featuredmedia",
            "where": {"path": "/media_type", "equals": "image"},
            "url": {"path": "/source_url", "convert": "address"},
            "width": {"path": "/media_details/width", "convert": "number"},
            "height": {"path": "/media_details/height", "convert": "number"},
            "size_bytes": {"path": "/media_details/filesize", "convert": "number"},
            "media_type": "/mime_type",
            "caption": {"path": "/caption/rendered", "convert": "plain"},
            "alt": {"path": "/alt_text", "convert": "plain"},
        },
        "access": {"path": "/content/protected", "translate": {"true": "REGISTERED", "false": "FREE"}},
    }
)

verified = signatures.hub


def events(delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
    """What a post is now; one that is not published is withdrawn. Raises Reject."""
    payload = payload_of(delivery.body)
    withdrawn = delivery.event == WITHDRAWN
    if isinstance(payload, dict):
        withdrawn = withdrawn or payload.get("status") != "publish"
        payload = payload | {"modified_gmt": _changed(payload)}
    return [event_of(payload, MAPPING, delivery, hook, withdrawn=withdrawn)]


def _changed(post: dict[str, object]) -> object:
    """When it last changed: a post that the clock published keeps the time of the edit before."""
    published, modified = post.get("date_gmt"), post.get("modified_gmt")
    return max(published, modified) if isinstance(published, str) and isinstance(modified, str) else modified
