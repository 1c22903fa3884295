"""kafka-python, fenced in: the only module that imports it; the others of this folder take its names from here.

Its known traps, and why they do not bite here, are listed in ARCHITECTURE.md. Each client has a thread of its own that
talks to the brokers; none is made before it is used, so that a process may fork first.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar
from weakref import WeakSet

import crc32c  # noqa: F401  # without it kafka-python checks records in Python, 1,500 times slower, and says nothing
import lz4.frame  # noqa: F401  # without it the first compressed batch kills the consumer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as failures
from kafka.admin import ConfigResource, KafkaAdminClient, OffsetSpec
from kafka.cluster import ClusterMetadata
from kafka.codec import has_gzip, has_lz4, has_snappy, has_zstd
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
from kafka.future import Future
from kafka.net.compat import KafkaNetClient
from kafka.net.connection import KafkaConnection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol.consumer.group import JoinGroupResponse
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from kafka.structs import OffsetAndMetadata

from wireroom.errors import Fault, Red, Reject, RetryAfter
from wireroom.log.kafka.refusals import refusal

__all__ = [
    "AbstractPartitionAssignor",
    "ClusterMetadata",
    "ConfigResource",
    "ConsumerProtocolAssignment",
    "ConsumerProtocolSubscription",
    "ConsumerRebalanceListener",
    "Future",
    "JoinGroupResponse",
    "KafkaConsumer",
    "OffsetAndMetadata",
    "OffsetSpec",
    "RebalanceProtocol",
    "TopicPartition",
    "failures",
]

logging.getLogger("kafka").addHandler(logging.NullHandler())  # what goes wrong is raised, in our words

BOOTSTRAP = 4_000  # milliseconds to find a broker
REQUEST = 5_000  # milliseconds to wait for an answer
DELIVERY = 10_000  # milliseconds after which a record that no broker took fails
FETCH = 4 * 1024 * 1024  # bytes of one fetch: large enough when far behind, small enough for many workers on a machine
BATCH = 512 * 1024  # bytes; there is no lingering: while one is on its way the next one fills

_MOST_AROUND = 100  # bytes of lengths, numbers and times around a record, or a header of it

SOUND = (
    "let the brokers copy the partition from a sound replica, or go on without: wireroom skip TOPIC/PARTITION OFFSET;"
    " see docs/kafka.md, Damage"
)
RESTORE = "restore the topic, or set the group's offset to what is left; see docs/kafka.md, Damage"

INTERRUPTED = "Kafka is waited for no longer, because this process is ending"
SEEN = 8  # failures that are remembered: the last one may only say that there was no time left
UNWANTED = (failures.SaslAuthenticationFailedError, failures.UnsupportedSaslMechanismError)  # how we log in

Place = tuple[str, int]  # a partition as the brokers call it
Client = TypeVar("Client")


class Damaged(Red):
    """A batch that cannot be read, wherever in it one begins."""


class Found(Protocol):
    """A record as kafka-python delivers it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # the library has no types
    """Gives kafka-python the token of OAUTHBEARER, on the thread that talks to the brokers."""

    def __init__(self, current: Callable[[], str]) -> None:
        self._current = current

    def token(self) -> str:
        """The one that is good now."""
        return self._current()


class Manager(KafkaConnectionManager):  # type: ignore[misc]
    """Remembers why connections failed: kafka-python logs it, and raises that no broker was found.

    Where somebody answers and hangs up, as a load balancer without brokers does, kafka-python would count that as a
    connection, and make the next one at once, hundreds a second.
    """

    def __init__(self, net: NetworkSelector, **config: object) -> None:
        super().__init__(net, **config)
        self.failures: deque[BaseException] = deque(maxlen=SEEN)

    async def _connect(self, node: object, conn: KafkaConnection, **options: object) -> None:
        for future in (conn.init_future, conn.close_future):
            future.add_errback(self._remember)
        lasting = options.pop("reset_backoff_on_connect", True)
        await super()._connect(node, conn, reset_backoff_on_connect=False, **options)
        if not conn.connected:
            self.update_backoff(conn.node_id)
        elif lasting:
            self.reset_backoff(conn.node_id)

    def _remember(self, failure: BaseException) -> None:
        self.failures.appendleft(failure)

    async def _build_transport(self, *node: object, **options: object) -> KafkaTCPTransport:
        transport = await super()._build_transport(*node, **options)
        transport._sock_recv = partial(_answer_first, transport._sock_recv)
        return transport


class Network(NetworkSelector):  # type: ignore[misc]
    """The thread of a client that talks to brokers, for which other threads wait: they can be sent away."""

    def __init__(self, **config: object) -> None:
        super().__init__(**config)
        self._refusal: RetryAfter | None = None

    def run(self, coro: object, *args: object) -> object:
        """See kafka-python."""
        if self._refusal:
            raise self._refusal
        return super().run(coro, *args)

    def interrupt(self) -> None:
        """Whoever waits gets RetryAfter, now and from here on. kafka-python has no public way."""
        self._refusal = RetryAfter(INTERRUPTED)
        self._fail_pending_waiters(self._refusal)


def _answer_first(receive: Callable[[], tuple[bytes, Exception | None]]) -> tuple[bytes, Exception | None]:
    """What a broker says before it hangs up: kafka-python drops it, and with it why a password was refused."""
    data, failure = receive()
    return data, None if data else failure


class Producer(KafkaProducer):  # type: ignore[misc]
    """Takes a bound for the size of a record: to find the exact one takes as long as to write it."""

    def _estimate_size_in_bytes(
        self, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] | None = None
    ) -> int:
        given = headers or ()
        content = sum([len(name) + len(told) for name, told in given])
        return len(key) + len(value) + content + _MOST_AROUND * (1 + len(given))


class Connection:
    """How the brokers are reached. Makes clients; each must be closed."""

    def __init__(
        self, brokers: Sequence[str], security: Mapping[str, object], token: Callable[[], str] | None = None
    ) -> None:
        self._networks: WeakSet[Network] = WeakSet()
        self._interrupted = False
        self._options: dict[str, object] = {
            "sasl_oauth_token_provider": Tokens(token) if token else None,
            "bootstrap_servers": list(brokers),
            "client_id": "wireroom",
            "bootstrap_timeout_ms": BOOTSTRAP,
            "request_timeout_ms": REQUEST,
            "reconnect_backoff_max_ms": 1_000,
            **security,
        }

    def producer(self) -> Producer:
        """One that waits for all replicas and never writes a record twice by itself."""
        return self._make(
            Producer,
            metrics_enabled=False,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            batch_size=BATCH,
            delivery_timeout_ms=DELIVERY,
            max_block_ms=BOOTSTRAP,
            allow_auto_create_topics=False,
        )

    def consumer(self, **options: object) -> KafkaConsumer:
        """A `KafkaConsumer` that never resets a position and commits nothing by itself."""
        return self._make(
            KafkaConsumer,
            metrics_enabled=False,
            auto_offset_reset="none",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            fetch_max_bytes=FETCH,
            **options,
        )

    def admin(self) -> KafkaAdminClient:
        """A `KafkaAdminClient`."""
        return self._make(KafkaAdminClient)

    def interrupt(self) -> None:
        """Whoever waits for an answer, or for a new client, gets RetryAfter, now and from here on."""
        self._interrupted = True
        for net in list(self._networks):
            net.interrupt()

    def _make(self, kind: Callable[..., Client], **options: object) -> Client:
        if self._interrupted:
            raise RetryAfter(INTERRUPTED)
        clients: list[KafkaNetClient] = []
        managers: list[Manager] = []

        def client(**config: object) -> KafkaNetClient:
            net = Network(**config)
            self._networks.add(net)
            managers.append(Manager(net, **config))
            clients.append(KafkaNetClient(net, managers[-1]))
            return clients[-1]

        doing = "the brokers cannot be reached"
        with explained(doing):
            try:
                return kind(kafka_client=client, **self._options, **options)
            except BaseException as error:
                for each in clients:  # a client that found no broker leaves its thread behind
                    each.close()
                if not isinstance(error, failures.KafkaTimeoutError):
                    raise
                why = [failure for each in managers for failure in each.failures]
                raise next((each for each in why if isinstance(each, UNWANTED)), refusal(doing, why)) from error


def codecs() -> Mapping[str, bool]:
    """Those that other producers may use, and whether their batches can be unpacked here."""
    return {"gzip": has_gzip(), "lz4": has_lz4(), "snappy": has_snappy(), "zstd": has_zstd()}


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """What kafka-python raises, in our words: RetryAfter for what can pass, Red for what a person must mend."""
    try:
        yield
    except failures.MessageSizeTooLargeError as error:
        raise Reject("too-large", [Fault("value", str(error), "less than the topic's max.message.bytes")]) from error
    except (failures.AuthorizationError, failures.SaslAuthenticationFailedError) as error:
        raise Red(f"Kafka refuses us: {doing}: {error!r}", "mend `log.security`, or grant what is missing") from error
    except failures.UnsupportedSaslMechanismError as error:
        raise Red(f"{doing}: the broker has another way to log in", "mend `log.security.mechanism`") from error
    except (failures.KafkaConfigurationError, failures.UnsupportedVersionError) as error:
        raise Red(f"{doing}: {error}", "mend `log`, or use brokers of Kafka 3.0 or later") from error
    except (failures.KafkaError, OSError) as error:
        raise RetryAfter(f"{doing}: {error!r}") from error


@contextmanager
def readable() -> Iterator[None]:
    """A batch that cannot be read, and a position that is not in the log, are for a person to look at."""
    try:
        yield
    except (failures.CorruptRecordError, UnicodeDecodeError) as error:
        raise Damaged(f"a batch of the log is damaged: {error}", SOUND) from error
    except failures.UnsupportedCodecError as error:
        raise Red(f"a batch of the log cannot be unpacked: {error}", "install its codec beside wireroom") from error
    except (failures.OffsetOutOfRangeError, failures.NoOffsetForPartitionError, failures.LogTruncationError) as error:
        raise Red(f"the log lost records: {error!r}", RESTORE) from error
