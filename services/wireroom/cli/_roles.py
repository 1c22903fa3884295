"""What each role needs of log and store, and no more: the tables of docs/kafka.md and docs/s3.md, as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from secrets import token_hex

from wireroom.check import FAILURES, WELL, WRONG, Check, failed
from wireroom.cli._running import NOTIFY
from wireroom.config import Settings
from wireroom.errors import Conflict, Red
from wireroom.ingest.scope import KIND as INGEST
from wireroom.keys import place
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, DOCUMENTS
from wireroom.partners.keys import PARTNERS
from wireroom.sink import installed_sinks
from wireroom.store import STATE, Store

READ, LIST, WRITE, DELETE = "s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"
ALL = frozenset({READ, LIST, WRITE, DELETE})
INGEST_KEYS, PARTNER_KEYS = place(INGEST), place(PARTNERS)
ACCESS, WEBSUB = "editions/_access/", "editions/_websub/"
NEVER = '"0"'  # no object has this ETag: what is only done to it changes nothing


@dataclass(frozen=True)
class Role:
    """`topics`: Kafka's operations by topic; `group`: that it joins; `store`: S3's actions by beginning of the keys."""

    topics: Mapping[str, frozenset[str]] = field(default_factory=dict)
    group: str | None = None
    store: Mapping[str, frozenset[str]] = field(default_factory=dict)


READS, WRITES = frozenset({"READ"}), frozenset({"WRITE"})
_CHECKS = READS | {"DESCRIBE_CONFIGS"}  # a worker refuses a topic that loses events
FEEDING = {ARTICLES: _CHECKS, BACKFILL: _CHECKS, DOCUMENTS: WRITES, DEAD_LETTERS: WRITES}
NAMES = ("publisher", "ingest", "serve", "hub", NOTIFY)  # beside the sinks


def areas() -> list[str]:
    """The beginnings of keys, and the whole keys, that are granted apart."""
    beginnings = [*(f"{sink}/" for sink in installed_sinks()), "private/", "editions/", ACCESS, WEBSUB]
    return [*beginnings, INGEST_KEYS, PARTNER_KEYS]


def role_named(name: str, settings: Settings) -> Role:
    """What it needs."""
    everything = dict.fromkeys(areas(), ALL)
    pushing = {ARTICLES: WRITES, BACKFILL: WRITES}
    shown = dict.fromkeys((f"{sink}/" for sink in installed_sinks()), frozenset({READ, LIST}))
    if settings.partners:
        shown |= {"private/": frozenset({READ, LIST}), PARTNER_KEYS: frozenset({READ, LIST}), ACCESS: ALL}
    others = {
        NOTIFY: Role({DOCUMENTS: READS, DEAD_LETTERS: WRITES}, NOTIFY, everything),
        "publisher": Role(pushing),
        "ingest": Role({**pushing, DEAD_LETTERS: WRITES}, None, {INGEST_KEYS: frozenset({READ, LIST})}),
        "serve": Role(store=shown),
        "hub": Role(store={WEBSUB: frozenset({READ, LIST, WRITE})}),
    }
    return others.get(name) or Role(FEEDING, name, everything)


def store_rights(store: Store, role: Role) -> Iterator[Check]:
    """A check for each of `areas`: what the role needs there is allowed, and what is allowed beyond."""
    for area in areas():
        yield _rights(store, area, role.store.get(area, frozenset()))


def _rights(store: Store, area: str, needs: frozenset[str]) -> Check:
    what = f"store: {area}"
    try:
        refusals = {action: _refusal(store, area, action) for action in ALL}
    except FAILURES as error:
        return failed(what, error, "start the store, or mend `store.url`")
    if missing := frozenset(action for action in needs if refusals[action]):
        reasons = "; ".join(sorted({red.reason for action, red in refusals.items() if red and action in missing}))
        return Check(what, WRONG, f"we lack {_words(missing)}: {reasons}", f"allow {_words(missing)} on {_all(area)}")
    told = _words(needs) if needs else "nothing is needed"
    if beyond := frozenset(action for action, red in refusals.items() if not red) - needs:
        cure = f"take {_words(beyond)} on {_all(area)} from this role"
        return Check(what, WELL, f"{told}; not needed: {_words(beyond)}", cure)
    return Check(what, WELL, told)


def _refusal(store: Store, area: str, action: str) -> Red | None:
    """What is said to a request that changes nothing: no object is in the state it names; None if it is let through."""
    key = f"{area}{token_hex(8)}/x" if area.endswith("/") else area
    try:
        if action == READ:
            store.get(key)
        elif action == LIST:
            next(iter(store.keys(key)), None)
        elif action == WRITE:
            store.put(key, b"{}", NEVER, STATE)
        else:
            store.delete(key, NEVER)
    except Conflict:
        return None  # the condition was looked at: who may not write learns nothing of it
    except Red as red:
        return red
    return None


def _all(area: str) -> str:
    return f"{area}*" if area.endswith("/") else area


def _words(actions: frozenset[str]) -> str:
    return ", ".join(sorted(actions))
