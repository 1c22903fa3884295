"""To which partitions the events of an edition belong, and how `applied` names them."""

from wireroom.config import Settings
from wireroom.errors import Red
from wireroom.log import ARTICLES, BACKFILL, Log, Partition
from wireroom.sink import Definition


class Sources:
    """A source is `topic id/partition number`: a topic that is made anew is another source."""

    def __init__(self, log: Log, settings: Settings) -> None:
        self._log = log
        self._shards = settings.shards
        self._ids = {log.topic_id(topic): topic for topic in (ARTICLES, BACKFILL)}

    def name(self, partition: Partition) -> str:
        """A partition as `applied` names it."""
        return f"{self._log.topic_id(partition.topic)}/{partition.number}"

    def everywhere(self) -> dict[str, Partition]:
        """Every partition, by source: an event may lie in any, by another key or from before there were so many."""
        partitions = [each for topic in self._ids.values() for each in self._log.partitions(topic)]
        return {self.name(partition): partition for partition in partitions}

    def of(self, definition: Definition) -> dict[str, Partition]:
        """Every partition that the events of an edition belong to, by source."""
        partitions = {p for publication in definition.sources for p in self.of_publication(publication)}
        return {self.name(partition): partition for partition in sorted(partitions)}

    def of_publication(self, publication: str) -> set[Partition]:
        """Every partition that a publication's events belong to."""
        shards = self._shards.get(publication, 1)
        keys = [publication] if shards == 1 else [f"{publication}/{k}" for k in range(shards)]
        return {self._log.partition_of(topic, key) for topic in self._ids.values() for key in keys}

    def check(self, key: str, source: str, offset: int) -> None:
        """Raises Red when `offset` of `source`, which `key` contains, cannot be in this log."""
        topic, _, number = source.rpartition("/")
        if topic not in self._ids:
            raise Red(
                f"the log was replaced: {key} was made from another one",
                "bring back the log that belongs to this store, or empty the store's editions/",
            )
        self.checked_end(Partition(self._ids[topic], int(number)), offset)

    def checked_end(self, partition: Partition, offset: int) -> int:
        """Where the partition ends now. Raises Red when that is before `offset`."""
        if offset > (end := self._log.end(partition)):
            raise Red(
                f"the log lost data: offset {offset} of {partition.topic} was read before, but it ends at {end}",
                "restore the log, or empty the store's editions/ to rebuild everything from what is left",
            )
        return end
