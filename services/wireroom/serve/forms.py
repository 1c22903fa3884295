"""A body in the codings that readers ask for: each is made when it is first asked for, for most are never."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import NamedTuple

import brotli

from wireroom.serve.conditions import IDENTITY, coding

_PACK: Mapping[str, Callable[[bytes], bytes]] = {  # the best first; the same bytes at every run
    "br": lambda body: bytes(brotli.compress(body, quality=5)),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


class Form(NamedTuple):
    """A body in one coding, with the ETag of this coding alone (RFC 9110, section 8.8.3.3)."""

    body: bytes
    etag: str


class Forms:
    """The forms of a body with this ETag; those of `ahead` are made at once. Safe to use from several threads.

    `asked`: the codings that readers took.
    """

    def __init__(self, body: bytes, etag: str, ahead: Iterable[str] = ()) -> None:
        self._made = {IDENTITY: Form(body, etag)}
        self._offered = (*_PACK, IDENTITY)
        self._lock = Lock()
        self.asked: set[str] = set()
        for name in ahead:
            self._make(name)

    def made(self, accept_encoding: bytes) -> bool:
        """Whether the form that this reader likes best is there."""
        return coding(accept_encoding, self._offered) in self._made

    def best(self, accept_encoding: bytes) -> tuple[str, Form]:
        """The coding that this reader likes best of those that make the body smaller, and the body in it."""
        while (name := coding(accept_encoding, self._offered)) not in self._made:
            self._make(name)
        self.asked.add(name)
        return name, self._made[name]

    def _make(self, name: str) -> None:
        with self._lock:
            if name in self._made or name not in self._offered:
                return
            body, etag = self._made[IDENTITY]
            packed = _PACK[name](body)
            if len(packed) < len(body):
                self._made[name] = Form(packed, f'{etag[:-1]}-{name}"')
            else:
                self._offered = tuple(each for each in self._offered if each != name)
