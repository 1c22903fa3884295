"""`Notifier.run`: join the group, tell the subscribers that are this member's, until told to stop.

A subscriber belongs to whoever owns the partition of the log `documents` that its id would go to, so several members
share them. Each has a thread and a place in the log of its own (`delivery.py`); the group's commit says how far the
log was seen, not how far anybody was told.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread
from time import monotonic

from wireroom.clock import Clock, SystemClock
from wireroom.codec import decode_change
from wireroom.errors import Fenced, Red, Reject, RetryAfter
from wireroom.health import Health
from wireroom.letter import dead_letter
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Commit, Consumer, Log, Message, Partition, Record
from wireroom.notify.announcements import Announcements
from wireroom.notify.delivery import WORKER, Delivery
from wireroom.notify.documents import Documents
from wireroom.notify.subscriber import Subscriber
from wireroom.notify.websub.deliveries import Deliveries
from wireroom.store import PolledStore

BATCH = 500
_WAIT = 1.0  # seconds of one poll: partitions of other members are looked at no later
HUB = "hub"  # whose owner runs our own; the ids of subscribers have a slash
_END = 3.0  # seconds that threads have together to write where they are

log = logging.getLogger(__name__)


class Notifier:
    """One member of the group `notify`."""

    def __init__(
        self,
        subscribers: Sequence[Subscriber],
        events: Log,
        store: PolledStore,
        clock: Clock | None = None,
        hub: Callable[[Announcements], Deliveries] | None = None,
    ) -> None:
        self._log = events
        self._store = store
        self._clock = clock or SystemClock()
        self._announcements = Announcements(events)
        self._documents = Documents(store)
        self._health = Health(store, self._clock, WORKER)
        self._told: dict[str, Callable[[], Delivery | Deliveries]] = {
            each.id: partial(self._delivery, each) for each in subscribers
        }
        if hub:
            self._told[HUB] = partial(hub, self._announcements)
        self._threads: dict[str, _Told] = {}
        self._reds: dict[str, Red] = {}  # of subscribers whose thread has ended; the others go on
        self._bug: BaseException | None = None

    def run(self, stopping: Callable[[], bool], drain: bool = False) -> None:
        """Until `stopping`, or with `drain` until nobody can be told anything now. Raises Red.

        What is red with one subscriber is raised when all others are done.
        """
        try:
            self._run(stopping, drain)
            for red in self._reds.values():
                raise red
            self._health.stopped()
        except Red as red:
            self._health.red(str(red))
            raise

    def _run(self, stopping: Callable[[], bool], drain: bool) -> None:
        while not stopping():
            consumer = self._log.join(WORKER, [DOCUMENTS])
            try:
                if self._work(consumer, stopping, drain):
                    return
            except Fenced as fenced:
                log.warning("%s: %s; joining again", WORKER, fenced)
            finally:
                self._let_go(self._threads)
                _close(consumer)

    def _work(self, consumer: Consumer, stopping: Callable[[], bool], drain: bool) -> bool:
        """Whether everything is done; False when stopped."""
        records: list[Record] = []  # that are not committed
        while not stopping():
            try:
                records += consumer.poll(_WAIT / 10 if drain else _WAIT, BATCH)
                idle = not records
                self._announcements.look()
                self._share(set(consumer.assignment()), drain)
                self._commit(consumer, records)
                records.clear()
            except RetryAfter as unwell:
                log.warning("%s: %s", WORKER, unwell)
                if not stopping():
                    self._announcements.sleep(unwell.seconds)
                continue
            self._tell_health()
            if drain and idle and consumer.assignment() and not any(each.alive for each in self._threads.values()):
                return True
        return False

    def _tell_health(self) -> None:
        """Raises what a thread died of, if it was a bug."""
        if self._bug:
            raise self._bug
        if self._reds:
            self._health.red("; ".join(f"{ident}: {red}" for ident, red in sorted(self._reds.items())))
        else:
            self._health.green()

    def _commit(self, consumer: Consumer, records: Sequence[Record]) -> None:
        """What cannot be read becomes a dead letter first. Raises RetryAfter, Fenced, UnknownSchema."""
        letters = [letter for record in records if (letter := _unreadable(record))]
        if letters:
            self._log.append(DEAD_LETTERS, letters)
        owned = consumer.assignment()
        seen = {each.partition: Commit(each.offset + 1) for each in records if each.partition in owned}
        if seen:
            consumer.commit(seen)

    # ---- threads -----------------------------------------------------------------------------------------------

    def _share(self, owned: set[Partition], drain: bool) -> None:
        mine = {ident for ident in self._told if self._log.partition_of(DOCUMENTS, ident) in owned}
        self._let_go(self._threads.keys() - mine)
        for ident in mine - self._threads.keys():
            self._threads[ident] = self._start(ident, drain)

    def _start(self, ident: str, drain: bool) -> "_Told":
        telling = self._told[ident]()
        return _Told(ident, lambda stop: self._guard(ident, lambda: telling.run(stop.is_set, drain)))

    def _delivery(self, to: Subscriber) -> Delivery:
        return Delivery(to, self._log, self._store, self._announcements, self._documents, self._clock)

    def _guard(self, ident: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Red as red:
            log.error("%s is red, and told nothing more: %s", ident, red)
            self._reds[ident] = red
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that owns this
            self._bug = error

    def _let_go(self, idents: "Sequence[str] | set[str] | dict[str, _Told]") -> None:
        gone = [self._threads.pop(ident) for ident in list(idents)]
        for each in gone:
            each.stop.set()
        self._announcements.wake()
        deadline = monotonic() + _END
        for each in gone:
            each.thread.join(max(0.0, deadline - monotonic()))


class _Told:
    """The thread of one subscriber."""

    def __init__(self, name: str, work: Callable[[Event], None]) -> None:
        self.stop = Event()
        self.thread = Thread(target=work, args=(self.stop,), name=f"{WORKER}-{name}", daemon=True)
        self.thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.thread.is_alive()


def _unreadable(record: Record) -> Message | None:
    try:
        decode_change(record.value)
    except Reject as reason:
        place = {"partition": str(record.partition.number), "offset": str(record.offset)}
        place |= {"timestamp": str(record.timestamp), "topic": DOCUMENTS}
        return dead_letter(Message(record.key, record.value, record.headers), reason, worker=WORKER, **place)
    return None


def _close(consumer: Consumer) -> None:
    try:
        consumer.close()
    except RetryAfter as unwell:
        log.warning("%s: left the group without a word: %s", WORKER, unwell)
