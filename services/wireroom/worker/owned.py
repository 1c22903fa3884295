"""A partition that this worker owns: how far it was read, and which editions are complete below that."""

import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic_core import from_json, to_json

from wireroom.errors import Conflict, OutcomeUnknown
from wireroom.log import Assigned, Commit, Partition
from wireroom.store import STATE, Store

log = logging.getLogger(__name__)


class Blocked(NamedTuple):
    """Why the next record of a partition cannot be read, and from when it is tried again. Red: a person must act."""

    reason: str
    until: int
    is_red: bool


@dataclass(eq=False)
class Owned:
    """`live`: the epoch of every edition that the first reader feeds. `source`: topic id and number, as in `applied`.

    `met`: the publications of which something came by here: this partition feeds their editions, wherever they belong.
    """

    partition: Partition
    source: str
    assigned: Assigned
    end: int  # of the partition when it was gained
    live: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    blocked: Blocked | None = None
    paused: bool = False  # while it is blocked and not yet tried again
    changed: bool = False  # the roster differs from the one committed

    def __post_init__(self) -> None:
        self.committed = self.assigned.commit
        self.position = self.committed.offset

    def join(self, key: str, epoch: str) -> None:
        """The edition is complete below the position: the first reader feeds it from here on."""
        if self.live.get(key) != epoch:
            self.live[key] = epoch
            self.changed = True

    def leave(self, key: str) -> None:
        """The first reader feeds the edition no more."""
        if self.live.pop(key, None) is not None:
            self.changed = True

    def meet(self, publication: str) -> None:
        """An event of this publication was read."""
        if publication not in self.met:
            self.met.add(publication)
            self.changed = True


def read_roster(store: Store, worker: str, owned: Owned) -> None:
    """Take up the roster that was committed with the partition's offset; without one every edition is behind.

    A roster that is gone means that the store was emptied: everything is read again from the beginning.
    """
    if not owned.committed.metadata:
        return
    stored = store.get(_key(worker, owned.committed.metadata))
    if stored is None:
        log.warning("%s: the store lost its state; reading %s from the beginning", worker, owned.partition.topic)
        owned.position, owned.committed = 0, Commit(0)
    else:
        roster = from_json(stored.body)
        owned.live = dict(roster["live"])
        owned.met = set(roster["met"])


def write_roster(store: Store, worker: str, member: str, owned: Owned) -> str:
    """Keep the roster under its hash, which goes into the commit. It is this commit's alone: nobody else drops it."""
    roster = {"live": dict(sorted(owned.live.items())), "met": sorted(owned.met), "of": [member, owned.source]}
    body = to_json(roster)
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    if digest != owned.committed.metadata:
        try:
            store.put(_key(worker, digest), body, None, STATE)
        except Conflict:
            pass  # content-addressed: it is there already
        except OutcomeUnknown:
            if store.get(_key(worker, digest)) is None:
                raise
    return digest


def drop_roster(store: Store, worker: str, digest: str) -> None:
    """Remove a roster that no commit names any more."""
    key = _key(worker, digest)
    if digest and (stored := store.get(key)):
        with suppress(Conflict):  # another member dropped it
            store.delete(key, stored.etag)


def _key(worker: str, digest: str) -> str:
    return f"editions/{worker}/_rosters/{digest}.json"
