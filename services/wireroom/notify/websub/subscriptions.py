"""Subscriptions in the store: a few objects, each of them all of what some hosts subscribed to.

So one object says how many a host has; and whoever takes requests and whoever delivers may be different processes.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from threading import Lock

from pydantic import BaseModel, ConfigDict, ValidationError

from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.notify.target import Target
from wireroom.notify.websub.request import Request
from wireroom.store import STATE, PolledStore, Stored

SHARDS = 32
_FOLDER = "editions/_websub"  # nothing below `editions/` is served
_TRIES = 20  # writes of one shard, while others change it too

Id = tuple[str, str]  # the topic's key and the callback (WebSub, 2)


class Subscription(BaseModel):
    """One subscription. Times in microseconds since the epoch; `delivered`: the generation that it has.

    `failures`: in a row, since `failing_since`; it is tried again at `due`. `since`: when it was made or renewed.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    topic: str
    callback: str
    secret: str | None = None
    since: int
    expires: int
    delivered: int = 0
    failures: int = 0
    failing_since: int = 0
    due: int = 0

    @property
    def id(self) -> Id:
        """What it is known by."""
        return self.key, self.callback

    @cached_property
    def host(self) -> str:
        """Where its callback is."""
        return Target.of(self.callback).host

    def renewed(self, request: Request, now: int) -> "Subscription":
        """The same after a request was verified: its lease begins anew, and so do the tries."""
        lease = {"since": now, "expires": now + request.lease, "failures": 0, "failing_since": 0, "due": 0}
        return self.model_copy(update={"topic": request.topic, "secret": request.secret, **lease})


class _Shard(BaseModel):
    subscriptions: tuple[Subscription, ...] = ()


Shard = dict[Id, Subscription]


def applied(shard: Shard, request: Request, now: int) -> Shard:
    """What is subscribed to after a request was verified; what has expired is gone (pure)."""
    live = {ident: each for ident, each in shard.items() if each.expires > now}
    if request.mode == "unsubscribe":
        live.pop(request.id, None)
        return live
    new = Subscription(key=request.key, topic=request.topic, callback=request.callback, since=now, expires=now)
    return {**live, request.id: live.get(request.id, new).renewed(request, now)}


class Subscriptions:
    """All of them. Safe to use from several threads and processes."""

    def __init__(self, store: PolledStore) -> None:
        self._store = store
        self._lock = Lock()
        self._held: dict[str, tuple[Stored, Shard]] = {}

    def of_host(self, host: str) -> Shard:
        """The shard that a host is in. Raises RetryAfter, Red."""
        return self._read(_name(host))[0]

    def names(self) -> Iterator[str]:
        """The shards that there are. Raises RetryAfter."""
        return self._store.keys(f"{_FOLDER}/")

    def read(self, name: str) -> Shard:
        """A shard. Raises RetryAfter, Red."""
        return self._read(name)[0]

    def apply(self, request: Request, now: int) -> None:
        """Take a verified request. Raises RetryAfter, Red."""
        self.change(_name(request.host), lambda shard: applied(shard, request, now))

    def change(self, name: str, change: Callable[[Shard], Shard]) -> Shard:
        """Write what `change` makes of a shard, if that is another; what is there then. Raises RetryAfter, Red."""
        for _ in range(_TRIES):
            shard, etag = self._read(name)
            if (changed := change(shard)) == shard:
                return shard
            body = _Shard(subscriptions=tuple(changed.values())).model_dump_json(exclude_defaults=True).encode()
            try:
                self._store.put(name, body, etag, STATE)
            except (Conflict, OutcomeUnknown):
                continue  # the next look tells
            return changed
        raise RetryAfter(f"others keep changing {name}")

    def _read(self, name: str) -> tuple[Shard, str | None]:
        with self._lock:
            held = self._held.get(name)
        found = self._store.refresh(name, held[0]) if held else self._store.get(name)
        if found is None:
            return {}, None
        if held and found is held[0]:
            return held[1], found.etag
        shard = _parsed(name, found)
        with self._lock:
            self._held[name] = found, shard
        return shard, found.etag


def _parsed(name: str, found: Stored) -> Shard:
    try:
        return {each.id: each for each in _Shard.model_validate_json(found.body).subscriptions}
    except ValidationError:
        raise Red(f"{name} in the store holds no subscriptions", "put back a copy, or delete it") from None


def _name(host: str) -> str:
    """By the host, so that all that one has lie together."""
    return f"{_FOLDER}/{hashlib.sha256(host.encode()).digest()[0] % SHARDS:02}.json"
