"""Who asks, and how much they may send: their key, and a bucket of tokens for each."""

import math
import time
from dataclasses import dataclass

from wireroom.clock import Clock
from wireroom.errors import RetryAfter
from wireroom.ingest.problems import Problem, later
from wireroom.ingest.scope import Scope
from wireroom.keyring import Keyring
from wireroom.keys import Key, KeyList, Refusal
from wireroom.token_bucket import Bucket

_BEARER = b"bearer "


@dataclass(frozen=True, slots=True)
class Sender:
    """A key, what it may do, and what it may still send: a token is an event."""

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
    """The keys of the ingest."""

    def __init__(self, keys: KeyList, clock: Clock) -> None:
        self._keyring = Keyring(keys, clock)
        self._senders: dict[str, Sender] = {}

    async def sender(self, authorization: list[bytes]) -> Sender:
        """Whose request it is, by its headers `Authorization`. Raises Problem: `unauthorized`, `unavailable`."""
        if not authorization:
            raise _unauthorized("There is no header Authorization.")
        scheme, token = authorization[0][: len(_BEARER)], authorization[0][len(_BEARER) :]
        if len(authorization) > 1 or scheme.lower() != _BEARER:
            raise _unauthorized("Authorization is not one Bearer token.", "invalid_request")
        try:
            found = await self._keyring.find(token.strip().decode("latin-1"))
        except RetryAfter as error:
            raise later("The keys cannot be read now.", math.ceil(error.seconds)) from error
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
        """Let the thread of the keys end."""
        self._keyring.close()


def _unauthorized(detail: str, error: str = "") -> Problem:
    challenge = f'Bearer realm="wireroom", error="{error}"' if error else 'Bearer realm="wireroom"'
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": challenge})
