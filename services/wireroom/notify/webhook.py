"""Webhooks: a partner is told by signed requests, in order and numbered, one at a time.

Signed as Standard Webhooks 1.0 says (github.com/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over id,
time and body, once for each secret; any library of theirs verifies it.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from pydantic_core import to_json

from wireroom.clock import SECOND, Clock, moment
from wireroom.config import Settings
from wireroom.config_notify import WebhookSettings
from wireroom.document import ArticleAt, DocumentChanged
from wireroom.fields import article_id
from wireroom.notify.documents import article_of, feed_of
from wireroom.notify.names import webhook_id
from wireroom.notify.outbound import Outbound
from wireroom.notify.outcome import Outcome, outcome
from wireroom.notify.subscriber import Told


class Webhook:
    """A `Subscriber`."""

    most = 1

    def __init__(self, settings: WebhookSettings, around: Settings, outbound: Outbound, clock: Clock) -> None:
        self.id = webhook_id(settings.id)
        self.definition = hashlib.sha256(
            to_json([settings.url, sorted(settings.feeds), sorted(settings.publications)])
        ).hexdigest()[:16]
        self._settings = settings
        self._around = around
        self._outbound = outbound
        self._clock = clock

    def wants(self, change: DocumentChanged) -> bool:
        """Of its feeds, every form; of its publications, the articles' own documents."""
        article = article_of(change.key)
        if article is not None:
            return article[0] in self._settings.publications
        return feed_of(change.key) in self._settings.feeds

    def deliver(self, epoch: str, batch: Sequence[Told]) -> Outcome:
        """See `Subscriber`."""
        (told,) = batch
        now = self._clock.now()
        body = payload(self._settings.id, epoch, told, address(self._around, told.notification.key))
        ident = f"{self._settings.id}-{epoch}-{told.notification.sequence}"
        headers = {"Content-Type": "application/json", **signed(ident, now // SECOND, body, self._settings.keys)}
        answer = self._outbound.send("POST", self._settings.url, headers, body)
        return outcome(answer.status, answer.headers, now)


def signed(ident: str, seconds: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers that prove who sent a body when: a signature for each key, the newest first."""
    content = b"%b.%d.%b" % (ident.encode(), seconds, body)
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def payload(webhook: str, epoch: str, told: Told, read_at: str) -> bytes:
    """What is sent (docs/notify.md). The same at every try, unless the article was withdrawn since."""
    notification, document = told
    articles = [_article(article, told) for article in notification.articles or _named(told)]
    data = {
        "webhook": webhook,
        "epoch": epoch,
        "sequence": notification.sequence,
        "key": notification.key,
        "address": read_at,
        "generation": notification.generation,
        "etag": notification.etag,
        "media_type": notification.media_type,
        "articles": articles,
    }
    kind = "document.withdrawn" if document.withdrawn else "document.changed"
    return to_json({"type": kind, "timestamp": moment(notification.changed_at).isoformat(), "data": data})


def _named(told: Told) -> Sequence[ArticleAt]:
    """What an article's own document is about, when it was announced a second time and says no more."""
    if (article := article_of(told.notification.key)) is None:
        return ()
    return [(article[0], article_id(article[1]), told.document.revision)]


def _article(article: ArticleAt, told: Told) -> dict[str, object]:
    publication, ident, revision = article
    said = {"publication": publication, "article_id": ident, "revision": revision}
    return said | {"withdrawn": told.document.withdrawn} | ({"url": told.document.url} if told.document.url else {})


def address(settings: Settings, key: str) -> str:
    """Where readers find a document."""
    _, *names = key.removeprefix("private/").split("/")
    owner = names[0].removesuffix(".json") if names else ""
    own = next((each.public_url for each in settings.publications if each.id == owner), None)
    return f"{(own or settings.public_url).rstrip('/')}/{key}"
