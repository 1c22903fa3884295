"""The access log as it is written: no answer waits for it, and it takes bounded memory."""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from threading import Event, Lock, Thread

from wireroom.clock import DAY, Clock
from wireroom.document import generation_of
from wireroom.errors import Red, RetryAfter
from wireroom.partners.records import Access, Line, Lost, Record, Slowed, State
from wireroom.partners.segments import SegmentWriter, day_of
from wireroom.partners.shown import shown
from wireroom.serve.documents import Served
from wireroom.store import Store

EVERY = 5.0  # seconds between two writes: so much is lost when the process is killed
MOST = 20_000  # records in memory, while the store cannot be written
_AT_ONCE = 5_000
_LATEST = 3.0  # seconds for what is in hand, when the server ends

log = logging.getLogger("wireroom")


class AccessLog:
    """Takes records from an event loop; one thread writes them to the store."""

    def __init__(self, store: Store, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self._days = days
        self._writer = SegmentWriter(store)
        self._waiting: deque[tuple[Access, Served | None]] = deque()
        self._slowed: Counter[str] = Counter()  # these two rise on the event loop alone,
        self._lost = 0
        self._slowed_told: Counter[str] = Counter()  # and these two in the thread
        self._lost_told = 0
        self._lines: deque[Line] = deque()  # numbered, and not known to be kept
        self._number = 0
        self._told: dict[str, tuple[str, int]] = {}  # document -> day and generation of the state that was told last
        self._today = ""
        self._ending = Event()
        self._lock = Lock()  # of one write at a time
        self._thread = Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def note(self, access: Access, served: Served | None = None) -> None:
        """A request was answered, with this state of the document if with any. Never waits."""
        if len(self._waiting) + len(self._lines) >= MOST:
            self._lost += 1
        else:
            self._waiting.append((access, served))

    def slow(self, partner: str) -> None:
        """A request was one too many. Never waits."""
        self._slowed[partner] += 1

    def close(self) -> None:
        """Write what is in hand, if that is quick."""
        self._ending.set()
        self._thread.join(_LATEST)

    def _run(self) -> None:
        while not self._ending.wait(EVERY):
            self.write()
        self.write()

    def write(self) -> None:
        """Write what has come. What cannot be written now waits for the next time."""
        with self._lock:
            self._expire()
            self._number_all(self._records())
            try:
                while self._lines:
                    some = list(islice(self._lines, _AT_ONCE))
                    self._writer.append(some)
                    for _ in some:
                        self._lines.popleft()
            except (Red, RetryAfter) as error:
                log.warning("the access log cannot be written, %s records wait: %s", len(self._lines), error)

    def _number_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self._number += 1
            self._lines.append(Line(self._number, record))

    def _records(self) -> Iterator[Record]:
        for _ in range(len(self._waiting)):
            access, served = self._waiting.popleft()
            if served is None:
                yield access
            else:
                generation = generation_of(served.stored.body)
                yield from self._state(access, served, generation)
                yield replace(access, generation=generation)
        now = self._clock.now()
        for partner, count in list(self._slowed.items()):
            if new := count - self._slowed_told[partner]:
                self._slowed_told[partner] = count
                yield Slowed(now, partner, new)
        if new := self._lost - self._lost_told:
            self._lost_told += new
            log.error("%s records of partners' requests are lost: the store could not be written", new)
            yield Lost(now, new)

    def _state(self, access: Access, served: Served, generation: int) -> Iterator[State]:
        """What the document shows, where that was not yet told: each day is whole by itself."""
        state = day_of(access.time), generation
        if self._told.get(access.document) == state:
            return
        self._told[access.document] = state
        try:
            entries = shown(access.document, served.stored.body)
            yield State(access.time, access.document, generation, served.etag, entries)
        except ValueError as error:
            log.error("no receipts for %s: it is none of our documents: %s", access.document, error)

    def _expire(self) -> None:
        """Once a day, remove what is too old."""
        now = self._clock.now()
        if day_of(now) == self._today:
            return
        self._today = day_of(now)
        try:
            self._writer.expire(day_of(now - self._days * DAY))
        except (Red, RetryAfter) as error:
            log.warning("old days of the access log cannot be removed: %s", error)
