"""One subscriber's thread: number what is new, send it in order, wait when it must.

    read the log from its own place -> number what it wants, write -> send, write -> ...

The log is the queue: nothing waits in memory but what was just numbered, and nobody waits for anybody else. What was
sent and not yet written is sent again after a crash, under the same number.
"""

import logging
import random
from collections.abc import Callable, Sequence

from wireroom.clock import MINUTE, SECOND, Clock
from wireroom.codec import encode_change
from wireroom.errors import Conflict, Fault, Reject, RetryAfter
from wireroom.letter import dead_letter
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Log
from wireroom.notify.announcements import Announcements
from wireroom.notify.documents import Documents
from wireroom.notify.journal import Journal, Notification, State
from wireroom.notify.outcome import TRIES, Outcome, Verdict, pause
from wireroom.notify.subscriber import Subscriber, Told
from wireroom.store import PolledStore

WORKER = "notify"
_LOOK = 2 * SECOND  # after which a state that rests is looked at again: a command may have changed it
_UNWRITTEN = SECOND  # for how long what was sent may be unwritten, and so be sent again after a crash
_UNTOLD = MINUTE  # for how long it may be unwritten that there was nothing to send
_NEAR_READERS, _FAR_READERS = SECOND // 50, 3 * SECOND // 2  # for as long `serve` may show the document before

log = logging.getLogger(__name__)


class Delivery:
    """Tells one subscriber. One thread owns it."""

    def __init__(
        self,
        subscriber: Subscriber,
        events: Log,
        store: PolledStore,
        announcements: Announcements,
        documents: Documents,
        clock: Clock,
    ) -> None:
        self.subscriber = subscriber
        self.journal = Journal(store, subscriber.id)
        self._log = events
        self._announcements = announcements
        self._documents = documents
        self._clock = clock
        self._settles = _NEAR_READERS if store.near else _FAR_READERS
        self._looked = self._wrote = 0

    def run(self, stopping: Callable[[], bool], drain: bool = False) -> None:
        """Until `stopping`, or with `drain` until nothing can be sent now. Raises Red."""
        while not stopping():
            wait = self.turn()
            if drain and wait and self._rests:
                break
            self._rest(wait)
        self._try(self.journal.write)

    @property
    def _rests(self) -> bool:
        """Whether nothing can be sent now."""
        state = self.journal.state
        return state is not None and (state.ended or state.failures > 0 or not state.waiting)

    def turn(self) -> float:
        """One step; seconds to wait before the next, 0 when there is more to do."""
        try:
            return self._step(self._state())
        except Conflict:
            self.journal.forget()
            return 0
        except RetryAfter as unwell:
            log.warning("%s: %s", self.subscriber.id, unwell)
            self.journal.forget()
            return max(unwell.seconds, 0.1)

    def _rest(self, seconds: float) -> None:
        if seconds and self.journal.state and not self.journal.state.waiting:
            self._announcements.wait(self.journal.state.cursor, seconds)
        elif seconds:
            self._announcements.sleep(seconds)

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (Conflict, RetryAfter) as error:
            log.warning("%s: the last of what was sent may be sent again: %s", self.subscriber.id, error)

    # ---- the state ---------------------------------------------------------------------------------------------

    def _state(self) -> State:
        now = self._clock.now()
        if self.journal.state is None:
            self.journal.read()
        elif now - self._looked >= _LOOK:
            self._looked = now
            self.journal.follow()
        identity = self._log.topic_id(DOCUMENTS)
        state = self.journal.state or self.journal.begin(self.subscriber.definition, identity, self._announcements.ends)
        if state.log != identity:
            state = state.model_copy(update={"log": identity, "cursor": dict.fromkeys(self._announcements.ends, 0)})
        if state.definition != self.subscriber.definition:
            state = resumed(state).model_copy(update={"definition": self.subscriber.definition})
        self.journal.state = state
        return state

    def _step(self, state: State) -> float:
        if state.ended:
            self.journal.write()
            return _LOOK / SECOND
        if state.waiting:
            return self._send(state)
        cursor = dict.fromkeys(self._announcements.ends, 0) | dict(state.cursor)
        changes, after = self._announcements.after(cursor)
        if after == cursor:
            if not self.journal.only_read_on or self._clock.now() - self._wrote >= _UNTOLD:
                self._write()
            return 1.0
        self.journal.take([each for each in changes if self.subscriber.wants(each.change)], after, self._clock.now())
        if self.journal.state and self.journal.state.waiting:
            self._write()
        return 0

    def _write(self) -> None:
        self.journal.write()
        self._wrote = self._clock.now()

    # ---- sending -----------------------------------------------------------------------------------------------

    def _send(self, state: State) -> float:
        now = self._clock.now()
        batch = list(self.journal.pending())[: self.subscriber.most]
        if not batch:
            self.journal.state = state.model_copy(update={"sent": state.last})  # what was cleared away after a week
            return 0
        due = max(state.due, max(each.changed_at for each in batch) + self._settles)
        if due > now:
            return min(due - now, _LOOK) / SECOND
        self._settle(state, batch, self._tell(state.epoch, batch))
        return 0

    def _tell(self, epoch: str, batch: Sequence[Notification]) -> Outcome:
        told = []
        for each in batch:
            said = self._documents.read(each.key, each.generation)
            if said is None:
                return Outcome(Verdict.REFUSED, f"{each.key} cannot be read at generation {each.generation}")
            told.append(Told(each, said))
        try:
            return self.subscriber.deliver(epoch, told)
        except Reject as forbidden:
            return Outcome(Verdict.AWAY, str(forbidden))
        except RetryAfter as away:
            return Outcome(Verdict.AWAY, str(away))

    def _settle(self, state: State, batch: Sequence[Notification], outcome: Outcome) -> None:
        now = self._clock.now()
        self.journal.state = new = settled(state, batch[-1].sequence, outcome, now, random.random())
        if outcome.verdict is not Verdict.DELIVERED:
            log.warning("%s: %d: %s", self.subscriber.id, batch[0].sequence, outcome.reason)
        if outcome.verdict is Verdict.REFUSED and new.sent > state.sent:
            self._give_up(batch, outcome)
        if outcome.verdict is not Verdict.DELIVERED or not new.waiting or now - self._wrote >= _UNWRITTEN:
            self._write()

    def _give_up(self, batch: Sequence[Notification], outcome: Outcome) -> None:
        """Dead letters, durable before anything else is sent. Raises RetryAfter."""
        letters = []
        for each in batch:
            path = f"{self.subscriber.id}, sequence {each.sequence}"
            reason = Reject("undeliverable", [Fault(path, outcome.reason, f"an answer 2xx, after {TRIES} tries")])
            place = {"partition": str(each.partition), "offset": str(each.offset), "timestamp": str(each.changed_at)}
            letters.append(dead_letter(encode_change(each.change), reason, worker=WORKER, topic=DOCUMENTS, **place))
        self._log.append(DEAD_LETTERS, letters)


def settled(state: State, last: int, outcome: Outcome, now: int, jitter: float) -> State:
    """The state after an answer to what ends with the number `last`. Pure."""
    if outcome.verdict is Verdict.DELIVERED:
        return resumed(state).model_copy(update={"sent": last})
    failures = state.failures + 1
    due = now + max(outcome.retry_after, pause(failures, jitter))
    failed = {"failures": failures, "due": due, "reason": outcome.reason}
    if outcome.verdict is Verdict.ENDED:
        return state.model_copy(update=failed | {"ended": True})
    if outcome.verdict is Verdict.AWAY:
        return state.model_copy(update=failed)
    if state.tries + 1 >= TRIES:
        return state.model_copy(update=failed | {"tries": 0, "sent": last})
    return state.model_copy(update=failed | {"tries": state.tries + 1})


def resumed(state: State) -> State:
    """As if nothing had failed."""
    return state.model_copy(update={"failures": 0, "tries": 0, "due": 0, "reason": "", "ended": False})
