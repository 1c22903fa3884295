"""What can go wrong: each begins, lasts as long as the block, and ends. `worker` is the one that it happens to."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import NamedTuple

from tests.chaos.newsroom import WORKERS, Newsroom, Worker
from tests.chaos.start import SESSION
from tests.servers.toxiproxy import Proxy

Happens = Callable[[Newsroom, Worker], AbstractContextManager[None]]


class Fault(NamedTuple):
    """`least` and `most`: the seconds that it lasts."""

    happens: Happens
    least: float
    most: float


class Hit(NamedTuple):
    """One fault, the worker that it happens to (if it is one that happens to a worker), and the seconds it lasts."""

    fault: str
    worker: str
    seconds: float


class Round(NamedTuple):
    """What happens at once; `rest`: the seconds until the next one, or until documents tell all that was published."""

    hits: Sequence[Hit]
    rest: float | None = None


def random_rounds(seed: int, rounds: int) -> Iterator[Round]:
    """One fault each, sometimes two, of different things."""
    chance = Random(seed)
    for _ in range(rounds):
        first, second = (random_hit(chance, name) for name in chance.sample(list(FAULTS), 2))
        both = chance.random() < 0.3 and first.fault.split()[0] != second.fault.split()[0]
        yield Round([first, second] if both else [first], rest=chance.choice((0.5, 2, SESSION, None)))


def random_hit(chance: Random, name: str) -> Hit:
    """It happens to anyone, for as long as such a thing lasts."""
    fault = FAULTS[name]
    return Hit(name, chance.choice(list(WORKERS)), chance.uniform(fault.least, fault.most))


@contextmanager
def worker_killed(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    """In the end: amid whatever else goes on."""
    yield
    worker.kill()


@contextmanager
def worker_frozen(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    worker.send(signal.SIGSTOP)
    yield
    worker.send(signal.SIGCONT)


@contextmanager
def worker_leaves(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    worker.stop()
    yield
    worker.start()


@contextmanager
def worker_joins(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    newsroom.guest.start()
    yield
    newsroom.guest.stop()


@contextmanager
def broker_killed(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    newsroom.broker.kill()
    yield
    newsroom.broker.start()


@contextmanager
def broker_frozen(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    newsroom.broker.send(signal.SIGSTOP)
    yield
    newsroom.broker.send(signal.SIGCONT)


@contextmanager
def s3_killed(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    newsroom.s3.kill()
    yield
    newsroom.s3.start()


@contextmanager
def s3_frozen(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    newsroom.s3.send(signal.SIGSTOP)
    yield
    newsroom.s3.send(signal.SIGCONT)


@contextmanager
def cut(proxy: Proxy) -> Iterator[None]:
    proxy.down()
    yield
    proxy.reset()


@contextmanager
def poisoned(proxy: Proxy, kind: str, stream: str = "downstream", **attributes: int) -> Iterator[None]:
    proxy.toxic(kind, stream, **attributes)
    yield
    proxy.reset()


FAULTS: Mapping[str, Fault] = {
    "worker killed": Fault(worker_killed, 0, 2),
    "worker frozen": Fault(worker_frozen, SESSION + 2, SESSION + 5),
    "worker paused": Fault(worker_frozen, 0.2, 2),
    "worker leaves": Fault(worker_leaves, 0, 3),
    "worker joins": Fault(worker_joins, 2, 6),
    "broker killed": Fault(broker_killed, 0, 1),
    "broker away": Fault(broker_killed, 4, 8),
    "broker frozen": Fault(broker_frozen, 2, 8),
    "Kafka cut off": Fault(lambda newsroom, _: cut(newsroom.kafka_proxy), 1, 8),
    "Kafka slow": Fault(lambda newsroom, _: poisoned(newsroom.kafka_proxy, "latency", latency=1500, jitter=500), 2, 6),
    "Kafka resets": Fault(lambda newsroom, _: poisoned(newsroom.kafka_proxy, "reset_peer", timeout=0), 0.5, 3),
    "S3 killed": Fault(s3_killed, 0, 4),
    "S3 hangs": Fault(s3_frozen, 1, 7),
    "S3 cut off": Fault(lambda _, worker: cut(worker.proxy), 1, 8),
    "S3 resets": Fault(lambda _, worker: poisoned(worker.proxy, "reset_peer", timeout=0), 1, 3),
    "S3 loses replies": Fault(lambda _, worker: poisoned(worker.proxy, "limit_data", bytes=0), 1, 3),
    "S3 hears nothing": Fault(lambda _, worker: poisoned(worker.proxy, "timeout", "upstream", timeout=0), 1, 7),
    "S3 slow": Fault(lambda _, worker: poisoned(worker.proxy, "latency", latency=500, jitter=400), 2, 6),
}
