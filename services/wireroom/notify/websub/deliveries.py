"""Brings every subscriber the newest state of its topic: one thread that looks and decides, others that send.

Nothing is queued but in the subscriptions themselves: who has an older generation than the store gets what the store
has now. So the log only says when to look, a restart forgets nothing, and who was away gets one state, not a backlog.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from wireroom.clock import Clock
from wireroom.config import Settings
from wireroom.errors import Reject, RetryAfter
from wireroom.notify.announcements import Announcements, Cursor
from wireroom.notify.outcome import Outcome, Verdict, outcome
from wireroom.notify.subscribers import outbound_of
from wireroom.notify.websub.contents import Contents
from wireroom.notify.websub.delivery import after, wanting
from wireroom.notify.websub.lanes import Lane
from wireroom.notify.websub.subscriptions import Id, Shard, Subscription, Subscriptions
from wireroom.notify.websub.topics import Topics
from wireroom.notify.websub.verification import with_query
from wireroom.store import PolledStore

PROMPT = 2.0  # seconds for an answer; whoever takes longer is not served among those who do not
_THREADS, _OTHERS = 256, 128  # for those who are prompt, and for the others
_EACH = 4  # requests to one host at once
_NEAR, _FAR = 1.0, 5.0  # seconds between two looks at what is subscribed to, in a folder and in a bucket
_WRITE = 0.5  # seconds between two writes of what was brought: so much is brought again after a crash
_END = "the feed is no longer public here"

log = logging.getLogger(__name__)


class Tried(NamedTuple):
    """One try: which shard, whom, with what, and what came of it; None: we did not even try. `jitter`: from 0 to 1."""

    shard: str
    subscription: Subscription
    generation: int
    outcome: Outcome | None
    jitter: float = 0.0


class Deliveries:
    """One thread owns it. `run` belongs to one process at a time; a second one would bring everything twice."""

    def __init__(self, store: PolledStore, settings: Settings, announcements: Announcements, clock: Clock) -> None:
        self._every = _NEAR if store.near else _FAR
        self._subscriptions = Subscriptions(store)
        self._topics = Topics(settings)
        self._contents = Contents(store, self._topics)
        self._outbound = outbound_of(settings)
        self._announcements = announcements
        self._clock = clock
        self._cursor: Cursor = {}
        self._shards: dict[str, Shard] = {}
        self._looked_at = self._wrote_at = 0.0
        self._current: dict[str, int] = {}
        self._busy: set[Id] = set()
        self._slow: set[str] = set()
        self._tried: SimpleQueue[Tried | BaseException] = SimpleQueue()
        self._unwritten: list[Tried] = []
        self._prompt = Lane("websub", _THREADS, _EACH)
        self._others = Lane("websub-slow", _OTHERS, _EACH)

    def run(self, stopping: Callable[[], bool], drain: bool = False) -> None:
        """Until `stopping`, or with `drain` until nothing can be brought now. Raises Red."""
        self._cursor = self._announcements.ends  # what changed before is found in the store
        try:
            while not stopping():
                wait = self.turn()
                if drain and not self._busy:
                    return
                self._announcements.wait(self._cursor, 0.05 if drain else wait)
        finally:
            self.close()

    def close(self) -> None:
        """Begin nothing more, and write what was brought."""
        self._prompt.close()
        self._others.close()
        try:
            self._collect()
            self._write()
        except RetryAfter as unwell:
            log.warning("websub: the last of what was brought may be brought again: %s", unwell)

    def turn(self) -> float:
        """Look, write, send; seconds until the next turn. Raises Red."""
        try:
            self._collect()
            if monotonic() - self._wrote_at >= _WRITE:
                self._write()
            self._read_log()
            if monotonic() - self._looked_at >= self._every:
                self._look()
            self._send()
        except RetryAfter as unwell:
            log.warning("websub: %s", unwell)
            return max(unwell.seconds, 0.1)
        return _WRITE if self._busy else _NEAR

    # ---- what there is to do -----------------------------------------------------------------------------------

    def _read_log(self) -> None:
        ends = self._announcements.ends
        if any(offset > ends.get(number, 0) for number, offset in self._cursor.items()):  # it was made anew
            self._cursor = ends
            self._current.clear()
        changes, self._cursor = self._announcements.after({**dict.fromkeys(ends, 0), **self._cursor})
        for each in changes:
            self._current.pop(each.change.key, None)

    def _look(self) -> None:
        self._shards = {name: self._subscriptions.read(name) for name in self._subscriptions.names()}
        self._looked_at = monotonic()

    def _send(self) -> None:
        now = self._clock.now()
        for name, shard in self._shards.items():
            free = [each for ident, each in shard.items() if ident not in self._busy]
            for each in free:
                self._know(each.key)
                if not self._topics.is_topic(each.key):
                    self._submit(name, each, self._deny)
            for each in wanting(free, self._current, now):
                self._submit(name, each, self._bring)

    def _know(self, key: str) -> None:
        """The generation of a topic, once after each change."""
        if key not in self._current:
            content = self._contents.read(key) if self._topics.is_topic(key) else None
            self._current[key] = content.generation if content else 0

    def _submit(self, shard: str, to: Subscription, work: Callable[[Subscription], tuple[int, Outcome] | None]) -> None:
        def guarded() -> None:
            try:
                now_there = self._shards.get(shard, {}).get(to.id)
                generation, said = (work(now_there) if now_there else None) or (0, None)
                self._tried.put(Tried(shard, to, generation, said, random.random()))
            except BaseException as error:  # noqa: BLE001  # raised again by the thread that owns this
                self._tried.put(error)

        self._busy.add(to.id)
        proven = to.delivered and not to.failures and to.host not in self._slow
        (self._prompt if proven else self._others).submit(to.host, guarded)

    # ---- in other threads --------------------------------------------------------------------------------------

    def _bring(self, to: Subscription) -> tuple[int, Outcome] | None:
        try:
            content = self._contents.get(to.key)
        except RetryAfter:
            content = None
        if content is None:
            return None
        asked_at = monotonic()
        try:
            answer = self._outbound.send("POST", to.callback, content.headers(to.secret), content.body)
            said = outcome(answer.status, answer.headers, self._clock.now())
        except (Reject, RetryAfter) as error:
            said = Outcome(Verdict.AWAY, str(error))
        (self._slow.add if monotonic() - asked_at > PROMPT else self._slow.discard)(to.host)
        return content.generation, said

    def _deny(self, to: Subscription) -> tuple[int, Outcome]:
        """Once, and whatever the answer is (WebSub, 5.2)."""
        told = {"hub.mode": "denied", "hub.topic": to.topic, "hub.reason": _END}
        try:
            self._outbound.send("GET", with_query(to.callback, told), {})
        except (Reject, RetryAfter) as error:
            log.info("websub: %s was not told that a subscription ends: %s", to.host, error)
        return 0, Outcome(Verdict.ENDED, _END)

    # ---- what came of it ---------------------------------------------------------------------------------------

    def _collect(self) -> None:
        while True:
            try:
                tried = self._tried.get_nowait()
            except Empty:
                return
            if isinstance(tried, BaseException):
                raise tried
            if tried.outcome is None:
                self._busy.discard(tried.subscription.id)
            else:
                self._unwritten.append(tried)

    def _write(self) -> None:
        by_shard = defaultdict(list)
        for each in self._unwritten:
            by_shard[each.shard].append(each)
        for name, tries in by_shard.items():
            self._shards[name] = self._subscriptions.change(name, partial(settled, tries=tries, now=self._clock.now()))
            self._busy.difference_update(each.subscription.id for each in tries)
            self._unwritten = [each for each in self._unwritten if each.shard != name]
        self._wrote_at = monotonic()


def settled(shard: Shard, tries: list[Tried], now: int) -> Shard:
    """What is subscribed to after some tries (pure). Of one that was renewed meanwhile only a success counts."""
    changed = dict(shard)
    for tried in tries:
        held = changed.get(tried.subscription.id)
        if held is None or tried.outcome is None:
            continue
        if held.since != tried.subscription.since and tried.outcome.verdict is not Verdict.DELIVERED:
            continue
        if kept := after(held, tried.generation, tried.outcome, now, tried.jitter):
            changed[held.id] = kept
        else:
            del changed[held.id]
            log.info("websub: a subscription of %s has ended: %s", held.host, tried.outcome.reason)
    return changed
