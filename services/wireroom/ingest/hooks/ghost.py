"""Ghost's webhooks: `{"post": {"current": …, "previous": …}}`, one address for each event.

`previous` holds only what changed, but all of a post that was deleted; then `current` is empty. When a post was
withdrawn only the signature says. What is not public has its body dropped at the door, and only that summary which an
editor wrote: Ghost cuts all others out of the body.
"""

from collections.abc import Mapping, Sequence

from wireroom.config_hooks import HookSettings
from wireroom.errors import Fault, Reject
from wireroom.event import ArticleEvent
from wireroom.faults import found
from wireroom.ingest.hooks import Delivery, signatures
from wireroom.ingest.hooks.mapped import event_of
from wireroom.ingest.hooks.paths import at, payload_of
from wireroom.mapping import Mapped, Value

SHOWN = ("post.published", "post.published.edited")
GONE = ("post.unpublished", "post.deleted")

MAPPING = Mapped.model_validate(
    {
        "article_id": "/id",
        "url": "/url",
        "published_at": ["/published_at", "/created_at"],
        "modified_at": "/updated_at",
        "updated_at": "/updated_at",
        "title": "/title",
        "summary": "/custom_excerpt",
        "body_html": "/html",
        "authors": {
            "each": "/authors",
            "name": {"path": "/name", "convert": "byline"},
            "url": {"path": "/url", "convert": "byline"},
        },
        "sections": {
            "each": "/primary_tag",
            "where": {"path": "/visibility", "equals": ["public", "null"]},
            "path": "/name",
        },
        "tags": {"each": "/tags", "where": {"path": "/visibility", "equals": ["public", "null"]}, "path": "/name"},
        "images": {
            "url": {"path": "/feature_image", "convert": "address"},
            "alt": "/feature_image_alt",
            "caption": {"path": "/feature_image_caption", "convert": "plain"},
        },
        "access": {
            "path": "/visibility",
            "translate": {"public": "FREE", "members": "REGISTERED"},
            "default": "PAID",
        },
    }
)
PUBLIC = MAPPING.model_copy(update={"summary": (*MAPPING.summary, Value(path=("/excerpt",)))})

verified = signatures.ghost


def events(delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
    """What a post is now. Raises Reject."""
    if not delivery.event:
        expected = f"an address that ends in /{', /'.join(SHOWN + GONE)}"
        raise Reject("unknown-event", [Fault("event", "nothing", expected)])
    if delivery.event not in SHOWN + GONE:
        return []  # Ghost has many more; what it sends of them is nobody's mistake
    payload = payload_of(delivery.body)
    current, previous = _one(payload, "/post/current"), _one(payload, "/post/previous")
    post = current or previous
    if not post:
        raise Reject("invalid-event", [Fault("/post/current", found(payload), "a post, here or in /post/previous")])
    if delivery.event in SHOWN and post.get("status") == "published":
        mapping = PUBLIC if post.get("visibility") == "public" else MAPPING
        return [event_of(post, mapping, delivery, hook, withdrawn=False)]
    post = {**post, "published_at": post.get("published_at") or previous.get("published_at")}
    if not _was_public(delivery.event, post, previous):
        return []
    signed = delivery._replace(received_at=signatures.ghost_time(delivery) or delivery.received_at)
    return [event_of(post, MAPPING, signed, hook, withdrawn=True)]


def _one(payload: object, path: str) -> Mapping[str, object]:
    value = next(iter(at(payload, path)), None)
    return value if isinstance(value, Mapping) else {}


def _was_public(event: str, post: Mapping[str, object], previous: Mapping[str, object]) -> bool:
    """Whether anyone may have seen it: drafts are deleted too, and posts that are sent by e-mail only are edited."""
    if event == "post.deleted":
        return post.get("status") != "scheduled" and bool(post["published_at"])
    return event == "post.unpublished" or previous.get("status") == "published"
