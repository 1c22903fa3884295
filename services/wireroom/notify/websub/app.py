"""The hub's endpoint as an ASGI application: takes requests, and asks each callback whether it means it.

What was answered with 202 is asked about at once and not kept: a subscriber that hears nothing asks again, as WebSub
has it. What was confirmed is durable.
"""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from itertools import count
from threading import Lock, Timer
from typing import NamedTuple

from wireroom import asgi
from wireroom.asgi import Receive, Scope, Send
from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.errors import Red, Reject, RetryAfter
from wireroom.notify.subscribers import outbound_of
from wireroom.notify.websub.lanes import Lane
from wireroom.notify.websub.limits import Limit, source
from wireroom.notify.websub.request import MOST_BYTES, Request, request_of
from wireroom.notify.websub.subscriptions import Id, Shard, Subscriptions
from wireroom.notify.websub.topics import Topics
from wireroom.notify.websub.verification import verify
from wireroom.seldom import Seldom
from wireroom.store import PolledStore

PATH = "/hub"
FORM = "application/x-www-form-urlencoded"
PER_HOST = 1_000  # subscriptions
PER_SHARD = 4_000  # ... so that there are some 100,000 at most
_SOURCE = 10.0, 100  # requests a second from one address, and at once
_HOST = 1.0, 100  # ... that name callbacks at one host
_ALL = 50.0, 500  # ... of everybody, because names are cheap and may all lead to one address
_MOST = 1_000  # that wait to be verified
_AGAIN = 10.0  # seconds until a callback that did not answer is asked once more
_THREADS = 64

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """Its body is for the person who writes the client (WebSub, 5.1.2)."""

    status: int
    text: str
    headers: Mapping[str, str] = {}


class Hub:
    """The application; one process's share of what is asked."""

    def __init__(self, store: PolledStore, settings: Settings, clock: Clock | None = None) -> None:
        self._subscriptions = Subscriptions(store)
        self._topics = Topics(settings)
        self._outbound = outbound_of(settings)
        self._clock = clock or SystemClock()
        self._source, self._host, self._all = Limit(*_SOURCE), Limit(*_HOST), Limit(*_ALL)
        self._lane = Lane("hub", _THREADS, 1)
        self._refusals = Seldom(log)
        self._lock = Lock()
        self._numbers = count(1)
        self._pending: dict[int, Request] = {}
        self._confirmed: dict[Id, int] = {}  # the latest number, while there are others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        answer = await self._answer(scope, receive)
        body = f"{answer.text}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), **answer.headers}
        headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await asgi.answer(scope, send, answer.status, pairs, body)

    def close(self) -> None:
        """Ask nobody any more."""
        self._lane.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["path"] != PATH:
            return Answer(404, f"The hub is at {PATH}.")
        if scope["method"] != "POST":
            told = "This is a WebSub hub: POST hub.mode, hub.topic and hub.callback."
            return Answer(405, told, {"Allow": "POST"})
        if wait := self._source.take(source((scope.get("client") or ("",))[0])):
            return _later(429, "Too many requests from this address.", wait)
        given = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        if given.partition(";")[0].strip().lower() != FORM:
            return Answer(415, f"The body must be {FORM}.")
        if (body := await _body(receive)) is None:
            return Answer(413, f"The body has more than {MOST_BYTES} bytes.")
        try:
            request = request_of(body, self._topics)
            self._outbound.check(request.callback)
        except Reject as error:
            return Answer(400, "\n".join(map(str, error.faults)))
        return await self._take(request)

    async def _take(self, request: Request) -> Answer:
        if wait := max(self._host.take(request.host), self._all.take("")):
            return _later(429, "Too many requests for callbacks there.", wait)
        if len(self._pending) >= _MOST:
            return _later(503, "Too many requests wait to be verified.", 5)
        try:
            held = await asyncio.to_thread(self._subscriptions.of_host, request.host)
        except (RetryAfter, Red) as error:
            log.warning("hub: %s", error)
            return _later(503, "Subscriptions cannot be read now.", 5)
        if request.mode == "subscribe" and (full := self._full(request, held)):
            return full
        number = next(self._numbers)
        with self._lock:
            self._pending[number] = request
        self._ask(number, request, last=False)
        return Answer(202, "The callback will be asked whether it means it.")

    def _full(self, request: Request, held: Shard) -> Answer | None:
        """Whether there is no room for one more; what waits to be verified has its room."""
        now = self._clock.now()
        live = {ident: each.host for ident, each in held.items() if each.expires > now}
        with self._lock:
            live |= {each.id: each.host for each in self._pending.values() if each.host == request.host}
        if request.id in live:
            return None
        if list(live.values()).count(request.host) >= PER_HOST:
            return Answer(403, f"{request.host} has {PER_HOST} subscriptions, more are not given.")
        return _later(503, "There are too many subscriptions.", 3600) if len(live) >= PER_SHARD else None

    # ---- verification, in other threads ------------------------------------------------------------------------

    def _ask(self, number: int, request: Request, last: bool) -> None:
        self._lane.submit(request.host, lambda: self._verify(number, request, last))

    def _verify(self, number: int, request: Request, last: bool) -> None:
        """Ask, and once more when there was no answer. Only what was confirmed takes the place of anything else."""
        verdict = verify(self._outbound, request)
        if verdict.again and not last:
            again = Timer(_AGAIN, self._ask, [number, request, True])
            again.daemon = True
            again.start()
            return
        if not verdict.confirmed:
            self._refusals.warning("unconfirmed", "hub: %s did not confirm: %s", request.host, verdict.reason)
        elif self._confirmed.get(request.id, 0) < number:
            self._keep(request)
            self._confirmed[request.id] = number
        with self._lock:
            del self._pending[number]
            if not any(each.id == request.id for each in self._pending.values()):
                self._confirmed.pop(request.id, None)

    def _keep(self, request: Request) -> None:
        """It was confirmed, so it is kept, however long the store is away."""
        now = self._clock.now()
        while True:
            try:
                self._subscriptions.apply(request, now)
            except RetryAfter as unwell:
                log.warning("hub: %s", unwell)
                time.sleep(max(unwell.seconds, 1.0))
            except Red as red:
                log.error("hub: %s", red)
                return
            else:
                return


async def _body(receive: Receive) -> bytes | None:
    """All of it; None when that is too much."""
    body = b""
    while len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body if len(body) <= MOST_BYTES else None
    return None


def _later(status: int, text: str, seconds: float) -> Answer:
    return Answer(status, text, {"Retry-After": str(math.ceil(seconds))})
