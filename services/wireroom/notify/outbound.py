"""Requests to addresses that others chose: to public ones only, once each, with bounds on everything.

A name is looked up once, every address that it has must be permitted (`target.py`), and the connection goes to one of
those: a name that says something else the next time is not asked again. TLS checks the certificate for the name. No
redirect is followed and no proxy is used, whatever the environment says.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Thread
from time import monotonic
from typing import NamedTuple

import h11

from wireroom import __version__
from wireroom.errors import Fault, Reject, RetryAfter
from wireroom.notify.target import Address, Network, Target, permitted

SECONDS = 10.0  # for all of a request, from the look-up to the last byte that is wanted
HEAD = 16_384  # bytes of an answer's status and headers
_TRIED = 4  # addresses of one name
_PIECE = 65_536
_SHOWN = 200  # characters told of what went wrong: some of it is the other side's own words


class Answer(NamedTuple):
    """What came back, whatever its status; header names in lower case. `body`: at most as much as was wanted of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def look_up(host: str) -> Sequence[str]:
    """The addresses of a name, as this machine knows them. Raises OSError."""
    return list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


class Outbound:
    """Safe to use from several threads; each request has a connection of its own."""

    def __init__(self, allow: Sequence[Network] = (), resolve: Callable[[str], Sequence[str]] = look_up) -> None:
        """`allow`: networks besides the public ones. Certificates: who is trusted by this machine."""
        self._allow = tuple(allow)
        self._resolve = resolve
        self._tls = ssl.create_default_context()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float = SECONDS,
        most: int = 0,
    ) -> Answer:
        """Ask once, within `seconds` in all; at most `most` bytes of the answer's body are read.

        Raises Reject when this URL, or an address of its host, is not one to be asked; RetryAfter when no answer came.
        """
        target, deadline = Target.of(url), monotonic() + seconds
        try:
            with self._connected(target, deadline) as connection:
                http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
                request = h11.Request(
                    method=method, target=target.path, headers=_all(headers, target, method, len(body))
                )
                for event in (request, h11.Data(body), h11.EndOfMessage()):  # apart: a large body is not copied
                    _write(connection, http.send(event) or b"", deadline)
                return _read(connection, http, deadline, most)
        except TimeoutError as error:
            raise RetryAfter(f"{target.authority}: no answer within {seconds:g} seconds") from error
        except (OSError, h11.RemoteProtocolError) as error:
            raise RetryAfter(f"{target.authority}: {error}"[:_SHOWN]) from error

    def check(self, url: str) -> None:
        """What can be told of a URL without a look-up. Raises Reject when it will never be asked."""
        target = Target.of(url)
        if target.address:
            permitted(target, [target.address], self._allow)
        elif target.scheme == "http" and not self._allow:
            raise Reject("forbidden-target", [Fault("url", "http", "https: no network is allowed without")])

    @contextmanager
    def _connected(self, target: Target, deadline: float) -> Iterator[socket.socket]:
        addresses = permitted(target, self._addresses(target, deadline), self._allow)[:_TRIED]
        with _connect(addresses, target.port, deadline) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "http":
                yield plain
                return
            plain.settimeout(_left(deadline))
            with self._tls.wrap_socket(plain, server_hostname=target.host) as secure:
                yield secure

    def _addresses(self, target: Target, deadline: float) -> list[Address]:
        if (literal := target.address) is not None:
            return [literal]
        looked_up: Future[Sequence[str]] = Future()

        def look() -> None:
            try:
                looked_up.set_result(self._resolve(target.host))
            except (OSError, UnicodeError) as error:
                looked_up.set_exception(OSError(f"no address: {error}"))

        Thread(target=look, name="look-up", daemon=True).start()  # a look-up knows no time-out, and ends by itself
        return [ip_address(each) for each in looked_up.result(_left(deadline))]


def _connect(addresses: Sequence[Address], port: int, deadline: float) -> socket.socket:
    """To the first address that answers; each gets its share of the time."""
    failure = OSError("no address")
    for tried, address in enumerate(addresses):
        try:
            return socket.create_connection((str(address), port), _left(deadline) / (len(addresses) - tried))
        except OSError as error:
            failure = error
    raise failure


def _all(headers: Mapping[str, str], target: Target, method: str, length: int) -> list[tuple[str, str]]:
    fixed = {"Host": target.authority, "User-Agent": f"wireroom/{__version__}", "Accept-Encoding": "identity"}
    sized = [("Content-Length", str(length))] if length or method != "GET" else []
    return [*{**fixed, **headers}.items(), *sized, ("Connection", "close")]


def _write(connection: socket.socket, data: bytes, deadline: float) -> None:
    rest = memoryview(data)
    with suppress(
        BrokenPipeError, ConnectionResetError, ssl.SSLEOFError
    ):  # it may have answered before it had read everything
        while rest:
            connection.settimeout(_left(deadline))
            rest = rest[connection.send(rest[:_PIECE]) :]


def _read(connection: socket.socket, http: h11.Connection, deadline: float, most: int) -> Answer:
    answer = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            http.receive_data(connection.recv(_PIECE))
        elif isinstance(event, h11.Response):
            answer = Answer(
                event.status_code, {name.decode(): value.decode("latin-1") for name, value in event.headers}
            )
        elif isinstance(event, h11.Data):
            body += event.data
        if answer and (len(body) >= most or isinstance(event, h11.EndOfMessage)):
            return answer._replace(body=bytes(body[:most]))


def _left(deadline: float) -> float:
    if (seconds := deadline - monotonic()) <= 0:
        raise TimeoutError
    return seconds
