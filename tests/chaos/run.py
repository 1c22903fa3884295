"""A chaos run: publish and read without end, break one thing after the other, mend all, and compare."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import NamedTuple

from tests.chaos.faults import FAULTS, Hit, Round
from tests.chaos.newsroom import Newsroom
from tests.chaos.oracle import Oracle, Stall
from tests.chaos.report import Report
from tests.chaos.story import SHARDS, Story
from wireroom.errors import RetryAfter
from wireroom.publisher import Publisher

RATE = 12  # events a second
PATIENCE = 120  # seconds that all may take to be shown, once everything is well again
BUG = 70  # what a worker ends with that has one


class Strike(NamedTuple):
    """A fault that happened, and when."""

    hit: Hit
    begin: float
    end: float


def play(seed: int, rounds: Iterable[Round], folder: Path, bug: str | None = None) -> Report:
    """Play these rounds. It ends early as soon as anything is wrong."""
    oracle, begin = Oracle(), time.monotonic()
    strikes: list[Strike] = []
    played = 0
    with Newsroom(folder, bug) as newsroom, beside(lambda over: look(newsroom, oracle, over)):
        with beside(lambda over: tell(newsroom, oracle, Random(seed), over)):
            catch_up(newsroom, oracle)
            for each in rounds:
                if oracle.found:
                    break
                strikes += strike(newsroom, oracle, each)
                played += 1
            newsroom.work(2)
        settle(newsroom, oracle)
    report = reported(newsroom, oracle, strikes)
    report.seed, report.rounds, report.seconds = seed, played, time.monotonic() - begin
    return report


def reported(newsroom: Newsroom, oracle: Oracle, strikes: Sequence[Strike]) -> Report:
    """All of it in figures."""
    deaths = {worker.name: worker.deaths for worker in (*newsroom.workers, newsroom.guest)}
    found = dict(oracle.found)
    if crashed := [f"{name}: {codes}" for name, codes in deaths.items() if BUG in codes]:
        found["crashed"] = crashed
    return Report(
        injected=dict(Counter(each.hit.fault for each in strikes)),
        events=oracle.acknowledged,
        documents=oracle.documents,
        found=found,
        longest_stall=oracle.longest_stall.seconds,
        stalled=oracle.longest_stall.of_what,
        meanwhile=list(meanwhile(oracle.longest_stall, strikes)),
        deaths=dict(Counter(str(code) for codes in deaths.values() for code in codes)),
    )


def meanwhile(stall: Stall, strikes: Sequence[Strike]) -> Iterator[str]:
    """The faults that there were during a stall, with the seconds of it in which each began and ended."""
    for (fault, worker, _), begin, end in strikes:
        if begin < stall.since + stall.seconds and end > stall.since:
            yield f"{fault} ({worker}) {begin - stall.since:+.0f} to {end - stall.since:+.0f} s"


def strike(newsroom: Newsroom, oracle: Oracle, this: Round) -> list[Strike]:
    """One round: the faults, for as long as the longest lasts, and the rest after them."""
    begin = time.time()
    workers = {worker.name: worker for worker in newsroom.workers}
    with ExitStack() as going_on:
        for hit in this.hits:
            going_on.enter_context(FAULTS[hit.fault].happens(newsroom, workers[hit.worker]))
        newsroom.work(max(hit.seconds for hit in this.hits))
    end = time.time()
    if this.rest is None:
        catch_up(newsroom, oracle)
    else:
        newsroom.work(this.rest)
    return [Strike(hit, begin, end) for hit in this.hits]


def catch_up(newsroom: Newsroom, oracle: Oracle) -> None:
    """Let it go on until documents tell all that is acknowledged by now, or something is wrong."""
    now = time.time()
    newsroom.work(1)
    while oracle.waiting_since() < now and time.time() < now + PATIENCE and not oracle.found:
        newsroom.work(0.2)


def settle(newsroom: Newsroom, oracle: Oracle) -> None:
    """All is well now: within PATIENCE every document is as it must be, or something is lost."""
    deadline = time.monotonic() + PATIENCE
    while (missing := oracle.missing()) and time.monotonic() < deadline and not oracle.found:
        newsroom.work(0.5)
    if missing and not oracle.found:
        oracle.found["lost"] += missing
    oracle.check()


@contextmanager
def beside(work: Callable[[Event], None]) -> Iterator[None]:
    """Do `work` in a thread until the end of the block. What it died of ends the run."""
    over, died = Event(), list[BaseException]()

    def guarded() -> None:
        try:
            work(over)
        except BaseException as error:  # noqa: BLE001  # raised again below
            died.append(error)

    thread = Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    for error in died:
        raise error


def tell(newsroom: Newsroom, oracle: Oracle, chance: Random, over: Event) -> None:
    """Publish the story, each event until it is acknowledged."""
    with Publisher(newsroom.broker.url, shards=SHARDS) as publisher:
        for event in Story(chance):
            if over.is_set():
                return
            archive = chance.random() < 0.1
            while True:
                oracle.sending(event)
                with suppress(RetryAfter):
                    oracle.acknowledge(event, publisher.publish(event, backfill=archive))
                    break
                time.sleep(0.1)
            time.sleep(chance.expovariate(RATE))


def look(newsroom: Newsroom, oracle: Oracle, over: Event) -> None:
    """Read every document that changed, again and again, and once more at the end."""
    known: dict[str, tuple[int, int]] = {}
    while not over.is_set():
        for key, state in newsroom.documents():
            if known.get(key) != (mark := (state.st_ino, state.st_mtime_ns)):
                with suppress(FileNotFoundError):
                    oracle.see(key, (newsroom.store / key).read_bytes())
                known[key] = mark
        oracle.check()
        time.sleep(0.02)
