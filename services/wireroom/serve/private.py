"""Private feeds over HTTP: a key is asked for before anything else, and what was answered is noted."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from wireroom import asgi
from wireroom.asgi import Application, Receive, Scope, Send
from wireroom.clock import Clock
from wireroom.config import Settings
from wireroom.config_partners import PartnerSettings
from wireroom.errors import RetryAfter
from wireroom.keyring import Keyring
from wireroom.keys import Key, KeyList, Refusal, public_part
from wireroom.partners.keys import PARTNERS, partner_of
from wireroom.partners.records import Access, known_of
from wireroom.seldom import Seldom
from wireroom.serve.access import AccessLog
from wireroom.serve.answers import Answer, Header, of_text
from wireroom.serve.conditions import fields
from wireroom.serve.front import dated, unwell
from wireroom.serve.partners import PREFIX, Asked, asked, has_ended
from wireroom.store import Store
from wireroom.token_bucket import Bucket
from wireroom.web import Message

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
_WHO = b"authorization"
_DELTA = b"a-im"  # a part of a feed would not tell of a withdrawal

log = logging.getLogger("wireroom")


class Documents(Protocol):
    """What answers about a document to a reader who may see it."""

    async def document(self, key: str, asked: Mapping[bytes, bytes], cache_control: str) -> Answer:
        """`asked`: the request's headers."""
        ...

    def document_at_once(self, key: str, asked: Mapping[bytes, bytes], cache_control: str) -> Answer | None:
        """The same without waiting; None when the store must be asked first."""
        ...


class PrivateFeeds:
    """Answers for paths under `/private/`, and hands every other path to `rest`."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, documents: Callable[[], Documents], rest: Application
    ) -> None:
        self._clock = clock
        self._documents = documents
        self._rest = rest
        self._controls = {f"{feed.publication}/{feed.id}": feed.caching for feed in settings.feeds if feed.private}
        self._partners = {partner.id: partner for partner in settings.partners}
        self._buckets = {ident: _bucket(partner) for ident, partner in self._partners.items()}
        self._keyring = Keyring(KeyList(store, PARTNERS), clock)
        self._refusals = Seldom(log)
        self._log = AccessLog(store, clock, settings.access_log.days)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        answer = _private(await self._answer(scope))
        await asgi.answer(scope, send, answer.status, answer.headers, answer.body)

    def at_once(self, target: bytes, asked_with: Mapping[bytes, bytes]) -> Message | None:
        """The answer to GET by a partner whose key and document are at hand; None for all else."""
        if not target.startswith(PREFIX.encode()):
            return None
        what = asked(target.decode("latin-1"), [asked_with[_WHO]] if _WHO in asked_with else [])
        key = self._keyring.find_at_once(what.secret) if what.secret and what.document else None
        if not isinstance(key, Key) or what.document is None or what.feed is None:
            return None
        partner = self._partners.get(partner_of(key))
        if partner is None or what.feed not in partner.feeds:
            return None  # which takes as long as for a feed that is not there
        headers = {name: value for name, value in asked_with.items() if name != _DELTA}
        found = self._documents().document_at_once(what.document, headers, self._controls[what.feed])
        if found is None:
            return None
        answer = self._refusal(key, what, "GET") or found
        self._note(key, what, "GET", headers, answer)
        return dated(_private(answer), self._clock.now())

    def close(self) -> None:
        """Keep what is known of requests, and end the threads. Waits for the store a little."""
        self._keyring.close()
        self._log.close()

    async def _answer(self, scope: Scope) -> Answer:
        what = asked(scope["path"], [value for name, value in scope["headers"] if name == _WHO])
        try:
            key = await self._keyring.find(what.secret) if what.secret else Refusal.UNKNOWN
        except RetryAfter as error:
            return unwell(error)
        if isinstance(key, Refusal):
            self._refusals.warning(
                "401", "refused: 401, a private feed, key %s: %s", public_part(what.secret or ""), key
            )
            return of_text(401, f"A private feed: {key if what.secret else 'send a key'}.", *_CHALLENGES)
        headers = fields((name, value) for name, value in scope["headers"] if name != _DELTA)
        answer = self._refusal(key, what, scope["method"])
        if answer is None:
            assert what.document is not None
            assert what.feed is not None
            answer = await self._documents().document(what.document, headers, self._controls[what.feed])
        self._note(key, what, scope["method"], headers, answer)
        return answer

    def _refusal(self, key: Key, what: Asked, method: str) -> Answer | None:
        """Why the owner of a key gets no document, if so; a request is counted."""
        partner = self._partners.get(partner_of(key))
        if partner is None:
            return of_text(403, "This key's partner is not known here.")
        bucket = self._buckets[partner.id]
        if wait := bucket.wait(time.monotonic()):
            told = f"At most {partner.rate} requests a minute."
            return of_text(429, told, (b"retry-after", b"%d" % math.ceil(wait)))
        bucket.take(1)
        if has_ended(partner, self._clock.now()):
            return of_text(403, "Access has ended.")
        if what.document is None or what.feed not in partner.feeds:
            return of_text(404, "Not Found")  # the same whether there is such a feed or not
        if method not in ("GET", "HEAD"):
            return of_text(405, "Method Not Allowed", (b"allow", b"GET, HEAD"))
        return None

    def _note(self, key: Key, what: Asked, method: str, headers: Mapping[bytes, bytes], answer: Answer) -> None:
        partner = partner_of(key)
        if partner not in self._partners:
            return
        if answer.status == 429:
            self._log.slow(partner)
            return
        access = Access(
            time=self._clock.now(),
            partner=partner,
            key=key.id,
            document=what.document or "-",
            method=method if method in ("GET", "HEAD") else "-",
            status=answer.status,
            etag=next((value.decode("latin-1") for name, value in answer.headers if name == b"etag"), None),
            known=known_of(headers.get(b"if-none-match", b"")),
            size=len(answer.body) if method == "GET" else 0,
        )
        self._log.note(access, answer.served)


def _bucket(partner: PartnerSettings) -> Bucket:
    return Bucket(partner.rate / _MINUTE, partner.rate, time.monotonic())


def _private(answer: Answer) -> Answer:
    """What is said here is for one reader."""
    kept = any(name == b"cache-control" for name, _ in answer.headers)
    return answer._replace(headers=[*answer.headers, *_APART, *(() if kept else (_NO_STORE,))])
