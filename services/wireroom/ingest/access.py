"""Who asks, and how much they may send: keys as the store has them now, and a bucket of tokens for each."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from wireroom.clock import Clock
from wireroom.errors import Red, RetryAfter
from wireroom.ingest.problems import Problem, later
from wireroom.ingest.scope import Scope
from wireroom.keys import Key, KeyList, Refusal, check

FRESH = 1.0  # seconds for which the keys are not read again: so a revocation takes less than two
STALE = 300.0  # seconds for which what was read last is good while the store cannot be read
PATIENCE = 10.0  # seconds that a request waits for the store
_ASKING = 1.0  # ... when older keys are at hand
_BEARER = b"bearer "

log = logging.getLogger("wireroom")


class Bucket:
    """A token is an event; who has one left may send many and is then in debt, so that no batch is too large for it."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = self._tokens = float(burst)
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until something may be sent."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def take(self, events: int) -> None:
        """Something is sent."""
        self._tokens -= events


@dataclass(frozen=True, slots=True)
class Sender:
    """A key, what it may do, and what it may still send."""

    key: Key
    scope: Scope
    bucket: Bucket

    def admit(self, now: float) -> None:
        """Raises Problem while it has sent too much."""
        if wait := self.bucket.wait(now):
            seconds = math.ceil(wait)
            detail = f"The key may send {self.scope.rate:g} events a second. Wait {seconds} s."
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(seconds)})


class Access:
    """The keys of the ingest, for an event loop that must not wait for the store."""

    def __init__(self, keys: KeyList, clock: Clock) -> None:
        self._list = keys
        self._clock = clock
        self._read_at = self._asked_at = -math.inf
        self._asked: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._answer: asyncio.Future[None] | None = None
        self._keys: Mapping[str, Key] = {}
        self._senders: dict[str, Sender] = {}
        Thread(target=self._read, name="keys", daemon=True).start()

    async def sender(self, authorization: list[bytes]) -> Sender:
        """Whose request it is, by its headers `Authorization`. Raises Problem: `unauthorized`, `unavailable`."""
        if not authorization:
            raise _unauthorized("There is no header Authorization.")
        scheme, token = authorization[0][: len(_BEARER)], authorization[0][len(_BEARER) :]
        if len(authorization) > 1 or scheme.lower() != _BEARER:
            raise _unauthorized("Authorization is not one Bearer token.", "invalid_request")
        await self._refresh()
        found = check(token.strip().decode("latin-1"), self._keys, self._clock.now())
        if isinstance(found, Refusal):
            raise _unauthorized(f"Authorization: {found}.", "invalid_token")
        return self._sender(found)

    def _sender(self, key: Key) -> Sender:
        sender = self._senders.get(key.id)
        if sender is None or sender.key != key:
            scope = Scope.of(key.scope)
            sender = Sender(key, scope, Bucket(scope.rate, scope.burst, time.monotonic()))
            self._senders[key.id] = sender
        return sender

    def close(self) -> None:
        """Let the thread end."""
        self._asked.put(None)

    async def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._read_at <= FRESH:
            return
        if self._answer is None or (self._answer.done() and now - self._asked_at > FRESH):
            self._asked_at = now
            self._answer = asyncio.get_running_loop().create_future()
            self._asked.put(self._answer)
        await asyncio.wait([self._answer], timeout=_ASKING if now - self._read_at <= STALE else PATIENCE)
        if time.monotonic() - self._read_at > STALE:
            raise later("The keys cannot be read now.", 5)

    def _read(self) -> None:
        """The thread that reads: a daemon, for a store that hangs must not keep the process from ending."""
        for answer in iter(self._asked.get, None):
            asked, keys = time.monotonic(), None
            try:
                keys = self._list.read()
            except (Red, RetryAfter) as error:
                log.warning("the keys cannot be read: %s", error)
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                answer.get_loop().call_soon_threadsafe(self._take, answer, asked, keys)

    def _take(self, answer: "asyncio.Future[None]", asked: float, keys: Mapping[str, Key] | None) -> None:
        if keys is not None:
            self._keys, self._read_at = keys, asked
            self._senders = {ident: sender for ident, sender in self._senders.items() if ident in keys}
        answer.set_result(None)


def _unauthorized(detail: str, error: str = "") -> Problem:
    challenge = f'Bearer realm="wireroom", error="{error}"' if error else 'Bearer realm="wireroom"'
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": challenge})
