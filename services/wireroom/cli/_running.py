"""Workers in threads, until a signal or a failure ends them all."""

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from wireroom.cli._outcome import BUG
from wireroom.clock import SystemClock
from wireroom.config import Settings
from wireroom.connect import foreign_events, installed, open_log, open_store
from wireroom.errors import ConfigurationError, Fault, Red
from wireroom.log import ARTICLES, BACKFILL, Log
from wireroom.sink import load_sink
from wireroom.store import PolledStore, Store
from wireroom.store.probe import probe
from wireroom.worker import Worker

if TYPE_CHECKING:
    from wireroom.notify.notifier import Notifier
    from wireroom.notify.websub.app import Hub

NOTIFY = "notify"  # the worker that is no sink: it reads what the others announce
WRITERS = 8  # threads that write the documents of one worker side by side: they wait for the disk, not for each other
FINISHING = 2.0  # seconds that threads have to finish what is in hand
ENDING = 2.0  # seconds that they have to end then, when nobody waits for the log any more

log = logging.getLogger("wireroom")


class Running:
    """What runs side by side. A worker that turns red stops alone; a bug in one ends all."""

    def __init__(self) -> None:
        self.stop = Event()
        self.reds: list[Red] = []
        self._bugs: list[BaseException] = []
        self._threads: list[Thread] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` in a thread of its own; it ends when `self.stop` is set."""
        thread = Thread(target=self._guard, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guard(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Red as red:
            self.reds.append(red)
            log.error("%s is red and has stopped: %s", name, red)
        except BaseException as error:  # noqa: BLE001  # raised again by `finish`, in the main thread
            self._bugs.append(error)
            self.stop.set()

    def alone(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` in a thread of its own, and nothing else; returns when it has ended, or is told to."""

        def last() -> None:
            try:
                work()
            finally:
                self.stop.set()

        self.start(name, last)
        self.stop.wait()

    @property
    def is_alive(self) -> bool:
        """Whether anything still runs and nothing told it to end."""
        return not self.stop.is_set() and any(thread.is_alive() for thread in self._threads)

    def finish(self, interrupt: Callable[[], None] = lambda: None) -> None:
        """End everything and wait for it, not for a log that is away. Raises what a thread died of: a bug before a Red.

        `interrupt` is the log's.
        """
        self.stop.set()
        self._join(FINISHING)
        interrupt()
        self._join(ENDING)
        for error in [*self._bugs, *self.reds]:
            raise error

    def _join(self, seconds: float) -> None:
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))


@contextmanager
def until_signal(stop: Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C set `stop`."""
    signals: SimpleQueue[int] = SimpleQueue()

    def told(number: int, frame: FrameType | None) -> None:
        signals.put(number)  # an Event would wait for its own lock, if it was just being set

    def wait() -> None:
        signals.get()
        stop.set()

    Thread(target=wait, name="signals", daemon=True).start()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        signals.put(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def tell(level: int = logging.INFO) -> None:
    """Log lines go to the standard error, one each; libraries only warn."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    log.setLevel(level)
    threading.excepthook = _died
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what strangers send wrong would fill the disk
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what goes wrong there is told in our words


def _died(what: threading.ExceptHookArgs) -> None:
    """A thread that nobody watches died, such as the one by which kafka-python talks to brokers: nothing can go on."""
    traceback.print_exception(what.exc_value)
    sys.stderr.flush()
    os._exit(BUG)


@contextmanager
def opened(settings: Settings, create: bool = True) -> Iterator[tuple[Log, PolledStore]]:
    """Log and store; without `create` the log must be there already.

    A store that lacks atomic conditional writes is refused. Raises ConfigurationError, Red, RetryAfter.
    """
    with (
        foreign_events(settings.registry),
        closing(open_log(settings.log.url, settings.log.prefix, create, settings.log.security)) as events,
    ):
        store = open_store(settings.store.url)
        probe(store)
        yield events, store


def records(log: Log) -> int:
    """How many a worker reads from the beginning to the end."""
    return sum(log.end(partition) for topic in (ARTICLES, BACKFILL) for partition in log.partitions(topic))


@contextmanager
def worker(name: str, settings: Settings, events: Log, store: Store) -> Iterator[Worker]:
    """A worker for one sink. Raises ConfigurationError when there is no such sink here."""
    with installed():
        sink = load_sink(name, settings)
    with ThreadPoolExecutor(WRITERS, thread_name_prefix=f"{name}-writer") as writers:
        yield Worker(sink, events, store, settings, executor=writers)


def notifier(settings: Settings, events: Log, store: PolledStore) -> "Notifier":
    """The worker that tells subscribers. Raises ConfigurationError when there is nobody to tell."""
    if not settings.notify.anyone:
        raise ConfigurationError(
            [Fault("notify", "nobody to tell", "webhooks, hub, hubs or indexnow.key under `notify`")]
        )
    with installed():
        from wireroom.notify.notifier import Notifier
        from wireroom.notify.subscribers import subscribers
        from wireroom.notify.websub.deliveries import Deliveries
    clock = SystemClock()
    hub = (lambda announced: Deliveries(store, settings, announced, clock)) if settings.notify.hub else None
    return Notifier(subscribers(settings, store, clock), events, store, clock, hub)


def subscribing(settings: Settings, store: PolledStore) -> "Hub":
    """The endpoint of our own WebSub hub. Raises ConfigurationError when there is none."""
    if not settings.notify.hub:
        raise ConfigurationError([Fault("notify.hub", "no hub", "true, for a hub of our own")])
    with installed():
        from wireroom.notify.websub.app import Hub
    return Hub(store, settings)
