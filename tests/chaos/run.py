"""A chaos run: publish and read without end, break one thing after the other, mend all, and compare."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import NamedTuple

from tests.chaos.faults import FAULTS, Hit, Round
from tests.chaos.newsroom import Newsroom
from tests.chaos.oracle import Oracle, Stall
from tests.chaos.report import Report
from tests.chaos.stillness import Stillness
from tests.chaos.story import SHARDS, Story
from wireroom.codec import encode
from wireroom.connect import open_log
from wireroom.errors import RetryAfter
from wireroom.log import ARTICLES
from wireroom.publisher import Publisher

RATE = 12  # events a second
SPOILT = 0.3  # of what is published while the log is spoilt: more, and workers stop
PATIENCE = 120  # seconds that all may take to be shown, once everything is well again
BUG = 70  # what a worker ends with that has one


class Strike(NamedTuple):
    """A fault that happened, and when; `recovery`: seconds after it until all was told, where that was waited for."""

    hit: Hit
    begin: float
    end: float
    recovery: float = 0.0

    def __str__(self) -> str:
        lasted = f"{self.hit.fault} ({self.hit.worker}), {self.end - self.begin:.1f} s"
        return f"{datetime.fromtimestamp(self.begin):%H:%M:%S} {lasted}" + f", then {self.recovery:.1f} s" * (
            self.recovery > 0
        )


def play(
    seed: int,
    rounds: Iterable[Round],
    folder: Path,
    bug: str | None = None,
    struck: Callable[[Strike], None] = lambda _: None,
) -> Report:
    """Play these rounds; `struck` is told of each fault once it is over. It ends early as soon as anything is wrong."""
    stillness = Stillness()
    oracle, begin = Oracle(stillness.within), time.monotonic()
    strikes: list[Strike] = []
    played = 0
    with beside(stillness.watch), Newsroom(folder, bug) as newsroom, beside(lambda over: look(newsroom, oracle, over)):
        with beside(lambda over: tell(newsroom, oracle, Random(seed), over)):
            catch_up(newsroom, oracle)
            for each in rounds:
                if oracle.found:
                    break
                latest = strike(newsroom, oracle, each)
                strikes += latest
                played += 1
                for one in latest:
                    struck(one)
            newsroom.work(2)
        settle(newsroom, oracle)
    report = reported(newsroom, oracle, strikes)
    report.still = stillness.within(0, time.time())
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
        guests=newsroom.guest.joined,
        recoveries={each.hit.fault: each.recovery for each in sorted(strikes, key=lambda strike: strike.recovery)},
        meanwhile=list(meanwhile(oracle.longest_stall, strikes)),
        deaths=dict(Counter(str(code) for codes in deaths.values() for code in codes)),
    )


def meanwhile(stall: Stall, strikes: Sequence[Strike]) -> Iterator[str]:
    """The faults that there were during a stall, with the seconds of it in which each began and ended."""
    for hit, begin, end, _ in strikes:
        if begin < stall.until and end > stall.since:
            yield f"{hit.fault} ({hit.worker}) {begin - stall.since:+.0f} to {end - stall.since:+.0f} s"


def strike(newsroom: Newsroom, oracle: Oracle, this: Round) -> list[Strike]:
    """One round: the faults, for as long as the longest lasts, and the rest after them."""
    begin = time.time()
    workers = {worker.name: worker for worker in newsroom.workers}
    with ExitStack() as going_on:
        for hit in this.hits:
            going_on.enter_context(FAULTS[hit.fault].happens(newsroom, workers[hit.worker]))
        newsroom.work(max(hit.seconds for hit in this.hits))
    end = time.time()
    recovery = 0.0
    if this.rest is None:
        recovery = catch_up(newsroom, oracle)
    else:
        newsroom.work(this.rest)
    return [Strike(hit, begin, end, recovery) for hit in this.hits]


def catch_up(newsroom: Newsroom, oracle: Oracle) -> float:
    """Let it go on until documents tell all that is acknowledged by now, or something is wrong; how long that took."""
    now = time.time()
    newsroom.work(1)
    while oracle.waiting_since() < now and time.time() < now + PATIENCE and not oracle.found:
        newsroom.work(0.2)
    end = time.time()
    return end - now - oracle.still(now, end)


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
    spoiling = Random(chance.random())
    with closing(open_log(newsroom.broker.url)) as log, Publisher(log, shards=SHARDS) as publisher:
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
            if newsroom.spoil and spoiling.random() < SPOILT:
                oracle.sending(event)
                with suppress(RetryAfter):
                    log.append(ARTICLES, [newsroom.spoil(encode(event, SHARDS[event.publication]), spoiling)])
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
