"""A server that says, byte for byte, what a test tells it to."""

import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple, Self

RESET, SILENCE = b"reset", b"silence"  # answers that are none


class Request(NamedTuple):
    """Header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Scripted:
    """Answers each request with what `answer` makes of it, and closes the connection; `requests` is what was asked."""

    def __init__(self, answer: Callable[[Request], bytes] | bytes) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,)).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file:
            if not (begin := file.readline()):
                return  # the client left before it asked
            method, path, _ = begin.decode().split(" ")
            headers = {}
            while line := file.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            request = Request(method, path, headers, file.read(int(headers.get("content-length", "0"))))
            self.requests.append(request)
            said = self.answer if isinstance(self.answer, bytes) else self.answer(request)
            if said == SILENCE:
                self._ended.wait()
            elif said == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.sendall(said)


def reply(status: int, body: bytes = b"", /, **headers: str) -> bytes:
    """An answer; `Content_Type` stands for `Content-Type`."""
    lines = [f"HTTP/1.1 {status} Said", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def error(status: int, code: str = "", message: str = "", /, **headers: str) -> bytes:
    """An answer with an error document, where there is a code."""
    document = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else ""
    return reply(status, document.encode(), **headers)
