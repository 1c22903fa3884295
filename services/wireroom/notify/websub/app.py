"""The hub's endpoint as an ASGI application: takes requests, and asks each callback whether it means it.

What was answered with 202 is asked about at once and not kept: a subscriber that hears nothing asks again, as WebSub
has it. What was confirmed is durable.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

from starlette.types import Receive, Scope, Send

from wireroom.clock import Clock
from wireroom.errors import Red, Reject, RetryAfter
from wireroom.notify.outbound import Outbound
from wireroom.notify.websub.limits import Limit, source
from wireroom.notify.websub.request import MOST_BYTES, Request, request_of
from wireroom.notify.websub.subscriptions import Id, Subscriptions
from wireroom.notify.websub.topics import Topics
from wireroom.notify.websub.verification import verify

FORM = "application/x-www-form-urlencoded"
PER_HOST = 1_000  # subscriptions
_SOURCE = 10.0, 100  # requests a second from one address, and at once
_HOST = 1.0, 100  # ... that name callbacks at one host
_ALL = 50.0, 500  # ... of everybody, because names are cheap and may all lead to one address
_MOST = 1_000  # that wait to be verified
_AGAIN = (10.0,)  # seconds until a callback that did not answer is asked again
_THREADS = 64

T = TypeVar("T")
log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """Its body is for the person who writes the client (WebSub, 5.1.2)."""

    status: int
    text: str
    headers: Mapping[str, str] = {}


class Hub:
    """The application. `subscribed` is called after each change of what is subscribed to."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        topics: Topics,
        outbound: Outbound,
        clock: Clock,
        subscribed: Callable[[], None] = lambda: None,
    ) -> None:
        self._subscriptions = subscriptions
        self._topics = topics
        self._outbound = outbound
        self._clock = clock
        self._subscribed = subscribed
        self._source, self._host, self._all = Limit(*_SOURCE), Limit(*_HOST), Limit(*_ALL)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: dict[Id, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="hub")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        answer = await self._answer(scope, receive)
        body = f"{answer.text}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), **answer.headers}
        headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def close(self) -> None:
        """Ask nobody any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
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
            return await self._take(request_of(body, self._topics))
        except Reject as error:
            return Answer(400, "\n".join(map(str, error.faults)))

    async def _take(self, request: Request) -> Answer:
        if wait := max(self._host.take(request.host), self._all.take("")):
            return _later(429, "Too many requests for callbacks there.", wait)
        if len(self._tasks) >= _MOST:
            return _later(503, "Too many requests wait to be verified.", 5)
        try:
            held = await self._in_thread(lambda: self._subscriptions.of_host(request.host))
        except (RetryAfter, Red) as error:
            log.warning("hub: %s", error)
            return _later(503, "Subscriptions cannot be read now.", 5)
        ident = request.key, request.callback
        now = self._clock.now()
        live = {each.id for each in held.values() if each.host == request.host and each.expires > now}
        if request.mode == "subscribe" and ident not in live and len(live) >= PER_HOST:
            return Answer(403, f"{request.host} has {PER_HOST} subscriptions, more are not given.")
        self._begin(ident, request)
        return Answer(202, "The callback will be asked whether it means it.")

    # ---- verification ------------------------------------------------------------------------------------------

    def _begin(self, ident: Id, request: Request) -> None:
        """A later request for the same subscription takes the place of one that was not confirmed yet."""
        if before := self._tasks.pop(ident, None):
            before.cancel()
        task = self._tasks[ident] = asyncio.create_task(self._verify(request))
        task.add_done_callback(lambda ended: self._ended(ident, ended))

    def _ended(self, ident: Id, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(ident) is task:
            del self._tasks[ident]
        if not task.cancelled():
            task.result()  # a bug in it is asyncio's to report

    async def _verify(self, request: Request) -> None:
        """Ask, one at a time at one host; and again when there was no answer."""
        for pause in (*_AGAIN, None):
            async with self._turns.setdefault(request.host, asyncio.Lock()):
                verdict = await self._in_thread(lambda: verify(self._outbound, request))
                if verdict.confirmed:
                    await self._confirmed(request)
                    return
            if pause is None or not verdict.again:
                log.info("hub: %s did not confirm: %s", request.host, verdict.reason)
                return
            await asyncio.sleep(pause)

    async def _confirmed(self, request: Request) -> None:
        now = self._clock.now()
        while True:
            try:
                await self._in_thread(lambda: self._subscriptions.apply(request, now))
            except RetryAfter as unwell:
                log.warning("hub: %s", unwell)
                await asyncio.sleep(max(unwell.seconds, 1.0))
            except Red as red:
                log.error("hub: %s", red)
                return
            else:
                self._subscribed()
                return

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


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
