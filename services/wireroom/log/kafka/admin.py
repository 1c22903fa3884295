"""What the brokers tell of topics and groups, and topics made by them."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from wireroom.errors import Red
from wireroom.log.kafka.library import (
    REQUEST,
    ConfigResource,
    Connection,
    OffsetSpec,
    Place,
    TopicPartition,
    explained,
    failures,
)

MISSING = failures.UnknownTopicOrPartitionError.errno
REFUSED = failures.TopicAuthorizationFailedError.errno
GROUP_REFUSED = failures.GroupAuthorizationFailedError.__name__
PASSING = (failures.RetriableError, failures.InvalidReplicationFactorError)  # the latter while brokers register
Answer = TypeVar("Answer")


class Broker(NamedTuple):
    """`is_fenced`: it is known, and does not answer."""

    number: int
    is_fenced: bool


class Group(NamedTuple):
    """`allowed`: what this user may do with it, in Kafka's words; None when there is no group yet."""

    state: str
    members: int
    allowed: frozenset[str] | None


class Described:
    """A topic as the brokers tell it. `allowed`: what this user may do with it, in Kafka's words."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.id = str(told["topic_id"])
        self.partitions = len(told["partitions"])
        self.allowed = frozenset(told.get("authorized_operations") or ())
        self.replicas = min((len(each["replica_nodes"]) for each in told["partitions"]), default=0)


class Admin:
    """Asks the brokers about topics and groups, and makes topics. Safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._admin = connection.admin()
        self.close = self._admin.close

    def topics(self, names: Sequence[str]) -> dict[str, Described]:
        """What is there of these topics. Raises Red for one that we may not see."""
        found = asked(lambda: _told(self._admin.describe_topics(list(names))), "the topics are not known")
        return {each["name"]: Described(each) for each in found}

    def brokers(self) -> list[Broker]:
        """All that belong to the cluster."""
        return asked(self._registered, "the brokers are not known")

    def _registered(self) -> list[Broker]:
        found = self._admin.describe_cluster()["brokers"]
        if not found:
            raise failures.NodeNotReadyError("no broker has registered yet")  # one answers before it does
        return [Broker(each["broker_id"], each.get("is_fenced", False)) for each in found]

    def version(self, broker: int) -> tuple[int, ...]:
        """Of Kafka on one broker, as far as it can be told from what it speaks."""
        data = asked(lambda: self._admin.get_broker_version_data(broker), f"broker {broker} does not answer")
        version: tuple[int, ...] = data.broker_version
        return version

    def ends(self, places: Collection[Place], earliest: bool = False) -> dict[Place, int]:
        """The first offset of each partition, or the one that its next record will get."""
        spec = OffsetSpec.EARLIEST if earliest else OffsetSpec.LATEST
        question = {TopicPartition(*place): spec for place in places}
        found = asked(lambda: self._admin.list_partition_offsets(question), "the end of the log is not known")
        return {tuple(partition): answer.offset for partition, answer in found.items()}

    def group(self, name: str) -> Group:
        """A group, its members, and what we may do with it. Raises Red when we may not see it."""
        found = asked(lambda: self._admin.describe_groups([name]), f"the group {name} is not known")[name]
        if GROUP_REFUSED in (found["error"] or ""):
            raise refused("Read", f"group {name}", "its workers need it")
        allowed = found["authorized_operations"]
        return Group(found["group_state"], len(found["members"]), None if allowed is None else frozenset(allowed))

    def committed(self, group: str, places: Collection[Place]) -> dict[Place, tuple[int, str]]:
        """What a group has committed: offset and metadata of each partition that it has committed."""
        question = {group: [TopicPartition(*place) for place in places]}
        found = asked(lambda: self._admin.list_group_offsets(question), f"the offsets of {group} are not known")
        offsets = found.get(group, {}).items()
        return {tuple(partition): (each.offset, each.metadata) for partition, each in offsets if each.offset >= 0}

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """Every setting of each topic, defaults included. Raises Red when we may not see them."""
        question = [ConfigResource("TOPIC", topic) for topic in topics]
        doing = "the settings of the topics are not known"
        found = asked(lambda: self._admin.describe_configs(question, config_filter="all"), doing)
        settings = {name: {key: each["value"] for key, each in found["topic"][name].items()} for name in topics}
        for name, values in settings.items():
            if not values:  # kafka-python drops the error that came in their place
                raise refused("DescribeConfigs", f"topic {name}", "workers need it")
        return settings

    def create(self, topic: str, partitions: int, replicas: int, settings: Mapping[str, str]) -> None:
        """Make a topic, unless it is there by now."""
        new = {topic: {"num_partitions": partitions, "replication_factor": replicas, "configs": dict(settings)}}

        def make() -> None:
            with suppress(failures.TopicAlreadyExistsError):  # the answer to our first request may have been lost
                self._admin.create_topics(new)
            self._admin.wait_for_topics([topic])

        asked(make, f"{topic} cannot be made")

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions, unless it has them by now."""

        def make() -> None:
            try:
                self._admin.create_partitions({topic: partitions})
            except failures.InvalidPartitionsError:  # the answer to our first request may have been lost
                if self.topics([topic])[topic].partitions != partitions:
                    raise

        asked(make, f"{topic} cannot grow")

    def change(self, topic: str, settings: Mapping[str, str]) -> None:
        """Change settings of a topic; all others stay."""
        change = [ConfigResource("TOPIC", topic, dict(settings))]
        asked(lambda: self._admin.alter_configs(change), f"the settings of {topic} cannot be changed")


def _told(topics: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The topics that are there; kafka-python leaves it to us to look at the error of each."""
    there = [each for each in topics if each["error_code"] != MISSING]
    for each in there:
        if each["error_code"] == REFUSED:
            raise refused(
                "Describe", f"topic {each['name']}", "Read, for workers, and Write, for publishers, include it"
            )
        if each["error_code"]:
            raise failures.for_code(each["error_code"])(each["name"])
    return there


def refused(operation: str, resource: str, why: str) -> Red:
    """The brokers do not let this user do something."""
    return Red(f"Kafka refuses us {operation} on the {resource}", f"grant {operation} on the {resource}: {why}")


def asked(question: Callable[[], Answer], doing: str) -> Answer:
    """The answer to an administrative question; asked again for a while when the brokers are electing or starting."""
    deadline = time.monotonic() + REQUEST / 1000
    while True:
        with explained(doing):
            try:
                return question()
            except PASSING:
                if time.monotonic() > deadline:
                    raise
        time.sleep(0.1)
