"""What can go wrong: each begins, lasts as long as the block, and ends. `worker` is the one that it happens to."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import NamedTuple

from tests.chaos.newsroom import WORKERS, Newsroom, Spoil, Worker
from tests.chaos.start import SESSION
from tests.servers.meddling import meddling
from tests.servers.toxiproxy import Proxy
from wireroom.log import Message

STRAYS, STRAY = "evening", "daily"  # the publication whose events may have the other's key

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
def guest_joins(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
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
def worker_doubled(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    with worker.doubled():
        yield


@contextmanager
def cut(*proxies: Proxy) -> Iterator[None]:
    for proxy in proxies:
        proxy.down()
    yield
    for proxy in proxies:
        proxy.reset()


@contextmanager
def marred(*proxies: Proxy, kind: str, stream: str = "downstream", **attributes: int) -> Iterator[None]:
    for proxy in proxies:
        proxy.toxic(kind, stream, **attributes)
    yield
    for proxy in proxies:
        proxy.reset()


def kafka_marred(kind: str, **attributes: int) -> Happens:
    """For everybody."""
    return lambda newsroom, _: marred(*newsroom.ways_to_kafka, kind=kind, stream="downstream", **attributes)


def s3_marred(kind: str, stream: str = "downstream", **attributes: int) -> Happens:
    """For one worker."""
    return lambda _, worker: marred(worker.s3, kind=kind, stream=stream, **attributes)


def s3_answers(status: int, code: str) -> Happens:
    """To some writes of one worker, whether it did them or not."""

    @contextmanager
    def happens(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
        with meddling(newsroom.s3.port, status, code) as server:
            worker.s3.lead_to(server.port)
            yield
            worker.s3.lead_to()

    return happens


def spoiled(spoil: Spoil) -> Happens:
    """Some of what is published comes into the log a second time, like this."""

    @contextmanager
    def happens(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
        newsroom.spoil = spoil
        yield
        newsroom.spoil = None

    return happens


def random_bytes(message: Message, chance: Random) -> Message:
    return message._replace(value=chance.randbytes(chance.randrange(100)))


def cut_short(message: Message, chance: Random) -> Message:
    return message._replace(value=message.value[: chance.randrange(len(message.value))])


def by_another_key(message: Message, chance: Random) -> Message:
    """Of one publication only: its editions are written by the owners of both partitions from then on."""
    return message._replace(key=STRAY) if message.key == STRAYS else message


FAULTS: Mapping[str, Fault] = {
    "worker killed": Fault(worker_killed, 0, 2),
    "worker frozen": Fault(worker_frozen, SESSION + 2, SESSION + 5),
    "worker paused": Fault(worker_frozen, 0.2, 2),
    "worker leaves": Fault(worker_leaves, 0, 3),
    "worker doubled": Fault(worker_doubled, 6, 12),
    "worker cut off": Fault(lambda _, worker: cut(worker.kafka), 2, SESSION + 5),
    "worker unheard": Fault(
        lambda _, worker: marred(worker.kafka, kind="timeout", stream="upstream", timeout=0), 2, SESSION + 5
    ),
    "guest joins": Fault(guest_joins, 8, 14),
    "broker killed": Fault(broker_killed, 0, 1),
    "broker away": Fault(broker_killed, 4, 8),
    "broker frozen": Fault(broker_frozen, 2, 8),
    "Kafka cut off": Fault(lambda newsroom, _: cut(*newsroom.ways_to_kafka), 1, 8),
    "Kafka slow": Fault(kafka_marred("latency", latency=1500, jitter=500), 2, 6),
    "Kafka resets": Fault(kafka_marred("reset_peer", timeout=0), 0.5, 3),
    "S3 killed": Fault(s3_killed, 0, 4),
    "S3 hangs": Fault(s3_frozen, 1, 7),
    "S3 cut off": Fault(lambda _, worker: cut(worker.s3), 1, 8),
    "S3 resets": Fault(s3_marred("reset_peer", timeout=0), 1, 3),
    "S3 loses replies": Fault(s3_marred("limit_data", bytes=0), 1, 3),
    "S3 hears nothing": Fault(s3_marred("timeout", "upstream", timeout=0), 1, 7),
    "S3 slow": Fault(s3_marred("latency", latency=500, jitter=400), 2, 6),
    "S3 says 500": Fault(s3_answers(500, "InternalError"), 2, 6),
    "S3 says 503": Fault(s3_answers(503, "SlowDown"), 2, 6),
    "S3 says 403": Fault(s3_answers(403, "AccessDenied"), 1, 3),
    "S3 says 404": Fault(s3_answers(404, "NoSuchKey"), 2, 6),
    "S3 says 409": Fault(s3_answers(409, "ConditionalRequestConflict"), 2, 6),
    "S3 says 412": Fault(s3_answers(412, "PreconditionFailed"), 2, 6),
    "log has random bytes": Fault(spoiled(random_bytes), 1, 4),
    "log has half events": Fault(spoiled(cut_short), 1, 4),
    "log has wrong keys": Fault(spoiled(by_another_key), 1, 4),
}
