"""A chaos run: publish and read without end, break one thing after the other, mend all, and compare."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread

from tests.chaos.faults import FAULTS
from tests.chaos.newsroom import Newsroom
from tests.chaos.oracle import Oracle
from tests.chaos.report import Report
from tests.chaos.story import SHARDS, Story
from wireroom.errors import RetryAfter
from wireroom.publisher import Publisher

RATE = 12  # events a second
PATIENCE = 120  # seconds that all may take to be shown, once everything is well again
BUG = 70  # what a worker ends with that has one

Plan = Sequence[str]  # the faults of one round, at once


def random_plans(seed: int, rounds: int) -> Iterator[Plan]:
    """One fault a round, sometimes two, of different things."""
    chance = Random(seed)
    for _ in range(rounds):
        first, second = chance.sample(list(FAULTS), 2)
        both = chance.random() < 0.3 and first.split()[0] != second.split()[0]
        yield [first, second] if both else [first]


def play(seed: int, plans: Sequence[Plan], folder: Path, bug: str | None = None) -> Report:
    """Play these rounds. It ends early as soon as anything is wrong."""
    oracle, chance, begin = Oracle(), Random(seed), time.monotonic()
    played: list[Plan] = []
    with Newsroom(folder, bug) as newsroom, beside(lambda over: look(newsroom, oracle, over)):
        with beside(lambda over: tell(newsroom, oracle, Random(seed), over)):
            newsroom.work(3)
            for plan in plans:
                if oracle.found:
                    break
                strike(newsroom, plan, chance)
                played.append(plan)
            newsroom.work(2)
        settle(newsroom, oracle)
    return reported(seed, played, newsroom, oracle, time.monotonic() - begin)


def reported(seed: int, played: Sequence[Plan], newsroom: Newsroom, oracle: Oracle, seconds: float) -> Report:
    """All of it in figures."""
    deaths = {worker.name: worker.deaths for worker in (*newsroom.workers, newsroom.guest)}
    found = dict(oracle.found)
    if crashed := [f"{name}: {codes}" for name, codes in deaths.items() if BUG in codes]:
        found["crashed"] = crashed
    stall, of_what = oracle.longest_stall
    return Report(
        seed=seed,
        rounds=len(played),
        injected=dict(Counter(name for plan in played for name in plan)),
        events=oracle.acknowledged,
        documents=oracle.documents,
        found=found,
        longest_stall=stall,
        stalled=of_what,
        deaths=dict(Counter(str(code) for codes in deaths.values() for code in codes)),
        seconds=seconds,
    )


def strike(newsroom: Newsroom, plan: Plan, chance: Random) -> None:
    """One round: the faults, as long as they last, and a breath."""
    lasts = 0.0
    with ExitStack() as going_on:
        for name in plan:
            fault = FAULTS[name]
            lasts = max(lasts, chance.uniform(fault.least, fault.most))
            going_on.enter_context(fault.happens(newsroom, chance.choice(newsroom.workers)))
        newsroom.work(lasts)
    newsroom.work(chance.uniform(0.2, 2))


def settle(newsroom: Newsroom, oracle: Oracle) -> None:
    """All is well now: within PATIENCE every document is as it must be, or something is lost."""
    deadline = time.monotonic() + PATIENCE
    while (missing := oracle.missing()) and time.monotonic() < deadline and not oracle.found:
        newsroom.work(0.5)
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
            oracle.sending(event)
            archive = chance.random() < 0.1
            while True:
                with suppress(RetryAfter):
                    publisher.publish(event, backfill=archive)
                    break
                time.sleep(0.1)
            oracle.acknowledge(event)
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
