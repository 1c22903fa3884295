"""A proxy before an S3 server that gives every other write an answer of its own: instead of the write, or after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import cycle

from tests.servers.scripted import RESET, Request, Scripted, error, reply

OURS = ("content-length", "transfer-encoding", "connection")  # headers that `reply` writes


@contextmanager
def meddling(upstream: int, status: int, code: str) -> Iterator[Scripted]:
    """Stand before `upstream`, a port of this machine; the answers are those of an error."""
    turns = cycle(("instead", "none", "after", "none"))

    def answer(request: Request) -> bytes:
        turn = next(turns) if request.method != "GET" else "none"
        if turn == "instead":
            return error(status, code)
        try:
            said = forwarded(request, upstream)
        except (OSError, HTTPException):  # the server is away, or frozen
            return RESET
        return error(status, code) if turn == "after" else said

    with Scripted(answer) as server:
        yield server


def forwarded(request: Request, port: int) -> bytes:
    """What the server at `port` answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        body = response.read()
        headers = {name: response.getheader(name) or "" for name in response.headers if name.lower() not in OURS}
        return reply(response.status, body, **headers)
    finally:
        connection.close()
