"""The payloads beside this file as deliveries: who sent each, to which address, and the settings that know it."""

import hmac
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from wireroom.clock import micros
from wireroom.config import Settings
from wireroom.fields import Moment
from wireroom.ingest.hooks import Delivery

HERE = Path(__file__).parent
SECRET = b"kept by both sides"
RECEIVED = micros(TypeAdapter(Moment).validate_python("2026-11-24T11:00:03Z"))

WIRE = {
    "withdrawn": {"path": "/cmd", "equals": ["spike", "kill"]},
    "article_id": "/story/ident",
    "revision": "/story/seq",
    "published_at": {"path": "/story/stamp/first", "convert": "seconds"},
    "modified_at": {"path": "/story/stamp/last", "convert": "seconds"},
    "title": "/story/lines/head",
    "subtitle": "/story/lines/sub",
    "body_html": {"path": "/story/text", "convert": "paragraphs"},
    "sections": {"each": "/story/cat", "where": {"path": "/main", "equals": True}, "path": "/label"},
    "tags": {"each": "/story/cat", "where": {"path": "/main", "equals": False}, "path": "/label"},
    "rights": {"copyright_holder": "/story/rights/who"},
}
DRUPAL = {
    "ignored": {"path": "/entity/type/0/target_id", "equals": ["page", "webform"]},
    "withdrawn": [
        {"path": "/event", "equals": "entity:node:delete"},
        {"path": "/entity/status/0/value", "equals": [False, 0]},
    ],
    "article_id": "/entity/nid/0/value",
    "url": "/entity/path/0/alias",
    "published_at": "/entity/created/0/value",
    "modified_at": "/entity/changed/0/value",
    "updated_at": "/entity/changed/0/value",
    "title": "/entity/title/0/value",
    "summary": {"path": "/entity/body/0/summary", "convert": "plain"},
    "body_html": ["/entity/body/0/processed", "/entity/body/0/value"],
    "language": "/entity/langcode/0/value",
    "sections": "/entity/field_section/*/value",
    "images": {
        "each": "/entity/field_image",
        "url": "/url",
        "alt": "/alt",
        "width": {"path": "/width", "convert": "number"},
        "height": {"path": "/height", "convert": "number"},
    },
}
HOOKS: list[dict[str, object]] = [
    {"cms": "ghost", "publication": "fjordposten"},
    {"cms": "wordpress", "publication": "teluk"},
    {
        "cms": "superdesk",
        "publication": "coast-news",
        "url_template": "https://coastnews.example/stories/{article_id}",
    },
    {"cms": "ninjs", "publication": "agency"},
    {
        "cms": "generic",
        "publication": "wire-co",
        "url_template": "https://wire.example/{article_id}",
        "mapping": WIRE,
    },
    {
        "cms": "generic",
        "publication": "gazette",
        "url_template": "https://gazette.example/node/{article_id}",
        "mapping": DRUPAL,
    },
]
CONFIGURATION = {"hooks": [{**hook, "secret": SECRET.decode()} for hook in HOOKS]}
SETTINGS = Settings.model_validate(CONFIGURATION)


class Case(NamedTuple):
    """A payload's name, and where it is posted."""

    name: str
    cms: str
    publication: str
    event: str = ""

    @property
    def body(self) -> bytes:
        """As it is sent."""
        return (HERE / f"{self.name}.json").read_bytes()

    @property
    def delivery(self) -> Delivery:
        """Signed."""
        return signed(Delivery(self.cms, self.publication, self.event, {}, self.body, RECEIVED))


CASES = [
    Case("ghost-published", "ghost", "fjordposten", "post.published"),
    Case("ghost-edited-paid", "ghost", "fjordposten", "post.published.edited"),
    Case("ghost-edited-members", "ghost", "fjordposten", "post.published.edited"),
    Case("ghost-edited-email-only", "ghost", "fjordposten", "post.published.edited"),
    Case("ghost-unpublished", "ghost", "fjordposten", "post.unpublished"),
    Case("ghost-deleted", "ghost", "fjordposten", "post.deleted"),
    Case("ghost-deleted-draft", "ghost", "fjordposten", "post.deleted"),
    Case("wordpress-published", "wordpress", "teluk", "published"),
    Case("wordpress-published-by-the-clock", "wordpress", "teluk", "published"),
    Case("wordpress-published-with-a-password", "wordpress", "teluk", "published"),
    Case("wordpress-withdrawn", "wordpress", "teluk", "withdrawn"),
    Case("superdesk-text", "superdesk", "coast-news"),
    Case("superdesk-embargoed", "superdesk", "coast-news"),
    Case("superdesk-killed", "superdesk", "coast-news"),
    Case("superdesk-picture", "superdesk", "coast-news"),
    Case("ninjs-2", "ninjs", "agency"),
    Case("ninjs-2-picture", "ninjs", "agency"),
    Case("ninjs-3", "ninjs", "agency"),
    Case("ninjs-3-canceled", "ninjs", "agency"),
    Case("generic-wire", "generic", "wire-co"),
    Case("generic-wire-withdrawn", "generic", "wire-co"),
    Case("drupal-updated", "generic", "gazette"),
    Case("drupal-unpublished", "generic", "gazette"),
    Case("drupal-deleted", "generic", "gazette"),
    Case("drupal-page", "generic", "gazette"),
]


def signed(delivery: Delivery, secret: bytes = SECRET) -> Delivery:
    """The delivery with the header that its system would send."""
    match delivery.cms:
        case "ghost":
            at = delivery.received_at // 1000 - 2
            signature = hmac.digest(secret, delivery.body + str(at).encode(), "sha256").hex()
            headers = {"x-ghost-signature": f"sha256={signature}, t={at}"}
        case "superdesk":
            headers = {"x-superdesk-signature": f"sha1={hmac.digest(secret, delivery.body, 'sha1').hex()}"}
        case _:
            headers = {"x-hub-signature-256": f"sha256={hmac.digest(secret, delivery.body, 'sha256').hex()}"}
    return delivery._replace(headers=headers)
