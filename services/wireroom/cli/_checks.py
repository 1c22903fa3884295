"""What `wireroom doctor` looks at: log, store, workers and schemas, through their seams."""

import secrets
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial

from wireroom.check import AWAY, FAILURES, WELL, Check, Examined, check, failed
from wireroom.cli._roles import FEEDING, Role, store_rights
from wireroom.cli._running import NOTIFY, records
from wireroom.clock import SECOND, Clock, SystemClock
from wireroom.codec import decode, fingerprints
from wireroom.config import Settings
from wireroom.connect import open_log, open_store
from wireroom.errors import Red, Reject
from wireroom.health import state_of
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Log
from wireroom.sink import installed_sinks
from wireroom.store import STATE, Store
from wireroom.store.probe import probe

LOG = "start the log, or mend `log.url` and `log.security`"
STORE = "start the store, or mend `store.url`"
SKEW = 5 * SECOND  # between machine and store: embargoes and expiry go by the machine's clock
NEWEST = 100  # events of each partition whose schemas are looked at


def dependencies(settings: Settings) -> Iterator[Check]:
    """Log, store, and what needs both. What hangs on something that is away is left out."""
    try:
        log = open_log(settings.log.url, settings.log.prefix, False, settings.log.security)
    except FAILURES as error:
        yield failed("log", error, "publish something, or mend `log`")
        yield from _store(settings)
        return
    with closing(log):
        readable = yield from _log(log, settings.log.url)
        store = yield from _store(settings)
        if readable:
            for name in [*installed_sinks(), *([NOTIFY] if settings.notify.anyone else [])]:
                yield check(f"worker {name}", partial(_worker, log, store, name), LOG)
            yield check("schemas", lambda: _schemas(log), LOG)


def of_role(settings: Settings, role: Role) -> Iterator[Check]:
    """Whether one role may do what it needs, and what it may do beyond. Changes nothing anywhere."""
    if role.topics:
        try:
            log = open_log(settings.log.url, settings.log.prefix, False, settings.log.security)
        except FAILURES as error:
            yield failed("log", error, LOG)
        else:
            with closing(log):
                if isinstance(log, Examined):
                    yield from log.examine([role.group] if role.group else [], role.topics)
    try:
        store = open_store(settings.store.url)
    except FAILURES as error:
        yield failed("store", error, STORE) if role.store else Check("store", WELL, f"not needed, and closed: {error}")
    else:
        yield from store_rights(store, role)


def _log(log: Log, url: str) -> Generator[Check, None, bool]:
    """Whether it can be read."""
    if isinstance(log, Examined):
        for each in log.examine(list(installed_sinks()), FEEDING):
            yield each
            if each.state == AWAY:
                return False
    counted = check("log", lambda: f"{records(log)} events in {url}", LOG)
    yield counted
    return counted.state == WELL


def _store(settings: Settings) -> Generator[Check, None, Store | None]:
    """The store, if it can be reached."""
    try:
        store = open_store(settings.store.url)
    except FAILURES as error:
        yield failed("store", error, STORE)
        return None
    reached = check("store", lambda: _reach(store, settings.store.url), STORE)
    yield reached
    if reached.state != WELL:
        return None
    yield check("store: conditional writes", lambda: _probe(store), STORE)
    yield check("store: permissions", lambda: _permissions(store), STORE)
    yield check("store: clock", lambda: skew(store, SystemClock()), STORE)
    return store


def _reach(store: Store, url: str) -> str:
    store.get("_probe/nothing")
    return f"{url} answers"


def _probe(store: Store) -> str:
    probe(store)
    return "atomic"


def _permissions(store: Store) -> str:
    """Raises Red for what is not allowed."""
    key = f"_probe/{secrets.token_hex(8)}"
    etag = store.put(key, b"{}", None, STATE)
    if key not in store.keys("_probe/"):
        raise Red("what was written is not listed", "choose a store whose lists are consistent")
    store.delete(key, etag)
    return "to read, write, list and delete"


def skew(store: Store, clock: Clock) -> str:
    """How far the machine's clock is from the store's. Raises Red when that is too far."""
    seconds = abs(ahead := clock.now() - store.now()) / SECOND
    told = f"this machine is {seconds:.1f} s {'ahead of' if ahead > 0 else 'behind'} the store"
    if seconds * SECOND > SKEW:
        raise Red(told, "set both clocks (NTP): embargoes end and articles expire by them")
    return told


def _worker(log: Log, store: Store | None, name: str) -> str:
    """Its state and how far it is. Raises Red when it is red."""
    topics = (DOCUMENTS,) if name == NOTIFY else (ARTICLES, BACKFILL)
    places = [partition for topic in topics for partition in log.partitions(topic)]
    commits = {partition: log.committed(name, partition) for partition in places}
    lag = sum(log.end(partition) - (commit.offset if commit else 0) for partition, commit in commits.items())
    state = state_of(store, name) if store else None
    if state and state.name == "red":
        raise Red(f"red, lag {lag}: {state.reason}", "do what it says, and start the worker again if it has ended")
    return f"{state.name}, lag {lag}" if state else f"lag {lag}"


def _schemas(log: Log) -> str:
    """Which are known, when that is enough for the newest events. Raises Red when it is not."""
    for topic in (ARTICLES, BACKFILL):
        for partition in log.partitions(topic):
            for record in log.read(partition, max(0, log.end(partition) - NEWEST), NEWEST):
                try:
                    decode(record.value)
                except Reject:
                    continue  # its dead letter tells
    return "; ".join(f"{name} {', '.join(known)}" for name, known in fingerprints().items())
