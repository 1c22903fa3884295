"""API keys: who may do what over HTTP. Of a key itself only the SHA-256 is kept, in the store, never served.

A key is `wr_<id>_<secret>`: the id is public and names the key in lists and logs, the secret has 256 random bits, so
that a fast hash is enough. What a key is for is its kind; `scope` says how much of that, in the kind's own words.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from wireroom.errors import Conflict, Fault, OutcomeUnknown, Red, RetryAfter
from wireroom.store import STATE, Store

_FOLDER = "editions/_keys"  # nothing below `editions/` is served
_FORM = re.compile(r"wr_(?P<id>[0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)
_LIKE_A_KEY = re.compile(r"(wr_[0-9A-Za-z]{1,12})_?[0-9A-Za-z]{8,}")
_TRIES = 20  # writes of one list, while others change it too
_NO_DIGEST = hashlib.sha256(secrets.token_bytes()).hexdigest()


class Refusal(StrEnum):
    """Why a key is not taken, in words for whoever sent it."""

    UNKNOWN = "no such key"
    EXPIRED = "the key has expired"
    REVOKED = "the key was revoked"


class Key(BaseModel):
    """What is kept of a key. Times in microseconds since the epoch; `digest`: SHA-256 of the whole key."""

    model_config = ConfigDict(frozen=True)

    id: str
    digest: str
    label: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None = None
    scope: Mapping[str, Any]

    def refusal(self, now: int) -> Refusal | None:
        """Why it is not taken at a time, if it is not."""
        if self.revoked_at is not None:
            return Refusal.REVOKED
        return Refusal.EXPIRED if self.expires_at is not None and self.expires_at <= now else None


class _List(BaseModel):
    keys: tuple[Key, ...] = ()


def mint(scope: Mapping[str, Any], label: str, now: int, expires_at: int | None) -> tuple[str, Key]:
    """A new key: what its owner gets, and what is kept of it."""
    ident = secrets.token_hex(6)
    text = f"wr_{ident}_{secrets.token_hex(32)}"
    return text, Key(
        id=ident, digest=_digest(text), label=label, created_at=now, expires_at=expires_at, scope=dict(scope)
    )


def check(text: str, keys: Mapping[str, Key], now: int) -> Key | Refusal:
    """The key that a text is, or why it is not taken. As long for a wrong secret as for a right one."""
    form = _FORM.fullmatch(text)
    key = keys.get(form["id"]) if form else None
    matches = hmac.compare_digest(_digest(text), key.digest if key else _NO_DIGEST)
    if key is None or not matches:
        return Refusal.UNKNOWN
    return key.refusal(now) or key


def public_part(text: str) -> str:
    """The id in a key, as it may be told to anyone; a dash when there is none."""
    found = _FORM.search(text)
    return found["id"] if found else "-"


def redacted(text: str) -> str:
    """A text without the secrets of keys in it, also of such that were cut short."""
    return _LIKE_A_KEY.sub(r"\1_…", text)


def redacted_faults(faults: Iterable[Fault]) -> list[Fault]:
    """Faults without the secrets of keys in what was found, nor in where it was."""
    return [Fault(redacted(fault.path), redacted(fault.found), redacted(fault.expected)) for fault in faults]


def place(kind: str) -> str:
    """The object in the store that has the keys of a kind."""
    return f"{_FOLDER}/{kind}.json"


class KeyList:
    """The keys of one kind: one object in the store, written under a condition."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        self._object = place(kind)

    def read(self) -> Mapping[str, Key]:
        """All keys by id, also those that are not taken any more. Raises RetryAfter, Red."""
        return {key.id: key for key in self._read()[0]}

    def add(self, key: Key) -> None:
        """Keep a new key. Raises RetryAfter, Red."""
        self._change(lambda keys: None if any(each.id == key.id for each in keys) else [*keys, key])

    def revoke(self, ident: str, now: int) -> bool:
        """Take a key no more, for good; whether there is such a key. Raises RetryAfter, Red."""
        found = ident in self.read()

        def revoked(keys: Iterable[Key]) -> list[Key] | None:
            changed = [_revoked(key, now) if key.id == ident else key for key in keys]
            return None if changed == list(keys) else changed

        self._change(revoked)
        return found

    def _change(self, change: Callable[[tuple[Key, ...]], list[Key] | None]) -> None:
        """Write what `change` makes of the list; None: it is as wanted. Others may write between, so it is repeated."""
        for _ in range(_TRIES):
            keys, etag = self._read()
            changed = change(keys)
            if changed is None:
                return
            body = _List(keys=tuple(changed)).model_dump_json(indent=1).encode()
            try:
                self._store.put(self._object, body, etag, STATE)
            except (Conflict, OutcomeUnknown):
                continue  # the next look tells
            return
        raise RetryAfter("others keep changing the list of keys")

    def _read(self) -> tuple[tuple[Key, ...], str | None]:
        found = self._store.get(self._object)
        if found is None:
            return (), None
        try:
            return _List.model_validate_json(found.body).keys, found.etag
        except ValidationError:
            raise Red(f"{self._object} in the store is no list of keys", "put back a copy, or delete it") from None


def _revoked(key: Key, now: int) -> Key:
    return key if key.revoked_at is not None else key.model_copy(update={"revoked_at": now})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
