"""The routes of the ingest, as an ASGI application without a framework: what it does for a small event is little."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl

from wireroom import asgi
from wireroom.asgi import Message as Sent
from wireroom.asgi import Receive, Scope, Send
from wireroom.clock import Clock, SystemClock
from wireroom.codec import MEDIA_TYPE as AVRO
from wireroom.config import Settings
from wireroom.errors import Fault, Red, Reject, RetryAfter
from wireroom.faults import found
from wireroom.ingest import body, problems, reading
from wireroom.ingest.access import Access, Sender
from wireroom.ingest.appends import Appends
from wireroom.ingest.counts import Counts
from wireroom.ingest.hooks import Delivery, Verdict
from wireroom.ingest.hooks.receive import hook_of, receive
from wireroom.ingest.memory import IN_FLIGHT, Memory, Share
from wireroom.ingest.problems import Problem, later, pages
from wireroom.ingest.reading import JSON, LINES, Accepted
from wireroom.ingest.scope import KIND
from wireroom.keys import KeyList, public_part, redacted
from wireroom.log import ARTICLES, BACKFILL, Log, Message, Position
from wireroom.seldom import Seldom
from wireroom.store import Store

EVENT, BATCH = reading.MOST_BYTES, 16_000_000  # bytes of a body
PATIENCE = 13.0  # seconds to read a body that has come and to append: with what comes before and after, less than 15
_SMALL = 64_000  # bytes that are read on the event loop: in a millisecond or so
_HOOKS = "/v1/hooks/"
_TOLD = 5  # parts of a path that are logged: who puts a hook's secret into its address puts it at the end
_TEXT = "text/plain; charset=utf-8"  # which browsers show
_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

T = TypeVar("T")
log = logging.getLogger("wireroom")


class Answer(NamedTuple):
    """What a request gets."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = {}


class Request:
    """A request, its body still to come."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.authorization = [value for name, value in scope["headers"] if name == b"authorization"]
        self.whole = False  # whether all of the body has come
        self._receive = receive

    async def receive(self) -> Sent:
        """See ASGI."""
        message = await self._receive()
        self.whole = not message.get("more_body", False)
        return message

    async def rest_has_come(self) -> bool:
        """Whether nothing of the body is left on the way; what comes soon is read. Who waits for a nod gets none."""
        return self.whole or (b"expect" not in self.headers and await body.discard(self.receive))

    @property
    def key_id(self) -> str:
        """The public part of its key, whether the key is good or not."""
        return public_part(b" ".join(self.authorization).decode("latin-1"))

    @property
    def topic(self) -> str:
        """Where its events go. Raises Problem for a parameter that there is not."""
        given = parse_qsl(self.query.decode("latin-1"), keep_blank_values=True)
        if not given:
            return ARTICLES
        if len(given) > 1 or given[0] not in (("backfill", "true"), ("backfill", "false")):
            faults = [Fault("", f"{len(given)} parameters in the address", "backfill=true, or none")]
            raise Problem("invalid-request", "The address has parameters that are not taken.", faults)
        return BACKFILL if given[0][1] == "true" else ARTICLES

    def media_type(self, *taken: str) -> str:
        """Of its body. Raises Problem when it is not one of those that are taken."""
        given = self.headers.get(b"content-type", b"").decode("latin-1")
        media_type = given.partition(";")[0].strip().lower()
        if media_type not in taken:
            fault = Fault("Content-Type", found(given) if given else "nothing", " or ".join(taken))
            raise Problem("unsupported-media-type", "The body has a type that is not taken.", [fault])
        return media_type


class Ingest:
    """The application. `base`: the public address, with a slash at its end."""

    def __init__(
        self, events: Log, store: Store, settings: Settings, clock: Clock | None = None, memory: int = IN_FLIGHT
    ) -> None:
        self._memory, self._unsigned = Memory(memory), Memory(memory // 4)
        self._appends = Appends(events, self._memory)
        self._access = Access(KeyList(store, KIND), clock or SystemClock())
        self._clock = clock or SystemClock()
        self._settings, self._shards = settings, settings.shards
        self._base = str(settings.public_url).rstrip("/") + "/"
        self._refusals = Seldom(log)
        self._parser = ThreadPoolExecutor(1, thread_name_prefix="parser")  # one: large bodies take memory while read
        self._routes: Mapping[str, Mapping[str, Callable[[Request], Awaitable[Answer]]]] = {
            "/v1/events": {"POST": self._event},
            "/v1/events:batch": {"POST": self._batch},
        }
        self.counts = Counts(lambda: self._memory.taken + self._unsigned.taken)

    def close(self) -> None:
        """Let the threads end."""
        self._appends.close()
        self._access.close()
        self._parser.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        request = Request(scope, receive)
        problem: Problem | None = None
        try:
            answer = await self._answer(request)
        except body.Disconnected:
            return
        except Problem as refused:
            problem = refused.alone()  # the rest of the body may take a while, and what has come is not needed
        except TimeoutError:
            problem = later("The log does not answer.", 5)
        except asyncio.CancelledError:  # the server ends, and has waited long enough
            problem = later("This server is ending; send it again.", 1)
        except Exception:
            log.exception("a bug, while %s was answered", request.method)
            problem = Problem("internal-error", "A bug. Whether the event is there is not known; send it again.")
        if problem is not None:
            answer = await self._refusal(problem, request)
        await asgi.answer(scope, send, answer.status, _headers(answer), answer.body)

    async def _answer(self, request: Request) -> Answer:
        methods = {"POST": self._hook} if request.path.startswith(_HOOKS) else self._routes.get(request.path)
        if methods is None:
            return self._page(request)
        if (route := methods.get(request.method)) is None:
            raise _method_not_allowed(methods)
        return await route(request)

    async def _refusal(self, problem: Problem, request: Request) -> Answer:
        self.counts.refused(problem.name)
        path = "/".join(request.path.split("/")[:_TOLD])
        what = f"{found(redacted(request.method))} {found(redacted(path))}"
        told = problem.status, what, request.key_id, redacted(problem.detail)
        self._refusals.warning(problem.name, "refused: %s, %s, key %s: %s", *told)
        headers = dict(problem.headers)
        if not await request.rest_has_come():
            headers["Connection"] = "close"
        return Answer(problem.status, problems.MEDIA_TYPE, problem.body(self._base), headers)

    # ---- routes ----------------------------------------------------------------------------------------------------

    async def _event(self, request: Request) -> Answer:
        sender = await self._admitted(request)
        topic, media_type = request.topic, request.media_type(JSON, AVRO)
        with Share(self._memory) as share:
            data = await body.read(request.receive, request.headers, EVENT, share)
            sender.bucket.take(1)
            async with asyncio.timeout(PATIENCE):
                event = await self._apart(len(data), lambda: reading.event_of(media_type, data))
                one = reading.accepted(event, sender.scope, self._shards)
                [position] = await self._append(topic, [one.message])
        return Answer(202, JSON, json.dumps(_place(one, position)).encode())

    async def _batch(self, request: Request) -> Answer:
        sender = await self._admitted(request)
        topic, _ = request.topic, request.media_type(LINES)
        with Share(self._memory) as share:
            data = await body.read(request.receive, request.headers, BATCH, share)
            lines = reading.lines(data)
            sender.bucket.take(len(lines))
            async with asyncio.timeout(PATIENCE):
                each = await self._apart(len(data), lambda: list(reading.each(lines, sender.scope, self._shards)))
                good = [what.message for _, what in each if isinstance(what, Accepted)]
                positions = iter(await self._append(topic, good) if good else ())
        results = []
        for number, what in each:
            if isinstance(what, Problem):
                self.counts.refused(what.name)
                results.append({"line": number, "status": what.status, **what.members(self._base)})
            else:
                results.append({"line": number, "status": 202, **_place(what, next(positions))})
        if len(good) < len(each):
            log.warning("refused: %s of %s lines of a batch of key %s", len(each) - len(good), len(each), sender.key.id)
        return Answer(200, LINES, "".join(f"{json.dumps(result)}\n" for result in results).encode())

    async def _hook(self, request: Request) -> Answer:
        """Never 410, after which Ghost would not send again."""
        cms, publication, event, *more = [*request.path.removeprefix(_HOOKS).split("/"), "", ""][:4]
        if any(more) or hook_of(self._settings, cms, publication) is None:
            raise Problem("not-found", "There is no such hook.")
        if b"content-encoding" in request.headers:
            raise Problem("unsupported-media-type", "What is signed must come as it was signed, not packed.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
        with Share(self._unsigned) as share:  # who has no secret may not take what others need
            data = await body.read(request.receive, request.headers, EVENT, share)
            delivery = Delivery(cms, publication, event, headers, data, self._clock.now())
            async with asyncio.timeout(PATIENCE):
                outcome = await self._apart(len(data), lambda: receive(self._settings, delivery))
                positions = await self._append(outcome.topic, outcome.messages) if outcome.messages else ()
        if outcome.verdict is Verdict.UNKNOWN:
            raise Problem("not-found", "There is no such hook.")
        self.counts.delivered(cms, outcome.verdict)
        if outcome.verdict is Verdict.UNSIGNED:
            challenge = {"WWW-Authenticate": 'Signature realm="wireroom"'}
            raise Problem("unauthorized", "The signature is missing, wrong or too old.", headers=challenge)
        if outcome.reason is not None:
            detail = "It cannot be mapped to events. It is kept as a dead letter: do not send it again."
            raise Problem("invalid-event", detail, outcome.reason.faults)
        events = [
            _place(Accepted(message.headers["ce_id"].decode(), message), position)
            for message, position in zip(outcome.messages, positions, strict=True)
        ]
        return Answer(202, JSON, json.dumps({"verdict": outcome.verdict, "events": events}).encode())

    def _page(self, request: Request) -> Answer:
        name = request.path.removeprefix(f"/{problems.FOLDER}")
        if name == request.path or name not in pages():
            raise Problem("not-found", "There is nothing at this address.")
        if request.method not in ("GET", "HEAD"):
            raise _method_not_allowed(("GET", "HEAD"))
        return Answer(200, _TEXT, pages()[name], {"Cache-Control": "public, max-age=3600"})

    # ---- what they share -------------------------------------------------------------------------------------------

    async def _admitted(self, request: Request) -> Sender:
        sender = await self._access.sender(request.authorization)
        sender.admit(time.monotonic())
        return sender

    async def _apart(self, size: int, work: Callable[[], T]) -> T:
        """Do what takes long for a large body in a thread, others go on meanwhile."""
        if size <= _SMALL:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._parser, work)

    async def _append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        try:
            positions = await self._appends.append(topic, messages)
        except RetryAfter as error:
            log.warning("the log cannot be written: %s", error)
            raise later("The log cannot be written now.", math.ceil(error.seconds)) from error
        except Red as error:
            log.error("the log cannot be written: %s", error)
            raise later("The log cannot be written until somebody mends it.", 60) from error
        except Reject as error:
            raise Problem("too-large", "The log does not take so large an event.", error.faults) from error
        self.counts.appended(topic, len(positions))
        return positions


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    headers = {**_SAFE, "Content-Type": answer.media_type, "Content-Length": str(len(answer.body)), **answer.headers}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _place(event: Accepted, position: Position) -> dict[str, object]:
    partition, offset = position
    return {"event_id": event.event_id, "topic": partition.topic, "partition": partition.number, "offset": offset}


def _method_not_allowed(methods: Sequence[str] | Mapping[str, object]) -> Problem:
    return Problem("method-not-allowed", "The method is not allowed here.", headers={"Allow": ", ".join(methods)})
