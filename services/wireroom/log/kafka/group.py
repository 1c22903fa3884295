"""A member of a consumer group, as kafka-python has it."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import uuid4

from wireroom.errors import Fenced, Red, RetryAfter
from wireroom.log.kafka.library import (
    REQUEST,
    AbstractPartitionAssignor,
    ClusterMetadata,
    Connection,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    ConsumerRebalanceListener,
    Damaged,
    Found,
    JoinGroupResponse,
    KafkaConsumer,
    OffsetAndMetadata,
    Place,
    RebalanceProtocol,
    TopicPartition,
    explained,
    failures,
    readable,
)
from wireroom.log.kafka.sharing import Claim, share
from wireroom.log.kafka.skips import Skips

SESSION = 30_000  # milliseconds without a heartbeat after which a member counts as gone
SILENCE = 5.0  # seconds without a broker to talk to after which a poll says so
HEARTBEAT = 1_000  # milliseconds between two: by them a member learns that it must join again


class Assignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Tells kafka-python what this member holds, and shares partitions out when it leads the group."""

    name = "wireroom-cooperative"

    def __init__(self) -> None:
        self._held: set[Place] = set()
        self._generation = -1

    def supported_protocols(self) -> list[RebalanceProtocol]:
        """What stays is never revoked."""
        return [RebalanceProtocol.COOPERATIVE]

    def metadata(self, topics: Collection[str]) -> ConsumerProtocolSubscription:
        """What this member asks for, and what it holds."""
        held = [
            ConsumerProtocolSubscription.TopicPartition(
                topic=topic, partitions=[n for t, n in self._held if t == topic]
            )
            for topic in sorted({topic for topic, _ in self._held})
        ]
        return ConsumerProtocolSubscription(
            version=2, topics=sorted(topics), user_data=b"", owned_partitions=held, generation_id=self._generation
        )

    def assign(
        self, cluster: ClusterMetadata, members: Sequence[JoinGroupResponse]
    ) -> dict[str, ConsumerProtocolAssignment]:
        """The shares of all members."""
        asking = {member.member_id: member.metadata for member in members}
        numbers = {
            topic: _numbers(cluster, topic, asking.values()) for each in asking.values() for topic in each.topics
        }
        claims = {member: _claim(metadata) for member, metadata in asking.items()}
        shares = share(claims, frozenset().union(*numbers.values()))
        return {
            member: ConsumerProtocolAssignment(
                1, [(topic, [n for n in shares[member] if n in numbers[topic]]) for topic in metadata.topics], b""
            )
            for member, metadata in asking.items()
        }

    def on_assignment(self, assignment: ConsumerProtocolAssignment, generation: int) -> None:
        """What this member holds from now on."""
        self._held = {(topic, number) for topic, numbers in assignment.assigned_partitions for number in numbers}
        self._generation = generation

    def lose(self) -> None:
        """This member was thrown out: it holds nothing."""
        self._held = set()


def _numbers(cluster: ClusterMetadata, topic: str, asking: Iterable[ConsumerProtocolSubscription]) -> set[int]:
    """The partitions of a topic; while this member has not yet heard of it, those that others hold."""
    owned = (each for metadata in asking for each in metadata.owned_partitions or () if each.topic == topic)
    return cluster.partitions_for_topic(topic) or {number for each in owned for number in each.partitions}


def _claim(metadata: ConsumerProtocolSubscription) -> Claim:
    owned = metadata.owned_partitions or ()
    return Claim(frozenset(number for each in owned for number in each.partitions), metadata.generation_id)


class Terms(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions that a member owns, with another number each time that one is gained.

    kafka-python calls it inside a poll, on the thread of its heartbeats: it only notes what happens. What is gained is
    not fetched before its position is known.
    """

    def __init__(self, consumer: KafkaConsumer, assignor: Assignor) -> None:
        self.of: dict[Place, int] = {}
        self._consumer = consumer
        self._assignor = assignor

    def renew(self) -> None:
        """All are gained anew: for a moment this was no member."""
        self.of = {partition: uuid4().int for partition in self.of}

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """See kafka-python."""
        for partition in assigned:
            self.of[tuple(partition)] = uuid4().int
            self._consumer.pause(partition)
            self._consumer.seek(partition, 0)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """See kafka-python."""
        for partition in revoked:
            self.of.pop(tuple(partition), None)

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        """See kafka-python."""
        self.on_partitions_revoked(lost)
        self._assignor.lose()


class GroupClient:
    """A member of a consumer group. One thread owns it. Partitions are (name of the topic, number)."""

    def __init__(self, connection: Connection, group: str, topics: Sequence[str], skips: Skips) -> None:
        self._skips = skips
        assignor = Assignor()
        self._consumer = connection.consumer(
            group_id=group,
            partition_assignment_strategy=[assignor],
            session_timeout_ms=SESSION,
            heartbeat_interval_ms=HEARTBEAT,
        )
        self._terms = Terms(self._consumer, assignor)
        self._member = ""
        self._dead: Red | None = None
        self._broken: Exception | None = None
        self._answered_at = self._settled_at = time.monotonic()
        self._consumer.subscribe(topics=list(topics), listener=self._terms)

    @property
    def terms(self) -> Mapping[Place, int]:
        """What is owned as of the last poll."""
        return self._terms.of

    @property
    def joining(self) -> bool:
        """Whether it must join (again), or is about to. kafka-python has no public way to ask.

        A leader that joins because partitions were added forgets that it joins when a poll ends before the join does:
        it would never send a heartbeat again, nor join. So it is told again.
        """
        coordinator = self._consumer._coordinator
        if coordinator.rebalance_in_progress() and not coordinator.need_rejoin():
            coordinator.request_rejoin()
        joining: bool = coordinator.need_rejoin()
        return joining

    def poll(self, timeout: float, limit: int) -> dict[Place, list[Found]]:
        """Records of partitions that are not paused. Raises Red, then and ever after, when one cannot be read.

        Raises RetryAfter while the brokers are away, Fenced when another membership must be tried.
        """
        if self._dead:
            raise self._dead
        try:
            with explained("nothing can be read"), readable():
                found = self._fetched(timeout, limit)
        except Red as red:
            if isinstance(red, Damaged) and self._pass_over():
                return {}
            self._dead = red  # another poll of a consumer whose batch broke never returns, unless it is moved
            raise
        if not found:  # what was found is not delivered again
            self._check_answered()
            self._check_joined()
        member = self._consumer.group_metadata().member_id
        if self._member not in ("", member):
            self._terms.renew()
        self._member = member
        return {tuple(partition): records for partition, records in found.items()}

    def _fetched(self, timeout: float, limit: int) -> Mapping[TopicPartition, list[Found]]:
        """What comes. What broke behind records that were sound is raised next time.

        kafka-python does so too, but forgets it when the partition is paused meanwhile. There is no public way to ask.
        """
        broken, self._broken = self._broken, None
        if broken:
            raise broken
        found: Mapping[TopicPartition, list[Found]] = self._consumer.poll(round(timeout * 1000), limit)
        if pending := self._consumer._fetcher._next_in_line_exception_metadata:
            self._broken = pending.exception
        return found

    def _pass_over(self) -> bool:
        """Move behind the damage, where a person gave it up; whether there was such."""
        owned = {tuple(each): each for each in self._consumer.assignment()}
        beyond = self._skips.beyond({place: self._consumer.position(each) for place, each in owned.items()})
        for place, offset in beyond.items():
            self._consumer.seek(owned[place], offset)
        return bool(beyond)

    def _check_answered(self) -> None:
        """Raises RetryAfter when no broker has spoken for the group for a while; kafka-python tries on, silently."""
        if not self._consumer._coordinator.coordinator_unknown():
            self._answered_at = time.monotonic()
        elif time.monotonic() - self._answered_at > SILENCE:
            raise RetryAfter("the brokers do not answer", SILENCE)

    def _check_joined(self) -> None:
        """Raises Fenced when a join lasts too long: its answer may be lost, kafka-python waits five minutes for it."""
        coordinator, now = self._consumer._coordinator, time.monotonic()
        if coordinator.coordinator_unknown() or not coordinator.rebalance_in_progress():
            self._settled_at = now
        elif now - self._settled_at > SESSION / 1000:
            raise Fenced("the group does not answer")

    def topic_id(self, topic: str) -> str:
        """The id of a topic as of the last answer of a broker; empty when none told. There is no public way to ask."""
        return str(self._consumer._cluster.topic_id(topic) or "")

    def seek(self, partition: Place, offset: int) -> None:
        """Read an owned partition from there."""
        self._consumer.seek(TopicPartition(*partition), offset)

    def pause(self, partitions: Collection[Place]) -> None:
        """Deliver nothing of exactly these, of those that are owned."""
        owned = self._consumer.assignment()
        paused = {TopicPartition(*each) for each in partitions} & owned
        self._consumer.pause(*(paused - self._consumer.paused()))
        self._consumer.resume(*(self._consumer.paused() - paused))

    def end(self, partition: Place) -> int:
        """Where an owned partition ended when it was last fetched; 0 before that."""
        end: int | None = self._consumer.highwater(TopicPartition(*partition))
        return end or 0

    def commit(self, commits: Mapping[Place, tuple[int, str]]) -> None:
        """Commit offsets with metadata. Raises Fenced when this is no member any more, RetryAfter."""
        offsets = {TopicPartition(*each): OffsetAndMetadata(*commit, -1) for each, commit in commits.items()}
        with explained("the offsets cannot be committed"):
            try:
                self._consumer.commit(offsets, timeout_ms=REQUEST)
            except failures.CommitFailedError as error:
                if _rebalancing(error):
                    raise RetryAfter("the group is rebalancing", 0.1) from error
                raise Fenced("this worker is no member of its group any more") from error
            except failures.RebalanceInProgressError as error:
                raise RetryAfter("the group is rebalancing", 0.1) from error

    def close(self) -> None:
        """Leave the group, unless the brokers are away."""
        with explained("the group cannot be left"):
            self._consumer.close(autocommit=False, timeout_ms=REQUEST)


def _rebalancing(error: Exception) -> bool:
    return any(isinstance(cause, failures.RebalanceInProgressError) for cause in error.args)
