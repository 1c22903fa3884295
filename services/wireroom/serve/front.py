"""Documents before all else, as plain ASGI: a framework takes three times as long over each request."""

import asyncio
import math
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from wireroom.clock import Clock
from wireroom.errors import RetryAfter, WireroomError
from wireroom.serve.answers import Answer, of_document, of_text
from wireroom.serve.documents import Documents, Served, is_public

_NOT_ALLOWED = of_text(405, "Method Not Allowed", (b"allow", b"GET, HEAD"))
_NOT_FOUND = of_text(404, "Not Found")


class Front:
    """Answers for public keys, and hands every other path to `rest`.

    `controls`: Cache-Control of documents, by their key without its ending.
    """

    def __init__(self, documents: Documents, controls: Mapping[str, str], clock: Clock, rest: ASGIApp) -> None:
        self._documents = documents
        self._controls = controls
        self._clock = clock
        self._rest = rest
        self._asking: dict[str, asyncio.Task[Served | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or not is_public(key := scope["path"][1:]):
            await self._rest(scope, receive, send)
            return
        answer = await self._answer(key, scope)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, key: str, scope: Scope) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return _NOT_ALLOWED
        return await self.document(key, dict(scope["headers"]))

    async def document(self, key: str, asked: Mapping[bytes, bytes], cache_control: str | None = None) -> Answer:
        """What is answered about a document to a reader who may see it.

        `asked`: the request's headers. Without `cache_control` it is as for any public document.
        """
        try:
            served = await self._read(key)
        except WireroomError as error:
            return unwell(error)
        if served is None:
            return _NOT_FOUND
        control = cache_control or self._controls.get(key.rpartition(".")[0], "public, max-age=60")
        return of_document(served, asked, control, self._clock.now())

    async def _read(self, key: str) -> Served | None:
        if self._documents.near:
            return self._documents.read(key)
        if held := self._documents.fresh(key):
            return held.served
        if (asking := self._asking.get(key)) is None:  # all who want it now wait for one request
            asking = self._asking[key] = asyncio.create_task(asyncio.to_thread(self._documents.read, key))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(asking)


def unwell(error: Exception) -> Answer:
    """The store cannot be read, and nothing is held of what was asked for."""
    seconds = error.seconds if isinstance(error, RetryAfter) else 60
    told = (b"retry-after", b"%d" % math.ceil(seconds)), (b"cache-control", b"no-store")
    return of_text(503, "The store cannot be read now.", *told)
