"""Logs that are broken on purpose, each in one way; for each what it replaces and the checks that must notice."""

from collections.abc import Mapping, Sequence

from wireroom.log import ARTICLES, Assigned, Commit, Message, Partition, Position, Record
from wireroom.log.member import Member
from wireroom.log.memory import MemoryLog, Seat


class LosesTheLastOfABatch(MemoryLog):
    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        positions = super().append(topic, messages)
        if len(messages) > 1:
            self._records[positions[-1].partition].pop()
        return positions


class GivesOffsetsTwice(MemoryLog):
    def _append(self, partition: Partition, message: Message, now: int) -> Position:
        position = super()._append(partition, message, now)
        return position._replace(offset=position.offset // 2)


class LeavesGaps(MemoryLog):
    """Sound: between two records, and before the end, there is an offset that no record has."""

    def end(self, partition: Partition) -> int:
        found = super().end(partition)
        return found + 1 if found else 0


class StopsAtAGap(LeavesGaps):
    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        found = super().read(partition, offset, limit)
        return found if found and found[0].offset == offset else []


class ReadsByCount(LeavesGaps):
    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        return self._records[partition][offset : offset + limit]


class DeliversOutOfOrder(MemoryLog):
    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        return sorted(super().read(partition, offset, limit), key=lambda record: record.value[::-1])


class DropsHeaders(MemoryLog):
    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        return super().append(topic, [message._replace(headers={}) for message in messages])


class MixesTopics(MemoryLog):
    def partition_of(self, topic: str, key: str) -> Partition:
        return super().partition_of("articles", key)


class CommitsUnfenced(Seat):
    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        self.group.commits.update(offsets)


class ForgetsCommits(Seat):
    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        super().commit(dict.fromkeys(offsets, Commit(0)))


class CommitsByHalves(Seat):
    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        for partition, commit in offsets.items():
            super().commit({partition: commit})


class NeverYields(Seat):
    def leave(self) -> None:
        self.owned = {}


class TakesWhatOthersOwn(Seat):
    def renew(self) -> Mapping[Partition, Assigned]:
        partitions = [each for topic in self.topics for each in self.log.partitions(topic)]
        self.owned = {each: Assigned(self.group.commits.get(each, Commit(0)), 1) for each in partitions}
        self.group.owners.update(dict.fromkeys(partitions, self))
        return self.owned


class LetsItsLeaseRunOut(Seat):
    def renew(self) -> Mapping[Partition, Assigned]:
        until = self.until
        owned = super().renew()
        self.until = until
        return owned


class KeepsItsTerm(Seat):
    def renew(self) -> Mapping[Partition, Assigned]:
        return {partition: assigned._replace(term=7) for partition, assigned in super().renew().items()}


class TakesAllAnew(Seat):
    def renew(self) -> Mapping[Partition, Assigned]:
        if len(self.group.seats) != getattr(self, "company", 1):
            self._give_up(list(self.owned))
        self.company = len(self.group.seats)
        return super().renew()


class SplitsTopics(Seat):
    """Each topic has its own owner."""

    def renew(self) -> Mapping[Partition, Assigned]:
        topics = self.topics
        if len(topics) > 1 and len(self.group.seats) > 1:
            at = self.group.seats.index(self)
            self.topics = [topic for topic in topics if (topic == ARTICLES) == (at == 0)]
        self._give_up([each for each in self.owned if each.topic not in self.topics])
        return super().renew()


class DeliversWhileItChanges(Member[Seat]):
    def poll(self, timeout: float, limit: int) -> Sequence[Record]:
        return super().poll(timeout, limit) or super().poll(0, limit)


class KnowsNoLag(Member[Seat]):
    def lag(self, partition: Partition) -> int:
        return 0


class CountsWhatWasRead(Member[Seat]):
    def lag(self, partition: Partition) -> int:
        return self._log.end(partition)


BROKEN: list[tuple[str, str, type, set[str]]] = [
    ("memory", "MemoryLog", LosesTheLastOfABatch, {"offsets_rise_in_order", "threads_append_side_by_side"}),
    ("memory", "MemoryLog", GivesOffsetsTwice, {"offsets_rise_in_order", "threads_append_side_by_side"}),
    ("memory", "MemoryLog", StopsAtAGap, {"reading_is_bounded", "reading_goes_on_to_the_end"}),
    ("memory", "MemoryLog", ReadsByCount, {"reading_is_bounded", "reading_goes_on_to_the_end"}),
    ("memory", "MemoryLog", DeliversOutOfOrder, {"a_member_gets_everything_once_in_order"}),
    ("memory", "MemoryLog", DropsHeaders, {"records_come_back_whole"}),
    ("memory", "MemoryLog", MixesTopics, {"topics_are_apart"}),
    ("memory", "Seat", CommitsUnfenced, {"a_zombie_is_fenced", "a_stranger_commits_nothing"}),
    ("memory", "Seat", ForgetsCommits, {"a_group_starts_where_it_committed"}),
    ("memory", "Seat", CommitsByHalves, {"a_commit_is_whole_or_nothing"}),
    ("memory", "Seat", NeverYields, {"a_member_that_leaves_is_replaced_at_once"}),
    ("memory", "Seat", TakesWhatOthersOwn, {"nothing_has_two_owners"}),
    ("memory", "Seat", LetsItsLeaseRunOut, {"polls_keep_the_lease"}),
    ("memory", "Seat", KeepsItsTerm, {"what_is_regained_has_another_term"}),
    ("memory", "Seat", TakesAllAnew, {"what_is_retained_goes_on"}),
    ("memory", "Seat", SplitsTopics, {"equal_numbers_have_one_owner"}),
    ("member", "Member", DeliversWhileItChanges, {"a_poll_in_which_partitions_come_does_not_wait"}),
    ("member", "Member", KnowsNoLag, {"lag_counts_what_waits"}),
    ("member", "Member", CountsWhatWasRead, {"lag_counts_what_waits"}),
]
