"""Documents before all else, as plain ASGI: a framework takes three times as long over each request."""

import asyncio
import math
from collections.abc import Mapping
from typing import NamedTuple

from wireroom import asgi
from wireroom.asgi import Application, Receive, Scope, Send
from wireroom.clock import SECOND, Clock
from wireroom.errors import RetryAfter, WireroomError
from wireroom.serve.answers import Answer, for_scripts, of_document, of_move, of_preflight, of_text
from wireroom.serve.conditions import fields, http_date
from wireroom.serve.documents import Documents, Served, is_public
from wireroom.serve.lifetimes import Lifetimes
from wireroom.serve.links import Links
from wireroom.web import AtOnce, Message, message

_LATEST = 0.5  # seconds that the store has for an answer before what is held is served
_LONGEST = 2.5  # the same where nothing is held: less than what the web server waits for when it ends
_MOST_ASKED = 1000  # questions to the store at once
_MOST_MADE = 4096  # answers that are kept for a second
_LONGEST_ASKED = 1024  # bytes of what they are kept for: a head may have 64 KB, and thousands of such be kept
_DECISIVE = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"a-im")
_NOT_FOUND = of_text(404, "Not Found")


class Front:
    """Answers for public keys and for paths that feeds had before, and hands every other path to `rest`.

    `moved`: the new path by the old one.
    """

    def __init__(
        self,
        documents: Documents,
        lifetimes: Lifetimes,
        moved: Mapping[str, str],
        links: Links,
        clock: Clock,
        rest: Application,
    ) -> None:
        self._documents = documents
        self._lifetimes = lifetimes
        self._moved = moved
        self._links = links
        self._clock = clock
        self._rest = rest
        self._asking: dict[str, _Question] = {}
        self._made: dict[tuple[object, ...], Message] = {}
        self._second = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or not (scope["path"] in self._moved or is_public(scope["path"][1:])):
            await self._rest(scope, receive, send)
            return
        answer = await self._answer(scope["path"], scope["method"], fields(scope["headers"]))
        await asgi.answer(scope, send, answer.status, answer.headers, answer.body)

    def at_once(self, target: bytes, asked: Mapping[bytes, bytes]) -> Message | None:
        """The answer to GET of a public document that is at hand, as it goes over the wire; None for all else.

        `target`: as it stands in the request. Many readers ask alike: an answer is made once a second for all of them.
        """
        path = target.decode("latin-1")
        now = self._clock.now()
        held = self._documents.at_hand(path[1:], now)
        if held is None or (served := held.served) is None or not served.public or path in self._moved:
            return self._rest.at_once(target, asked) if isinstance(self._rest, AtOnce) else None
        if self._second != now // SECOND or len(self._made) > _MOST_MADE:
            self._made.clear()
            self._second = now // SECOND
        alike = (served, *map(asked.get, _DECISIVE))
        if (made := self._made.get(alike)) is None:
            if not _is_ready(served, asked):
                return None
            made = dated(self._of(served, asked, now), now)
            if sum(len(asked.get(name, b"")) for name in _DECISIVE) <= _LONGEST_ASKED:
                self._made[alike] = made
        return made

    def document_at_once(self, key: str, asked: Mapping[bytes, bytes], cache_control: str) -> Answer | None:
        """As `document`, if it is at hand."""
        now = self._clock.now()
        held = self._documents.at_hand(key, now)
        served = held.served if held else None
        return self._of(served, asked, now, cache_control) if served and _is_ready(served, asked) else None

    async def document(self, key: str, asked: Mapping[bytes, bytes], cache_control: str | None = None) -> Answer:
        """What is answered about a document to a reader who may see it; the only place where the store is asked.

        `asked`: the request's headers. Without `cache_control` it is as for any public document.
        """
        try:
            served = await self._read(key)
        except WireroomError as error:
            return unwell(error)
        if served is None:
            return _NOT_FOUND
        if not _is_ready(served, asked):
            await asyncio.to_thread(served.forms.best, asked.get(b"accept-encoding", b""))
        return self._of(served, asked, self._clock.now(), cache_control)

    def _of(self, served: Served, asked: Mapping[bytes, bytes], now: int, cache_control: str | None = None) -> Answer:
        lifetime = cache_control or self._lifetimes.of(served.key, served.read_at - served.stored.modified)
        answer = of_document(served, asked, lifetime, now)
        return (
            answer._replace(headers=[*answer.headers, *self._links.of(served.key)]) if answer.status == 200 else answer
        )

    async def _answer(self, path: str, method: str, asked: Mapping[bytes, bytes]) -> Answer:
        key, scripts = path[1:], for_scripts(path[1:])
        if method == "OPTIONS" and scripts:
            return of_preflight(key)
        if method not in ("GET", "HEAD"):
            return of_text(405, "Method Not Allowed", (b"allow", b"GET, HEAD" + (b", OPTIONS" if scripts else b"")))
        if path in self._moved:
            return of_move(self._moved[path])
        answer = await self.document(key, asked)
        if answer.status in (404, 503):  # scripts may see these too
            answer = answer._replace(headers=[*answer.headers, *scripts])
        return answer

    async def _read(self, key: str) -> Served | None:
        """What is held and fresh; else what the store says, or what is held if the store takes too long over it."""
        if held := self._documents.at_hand(key, self._clock.now()):
            return held.served
        question = self._asking.get(key) or self._ask(key)
        known = self._documents.held(key)
        latest = question.begun + (_LATEST if known else _LONGEST)
        await asyncio.wait([question.task], timeout=max(0.0, latest - asyncio.get_running_loop().time()))
        if question.task.done():
            return _told(question.task.result())
        if known is None:
            raise RetryAfter("the store takes too long")
        return known.served

    def _ask(self, key: str) -> "_Question":
        """One question for all who want to know."""
        if len(self._asking) >= _MOST_ASKED:
            raise RetryAfter("too much is being asked of the store")
        task = asyncio.create_task(self._look(key))
        task.add_done_callback(lambda _: self._asking.pop(key))
        question = self._asking[key] = _Question(task, asyncio.get_running_loop().time())
        return question

    async def _look(self, key: str) -> "Served | WireroomError | None":
        try:
            return await asyncio.to_thread(self._documents.read, key)
        except WireroomError as error:
            return error  # for those who wait, if any


def _is_ready(served: Served, asked: Mapping[bytes, bytes]) -> bool:
    """Whether it need not be compressed first, which takes as long as hundreds of answers."""
    return served.forms.made(asked.get(b"accept-encoding", b""))


class _Question(NamedTuple):
    """What the store is being asked, since when by the loop's clock."""

    task: "asyncio.Task[Served | WireroomError | None]"
    begun: float


def _told(result: Served | WireroomError | None) -> Served | None:
    if isinstance(result, WireroomError):
        raise result
    return result


def dated(answer: Answer, now: int) -> Message:
    """An answer as it goes over the wire at `now`, in microseconds since the epoch."""
    return message(answer.status, [(b"date", http_date(now // SECOND).encode()), *answer.headers], answer.body)


def unwell(error: Exception) -> Answer:
    """The store cannot be read, and nothing is held of what was asked for."""
    seconds = error.seconds if isinstance(error, RetryAfter) else 60
    told = (b"retry-after", b"%d" % math.ceil(seconds)), (b"cache-control", b"no-store")
    return of_text(503, "The store cannot be read now.", *told)
