"""The web server itself: uvicorn on a socket that is bound first, so that a taken port is known at once."""

import asyncio
import contextlib
import gc
import os
import re
import resource
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wireroom.errors import Red

MOST = 4_000  # connections at once, where so many descriptors may be open
PATIENCE = 60.0  # seconds for asking and for taking the whole answer
ASKING = 10.0  # seconds for the head of a first request
LINGERING = 0.5  # seconds in which a request is still taken on an open connection, when the server ends
HEAD = 64 * 1024  # bytes of a request without its body
_AGAIN = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class WebServer:
    """Serves an application, in the calling thread or in one of its own. Leaves signals alone."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Bind; port 0 takes any free one. Raises Red when the port is taken."""
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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Refuse it when there are too many."""
        super().connection_made(transport)
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

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._fields = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, which may have come with all of a large head at once. Trailers are no headers (RFC 9110, 6.5.1)."""
        if self._in_body:
            return
        self._fields += len(name) + len(value)
        if self._fields > HEAD:
            self._refuse_head()
            raise ValueError("the head is too large")  # which ends the parsing
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head ends."""
        self._head, self._in_body = 0, True
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """A request ends."""
        self._head, self._in_body = 0, False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        super().connection_lost(exc)
        self._watch_again.cancel()

    def shutdown(self) -> None:
        """Answer what was asked; whoever is just asking on an idle connection must not find it closed."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGERING, super().shutdown)
        else:
            super().shutdown()

    def _unsupported_upgrade_warning(self) -> None:
        """Upgrade was asked for in pieces, and with it the parser lost the body: it must be sent again."""
        self.transport.write(_AGAIN)
        self.transport.close()

    def _refuse_head(self) -> None:
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _end_if_mute(self) -> None:
        if self.cycle is None:
            self.transport.abort()
        else:
            self._watch()

    def _watch(self) -> None:
        self._watch_again = self.loop.call_later(PATIENCE, self._end_if_idle, self.cycle)

    def _end_if_idle(self, last: object) -> None:
        if self.cycle is last:
            self.transport.abort()
        else:
            self._watch()


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
