"""The web server itself: uvicorn on a socket that is bound first, so that a taken port is known at once."""

import asyncio
import contextlib
import gc
import os
import re
import resource
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Protocol, cast, runtime_checkable

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from wireroom.asgi import Application
from wireroom.errors import Red

MOST = 4_000  # connections at once, where so many descriptors may be open
PATIENCE = 60.0  # seconds for asking and for taking the whole answer
ASKING = 10.0  # seconds for the head of a first request
RESTING = 5.0  # seconds, up to twice as many, in which a connection may be idle after answers at once
UNREAD = 256_000_000  # bytes of answers that wait for their readers, all together
LINGERING = 0.5  # seconds in which a request is still taken on an open connection, when the server ends
HEAD = 64 * 1024  # bytes of a request without its body
_WITH_BODY = frozenset({b"content-length", b"transfer-encoding", b"expect"})
_AGAIN = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

Message = tuple[bytes, bytes]  # head and body, as they go over the wire


@runtime_checkable
class AtOnce(Protocol):
    """An application that has some answers ready. Making a task of each request takes longer than answering it."""

    def at_once(self, target: bytes, asked: Mapping[bytes, bytes]) -> Message | None:
        """The answer to a GET without a body, Date included; None for what `__call__` must answer.

        `target`: as it stands in the request; `asked`: its headers, names in lower case.
        """
        ...


def message(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"") -> Message:
    """As it goes over the wire. Raises ValueError for a header that would end early."""
    lines = [b"%b: %b\r\n" % header for header in headers]
    if any(line.count(b"\r") + line.count(b"\n") > 2 for line in lines):
        raise ValueError("a line break in a header")
    return b"".join([STATUS_LINE[status], *lines, b"\r\n"]), body


class WebServer:
    """Serves an application, in the calling thread or in one of its own. Leaves signals alone."""

    def __init__(self, app: Application, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Bind; port 0 takes any free one. Raises Red when the port is taken. What the app has `AtOnce` goes out so."""
        self._socket = _bound(host, port)
        _allow_descriptors()
        self._uvicorn = _Quiet(
            uvicorn.Config(
                app,
                http=_Connection,
                backlog=100,  # asyncio takes so many at once, before it lets any of them be refused
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
            )
        )

    @property
    def address(self) -> str:
        """Where it can be reached, with a slash at the end."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def run(self) -> None:
        """Serve until `stop`."""
        gc.freeze()  # what is loaded stays: no use in looking through it again and again
        try:
            self._uvicorn.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Finish what is being answered, then end `run`; from any thread."""
        self._uvicorn.should_exit = True


class _Connection(HttpToolsProtocol):
    """A connection that ends when nothing was asked for a while: the log needs the descriptors that readers take."""

    _head = 0  # bytes that came and belong to no complete head yet
    _in_body = False
    _ending = False
    _asked = 0  # requests that came
    _answered = False  # the one that is being read, at once
    _rest: asyncio.TimerHandle | None = None
    _waiting: ClassVar[dict["_Connection", None]] = {}  # whose readers do not take what they asked for, longest first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Refuse it when there are too many."""
        super().connection_made(transport)
        app = self.config.app
        self._at_once = app.at_once if isinstance(app, AtOnce) else None
        self._watch_again = self.loop.call_later(min(ASKING, PATIENCE), self._end_if_mute)
        if len(self.connections) > _most_connections():
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came; the parser alone would keep a head, or what follows a body, of any size."""
        self._head += len(data)
        super().data_received(data if self._in_body else _without_upgrade(data))
        if self._head > HEAD:
            self._refuse_head()

    def on_body(self, body: bytes) -> None:
        """A piece of a body; sizes and extensions of chunks, and trailers, are none."""
        self._head = 0
        super().on_body(body)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """Whoever has asked and says no more still gets the answer."""
        if self._in_body or self.cycle is None or self.cycle.response_complete:
            return None
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """A request begins; what uvicorn makes of one is made when it is needed."""
        self.url, self.headers = b"", []
        self.expect_100_continue = False
        self._fields = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, which may have come with all of a large head at once. Trailers are no headers (RFC 9110, 6.5.1)."""
        if self._in_body:
            return
        self._fields += len(name) + len(value)
        if self._fields > HEAD:
            self._refuse_head()
            raise ValueError("the head is too large")  # which ends the parsing
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """A head ends."""
        self._head, self._in_body = 0, True
        self._asked += 1
        if (ready := self._ready()) is not None:
            self._answered = True
            head, body = ready
            self.transport.write(head + body)  # in one piece: a call of its own for the body costs more than the copy
            if self._rest is None:
                self._rest = self.loop.call_later(RESTING, self._end_if_resting, self._asked)
            return
        if self.parser.get_method() == b"CONNECT" or not self._names_its_host():
            raise ValueError("no request to this server")  # which is answered with 400
        self._begin()
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """A request ends."""
        self._head, self._in_body = 0, False
        if self._answered:
            self._answered = False
        else:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        super().connection_lost(exc)
        self._waiting.pop(self, None)
        self._watch_again.cancel()
        if self._rest:
            self._rest.cancel()

    def pause_writing(self) -> None:
        """The reader does not take it. When too much waits in memory, whoever has waited longest is let go."""
        super().pause_writing()
        self._waiting[self] = None
        while sum(one.transport.get_write_buffer_size() for one in self._waiting) > UNREAD:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            longest.transport.abort()

    def resume_writing(self) -> None:
        """It is taken again."""
        super().resume_writing()
        self._waiting.pop(self, None)

    def shutdown(self) -> None:
        """Answer what was asked; whoever is just asking on an idle connection must not find it closed."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGERING, super().shutdown)
        else:
            super().shutdown()

    def _begin(self) -> None:
        """Let uvicorn have the head from its beginning."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += headers  # which its scope has as well
        self.expect_100_continue = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in headers
        )

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Application) -> None:  # type: ignore[override]
        if cycle.scope["method"] != "HEAD":  # whose answers have a head alone
            cycle.transport = cast(asyncio.Transport, _Joining(cycle))
        super()._start_asgi_task(cycle, app)  # type: ignore[arg-type]  # Starlette's name for the same

    def _ready(self) -> Message | None:
        """The answer at once, if nothing about the request or the connection asks for more than that."""
        parser, cycle = self.parser, self.cycle
        if (
            self._at_once is None
            or self._ending
            or parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or self.flow.write_paused
            or not (cycle is None or cycle.response_complete)
        ):
            return None
        asked = dict(self.headers)
        if len(asked) < len(self.headers) or b"host" not in asked or not _WITH_BODY.isdisjoint(asked):
            return None
        return self._at_once(self.url, asked)

    def _names_its_host(self) -> bool:
        """Once, which only HTTP/1.0 need not (RFC 9112, 3.2): whoever stands before must not understand another one."""
        named = sum(name == b"host" for name, _ in self.headers)
        return named == 1 or (named == 0 and self.parser.get_http_version() != "1.1")

    def _unsupported_upgrade_warning(self) -> None:
        """Upgrade was asked for in pieces, and with it the parser lost the body: it must be sent again."""
        self.transport.write(_AGAIN)
        self.transport.close()

    def _refuse_head(self) -> None:
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _end_if_mute(self) -> None:
        if self._asked == 0:
            self.transport.abort()
        else:
            self._watch()

    def _watch(self) -> None:
        self._watch_again = self.loop.call_later(PATIENCE, self._end_if_idle, self._asked)

    def _end_if_idle(self, asked: int) -> None:
        if self._asked == asked:
            self.transport.abort()
        else:
            self._watch()

    def _end_if_resting(self, asked: int) -> None:
        self._rest = None
        if self._asked != asked:
            self._rest = self.loop.call_later(RESTING, self._end_if_resting, self._asked)
        elif self._head == 0 and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


class _Joining:
    """What uvicorn writes an answer to: its head waits for the body, which it then goes out with, in one call."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle, self._transport = cycle, cycle.transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        if self._head is None and self._cycle.response_started:
            self._head = data
        else:
            self._transport.write((self._head or b"") + data)
            self._head = b""

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._head:
            self._transport.write(self._head)  # the body is missing, as can be seen
        self._transport.close()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the command, not to the server."""
        yield


def _without_upgrade(data: bytes) -> bytes:
    """A head that asks for no other protocol (RFC 9110, 7.8, lets us ignore it): the parser would drop the body."""
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    if b"\r\nupgrade" not in head.lower():
        return data
    return re.sub(rb"(?i)\r\nupgrade(?=[ \t]*:)", b"\r\nx-upgrade", head) + data[len(head) :]


def _allow_descriptors() -> None:
    """Raise the usual limit, which is there for programs that use select: none of ours does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST if hard == resource.RLIM_INFINITY else min(2 * MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft // 2)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        remedy = "stop what listens there, or choose another port (0: any free one)"
        raise Red(f"cannot listen on {host}, port {port}: {reason}", remedy) from error
    # asyncio does not do it for a socket that it was given: without it small answers wait 40 ms for an ACK
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
