"""Private feeds over HTTP: a key is asked for before anything else, and what was answered is noted."""

import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from wireroom.clock import Clock
from wireroom.config import Settings
from wireroom.config_partners import PartnerSettings
from wireroom.errors import RetryAfter
from wireroom.keyring import Keyring
from wireroom.keys import Key, KeyList, Refusal, public_part
from wireroom.partners.keys import PARTNERS, partner_of
from wireroom.partners.records import Access, known_of
from wireroom.serve.access import AccessLog
from wireroom.serve.answers import Answer, Header, of_text
from wireroom.serve.conditions import fields
from wireroom.serve.front import unwell
from wireroom.serve.partners import PREFIX, Asked, asked, has_ended
from wireroom.store import Store
from wireroom.token_bucket import Bucket

_MINUTE = 60  # seconds in the unit of a rate
_APART: Sequence[Header] = [  # an address may hold a key: no search engine and no other site shall learn of it
    (b"x-robots-tag", b"noindex"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Authorization"),
]
_NO_STORE: Header = (b"cache-control", b"private, no-store")
_CHALLENGES: Sequence[Header] = [
    (b"www-authenticate", b'Basic realm="wireroom", charset="UTF-8"'),
    (b"www-authenticate", b'Bearer realm="wireroom"'),
]
_DELTA = b"a-im"  # a part of a feed would not tell of a withdrawal

Document = Callable[[str, Mapping[bytes, bytes], str | None], Awaitable[Answer]]
log = logging.getLogger("wireroom")


class PrivateFeeds:
    """Answers for paths under `/private/`, and hands every other path to `rest`.

    `document` answers about a document to a reader who may see it.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock, document: Document, rest: ASGIApp) -> None:
        self._clock = clock
        self._document = document
        self._rest = rest
        self._controls = {f"{feed.publication}/{feed.id}": feed.caching for feed in settings.feeds if feed.private}
        self._partners = {partner.id: partner for partner in settings.partners}
        self._buckets = {ident: _bucket(partner) for ident, partner in self._partners.items()}
        self._keyring = Keyring(KeyList(store, PARTNERS), clock)
        self._log = AccessLog(store, clock, settings.access_log.days)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        answer = await self._answer(scope["path"], scope)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def close(self) -> None:
        """Keep what is known of requests, and end the threads. Waits for the store a little."""
        self._keyring.close()
        self._log.close()

    async def _answer(self, path: str, scope: Scope) -> Answer:
        what = asked(path, [value for name, value in scope["headers"] if name == b"authorization"])
        try:
            key = await self._keyring.find(what.secret) if what.secret else Refusal.UNKNOWN
        except RetryAfter as error:
            return _private(unwell(error))
        if isinstance(key, Refusal):
            log.warning("refused: 401, a private feed, key %s: %s", public_part(what.secret or ""), key)
            return _private(of_text(401, f"A private feed: {key if what.secret else 'send a key'}.", *_CHALLENGES))
        return _private(await self._known(key, what, scope))

    async def _known(self, key: Key, what: Asked, scope: Scope) -> Answer:
        """The answer to a partner."""
        partner = self._partners.get(partner_of(key))
        if partner is None:
            return of_text(403, "This key's partner is not known here.")
        bucket = self._buckets[partner.id]
        if wait := bucket.wait(time.monotonic()):
            self._log.slow(partner.id)
            told = f"At most {partner.rate} requests a minute."
            return of_text(429, told, (b"retry-after", b"%d" % math.ceil(wait)))
        bucket.take(1)
        headers = fields((name, value) for name, value in scope["headers"] if name != _DELTA)
        answer = await self._permitted(partner, what, scope["method"], headers)
        access = Access(
            time=self._clock.now(),
            partner=partner.id,
            key=key.id,
            document=what.document or "-",
            method=scope["method"] if scope["method"] in ("GET", "HEAD") else "-",
            status=answer.status,
            etag=next((value.decode("latin-1") for name, value in answer.headers if name == b"etag"), None),
            known=known_of(headers.get(b"if-none-match", b"")),
            size=len(answer.body) if scope["method"] == "GET" else 0,
        )
        self._log.note(access, answer.served.stored if answer.served else None)
        return answer

    async def _permitted(
        self, partner: PartnerSettings, what: Asked, method: str, headers: Mapping[bytes, bytes]
    ) -> Answer:
        if has_ended(partner, self._clock.now()):
            return of_text(403, "Access has ended.")
        if what.document is None or what.feed not in partner.feeds:
            return of_text(404, "Not Found")  # the same whether there is such a feed or not
        if method not in ("GET", "HEAD"):
            return of_text(405, "Method Not Allowed", (b"allow", b"GET, HEAD"))
        return await self._document(what.document, headers, self._controls[what.feed])


def _bucket(partner: PartnerSettings) -> Bucket:
    return Bucket(partner.rate / _MINUTE, partner.rate, time.monotonic())


def _private(answer: Answer) -> Answer:
    """What is said here is for one reader."""
    kept = any(name == b"cache-control" for name, _ in answer.headers)
    return answer._replace(headers=[*answer.headers, *_APART, *(() if kept else (_NO_STORE,))])
