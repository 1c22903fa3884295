"""Superdesk's HTTP push: ninjs 1.x with `guid`, `slugline`, `service` and `keywords`.

Its `version` is a counter, and so the revision. Pictures and packages come by themselves, and are none of ours.
"""

from collections.abc import Sequence

from wireroom.config_hooks import HookSettings
from wireroom.event import ArticleEvent
from wireroom.ingest.hooks import Delivery, signatures
from wireroom.ingest.hooks.mapped import mapped
from wireroom.mapping import Mapped


def _renditions(field: str) -> list[str]:
    return [f"/renditions/{name}/{field}" for name in ("original", "baseImage", "viewImage")]


MAPPING = Mapped.model_validate(
    {
        "ignored": {
            "path": "/type",
            "equals": ["audio", "video", "picture", "graphic", "composite", "event", "planning", "planning_featured"],
        },
        "withdrawn": {"path": "/pubstatus", "equals": ["canceled", "withheld"]},
        "article_id": ["/guid", "/uri"],
        "revision": {"path": "/version", "convert": "number"},
        "occurred_at": {"path": "/versioncreated", "convert": "utc"},
        "published_at": {"path": ["/firstpublished", "/firstcreated", "/versioncreated"], "convert": "utc"},
        "modified_at": {"path": "/versioncreated", "convert": "utc"},
        "updated_at": {"path": "/versioncreated", "convert": "utc"},
        "title": {"path": ["/headline", "/slugline"], "convert": "plain"},
        "summary": {"path": ["/description_text", "/description_html"], "convert": "plain"},
        "body_html": "/body_html",
        "language": "/language",
        "authors": [
            {"each": "/authors", "name": {"path": "/name", "convert": "byline"}},
            {"name": {"path": "/byline", "convert": "byline"}},
        ],
        "sections": "/service/*/name",
        "tags": {"each": ["/keywords", "/subject/*/name"]},
        "images": {
            "each": ["/associations/featuremedia", "/associations/*"],
            "where": {"path": "/type", "equals": "picture"},
            "url": {"path": _renditions("href"), "convert": "address"},
            "width": {"path": _renditions("width"), "convert": "number"},
            "height": {"path": _renditions("height"), "convert": "number"},
            "media_type": _renditions("mimetype"),
            "caption": {"path": ["/description_text", "/description_html"], "convert": "plain"},
            "credit": {"path": "/byline", "convert": "byline"},
            "alt": {"path": "/body_text", "convert": "plain"},
        },
        "embargoed_until": {"path": "/embargoed", "convert": "utc"},
        "source": {"name": "/source"},
        "rights": {
            "copyright_holder": "/copyrightholder",
            "copyright_notice": "/copyrightnotice",
            "usage_terms": "/usageterms",
        },
    }
)

verified = signatures.superdesk


def events(delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
    """What an item is now. Raises Reject."""
    return mapped(delivery, hook, MAPPING)
