"""ninjs 2 and 3 (IPTC News in JSON) from any system, signed as GitHub signs: properties in lower case or in camelCase.

Its `version` may be any text, so the revision is the time of the version. To ninjs a `uri` only identifies: the address
is the rendition `web`, as in our own documents, or a `uri` that is one.
"""

from collections.abc import Sequence

from wireroom.config_hooks import HookSettings
from wireroom.event import ArticleEvent
from wireroom.ingest.hooks import Delivery, signatures
from wireroom.ingest.hooks.mapped import mapped
from wireroom.mapping import Mapped

_HTML = ["text/html", "application/xhtml+xml"]
_VERSION = {"path": ["/versionCreated", "/versioncreated"], "convert": "utc"}


def _in_role(where: str, *roles: str) -> dict[str, object]:
    return {"each": where, "where": {"path": "/role", "equals": roles}, "path": "/value", "convert": "plain"}


MAPPING = Mapped.model_validate(
    {
        "ignored": {
            "path": "/type",
            "equals": ["audio", "video", "picture", "graphic", "composite", "planning", "component", "event"],
        },
        "withdrawn": [
            {"path": "/pubStatus", "equals": ["canceled", "withheld"]},
            {"path": "/pubstatus", "equals": ["canceled", "withheld"]},
        ],
        "article_id": "/uri",
        "occurred_at": _VERSION,
        "url": [
            {"each": "/renditions", "where": {"path": "/name", "equals": "web"}, "path": "/href", "convert": "address"},
            {"path": "/uri", "convert": "address"},
        ],
        "published_at": {
            "path": ["/firstCreated", "/firstcreated", "/versionCreated", "/versioncreated"],
            "convert": "utc",
        },
        "modified_at": _VERSION,
        "updated_at": _VERSION,
        "note": [_in_role("/descriptions", "correction-note", "withdrawal-note")],
        "title": [
            _in_role("/headlines", "main", "null"),
            {"path": ["/title", "/headlines/0/value"], "convert": "plain"},
        ],
        "subtitle": [_in_role("/headlines", "subtitle")],
        "summary": [
            _in_role("/descriptions", "summary", "main", "null"),
            {"path": "/description_text", "convert": "plain"},
        ],
        "body_html": [
            {"each": "/bodies", "where": {"path": "/contentType", "equals": _HTML}, "path": "/value"},
            {"each": "/bodies", "where": {"path": "/contenttype", "equals": _HTML}, "path": "/value"},
            {"each": "/bodies", "path": "/value", "convert": "paragraphs"},
        ],
        "language": "/language",
        "authors": [
            {
                "each": "/people",
                "where": {"path": "/rel", "equals": "author"},
                "name": {"path": "/name", "convert": "byline"},
                "url": {"path": "/uri", "convert": "address"},
            },
            {"name": {"path": "/by", "convert": "byline"}},
        ],
        "sections": {
            "each": "/subjects",
            "where": {"path": "/rel", "equals": ["section", "category"]},
            "path": "/name",
        },
        "tags": {
            "each": "/subjects",
            "where": {"path": "/rel", "equals": ["tag", "keyword", "about", "null"]},
            "path": "/name",
        },
        "images": {
            "each": "/associations",
            "where": {"path": "/type", "equals": "picture"},
            "url": {"path": "/renditions/*/href", "convert": "address"},
            "width": {"path": "/renditions/0/width", "convert": "number"},
            "height": {"path": "/renditions/0/height", "convert": "number"},
            "media_type": ["/renditions/0/contentType", "/renditions/0/contenttype"],
            "caption": [_in_role("/descriptions", "caption", "main", "null")],
            "credit": {"path": "/by", "convert": "byline"},
            "alt": [_in_role("/descriptions", "alt")],
        },
        "embargoed_until": {"path": ["/embargoedUntil", "/embargoed"], "convert": "utc"},
        "expires_at": {"path": "/expires", "convert": "utc"},
        "source": {
            "each": ["/infoSources", "/infosources"],
            "name": "/name",
            "url": {"path": "/uri", "convert": "address"},
        },
        "rights": {
            "copyright_holder": ["/copyrightHolder", "/copyrightholder"],
            "copyright_notice": ["/copyrightNotice", "/copyrightnotice"],
            "usage_terms": ["/usageTerms", "/usageterms"],
        },
    }
)

verified = signatures.hub


def events(delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
    """What an item is now. Raises Reject."""
    return mapped(delivery, hook, MAPPING)
