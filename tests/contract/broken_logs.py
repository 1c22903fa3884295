"""Logs that are broken on purpose, each in one way; for each what it replaces and the checks that must notice."""

from collections.abc import Mapping, Sequence

from wireroom.log import Commit, Message, Partition, Position, Record
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
    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        return [each._replace(offset=each.offset * 2) for each in super().read(partition, offset, limit)]


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
    def renew(self) -> Mapping[Partition, Commit]:
        self.owned = {each: self.group.commits.get(each, Commit(0)) for each in self.partitions}
        self.group.owners.update(dict.fromkeys(self.partitions, self))
        return self.owned


class LetsItsLeaseRunOut(Seat):
    def renew(self) -> Mapping[Partition, Commit]:
        until = self.until
        owned = super().renew()
        self.until = until
        return owned


class HidesALoss(Seat):
    def renew(self) -> Mapping[Partition, Commit]:
        super().renew()
        return super().renew()


BROKEN: list[tuple[str, type, set[str]]] = [
    ("MemoryLog", LosesTheLastOfABatch, {"offsets_are_dense_and_in_order", "threads_append_side_by_side"}),
    ("MemoryLog", GivesOffsetsTwice, {"offsets_are_dense_and_in_order", "threads_append_side_by_side"}),
    ("MemoryLog", LeavesGaps, {"offsets_are_dense_and_in_order", "reading_is_bounded"}),
    ("MemoryLog", DeliversOutOfOrder, {"a_member_gets_everything_once_in_order"}),
    ("MemoryLog", DropsHeaders, {"records_come_back_whole"}),
    ("MemoryLog", MixesTopics, {"topics_are_apart"}),
    ("Seat", CommitsUnfenced, {"a_zombie_is_fenced", "a_stranger_commits_nothing"}),
    ("Seat", ForgetsCommits, {"a_group_starts_where_it_committed"}),
    ("Seat", CommitsByHalves, {"a_commit_is_whole_or_nothing"}),
    ("Seat", NeverYields, {"a_member_that_leaves_is_replaced_at_once"}),
    ("Seat", TakesWhatOthersOwn, {"nothing_has_two_owners"}),
    ("Seat", LetsItsLeaseRunOut, {"polls_keep_the_lease"}),
    ("Seat", HidesALoss, {"a_loss_shows_before_what_was_lost_comes_back"}),
]
