"""Which partitions and editions this worker has: loaded, claimed and verified when a partition comes."""

from collections.abc import Callable, Collection

from wireroom.config import Settings
from wireroom.log import BACKFILL, Commit, Consumer, Log, Partition
from wireroom.sink import Definition, Sink
from wireroom.worker.edition_json import edition_key
from wireroom.worker.live import Behind, LiveEdition, Outside
from wireroom.worker.owned import Owned, read_roster
from wireroom.worker.publications import Publications
from wireroom.worker.sources import Sources


class Assignment:
    """The partitions owned and the editions they feed. `behind`: what the second reader must bring up.

    `refills` are fed all the while; they show fewer articles than they could. `shared`: other members feed them too.
    """

    def __init__(
        self,
        sink: Sink,
        log: Log,
        settings: Settings,
        publications: Publications,
        outside: Outside,
        fence: Callable[[], None],
    ) -> None:
        self.owned: dict[Partition, Owned] = {}
        self.editions: dict[str, LiveEdition] = {}
        self.behind: set[str] = set()
        self.refills: set[str] = set()
        self.shared: set[str] = set()
        self._lost = False  # a partition went since the last update; it may have come back, with another's work in it
        self._sink = sink
        self.sources = Sources(log, settings)
        self._discover = settings.discover
        self._publications = publications
        self._outside = outside
        self._fence = fence

    # ---- partitions come and go --------------------------------------------------------------------------------

    def update(self, consumer: Consumer) -> bool:
        """Follow the consumer's assignment; whether anything came or went. What was lost is forgotten whole."""
        self.watch(consumer)
        assigned = consumer.assignment()
        if assigned.keys() == self.owned.keys() and not self._lost:
            return False
        if self._lost:
            self.forget()
        new = [self._take(partition, assigned[partition]) for partition in sorted(assigned.keys() - self.owned.keys())]
        self.owned.update({owned.partition: owned for owned in new})
        try:
            self._load(new)
        except BaseException:
            self.forget()  # the next step begins anew
            raise
        for owned in self.owned.values():
            consumer.seek(owned.partition, owned.position)
        return True

    def watch(self, consumer: Consumer) -> None:
        """Notice what was lost, after every poll: the next one may bring it back."""
        self._lost = self._lost or bool(self.owned.keys() - consumer.assignment().keys())

    def forget(self) -> None:
        """Trust nothing in memory any more."""
        self._lost = False
        for part in (self.owned, self.editions, self.behind, self.refills, self.shared):
            part.clear()
        self._outside.documents.forget()

    def _take(self, partition: Partition, committed: Commit) -> Owned:
        owned = Owned(partition, self.sources.name(partition), committed.offset, committed)
        self.sources.check_end(partition, committed.offset)
        read_roster(self._outside.store, self._sink.name, owned)
        if owned.untouched and self._discover:
            owned.met = set()
        return owned

    def _load(self, new: Collection[Owned]) -> None:
        self._publications.load()
        for publication in list(self._publications):
            for definition in self._sink.definitions(publication):
                key = self.key(definition)
                if key not in self.editions or any(self._feeds(owned, definition) for owned in new):
                    self.enter(definition)
        for owned in new:
            for key in owned.live.keys() - self.editions.keys():
                owned.leave(key)  # another configuration's: it is not fed from here on

    @property
    def archive(self) -> set[str]:
        """The sources that are partitions of the backfill."""
        return {owned.source for owned in self.owned.values() if owned.partition.topic == BACKFILL}

    # ---- editions ----------------------------------------------------------------------------------------------

    def key(self, definition: Definition) -> str:
        """Where the edition lies."""
        return edition_key(self._sink.name, definition.publication, definition.name)

    def _feeds(self, owned: Owned, definition: Definition) -> bool:
        return owned.source in self.sources.of(definition)

    def live(self, definition: Definition, owned: Owned) -> LiveEdition | None:
        """The edition, if the first reader feeds it from this partition; None while it is behind."""
        key = self.key(definition)
        if key not in self.editions:
            self.enter(definition)
        live = self.editions[key]
        if key in self.behind:
            return None
        if owned.live.get(key) != live.draft.epoch:  # an event came by another partition than its key says
            self.fall_behind(live)
            return None
        return live

    def enter(self, definition: Definition) -> None:
        """Load an edition: is it live or behind? A live one is claimed, and its documents are verified."""
        if not any(self._feeds(owned, definition) for owned in self.owned.values()):
            return
        live = LiveEdition(definition, self._outside)
        live.load()
        for source, offset in (live.base.applied if live.base else {}).items():
            self.sources.check(live.key, source, offset)
        self.editions[live.key] = live
        alone = len(self._owners(definition)) == len(self.sources.of(definition))
        (self.shared.discard if alone else self.shared.add)(live.key)
        try:
            self._start(live)
        except BaseException:
            del self.editions[live.key]  # not loaded: the next event tries again
            raise

    def _start(self, live: LiveEdition) -> None:
        definition = live.definition
        if live.base is None and self._complete(definition):
            self._fence()
            live.create({owned.source: owned.position for owned in self._owners(definition)})
        elif live.base is None or not self._continues(live):
            self.fall_behind(live)
            return
        self.publish(live, claim=True)

    def _owners(self, definition: Definition) -> list[Owned]:
        return [owned for owned in self.owned.values() if self._feeds(owned, definition)]

    def _complete(self, definition: Definition) -> bool:
        """Whether nothing of it was read past: every partition that feeds it is ours, and none was yet."""
        owners = self._owners(definition)
        return len(owners) == len(self.sources.of(definition)) and all(
            owned.complete_without(publication) for owned in owners for publication in definition.sources
        )

    def _continues(self, live: LiveEdition) -> bool:
        base, owners = live.base, self._owners(live.definition)
        if base is None or base.definition != live.definition.digest:
            return False
        return all(o.source in base.applied and o.live.get(live.key) == base.epoch for o in owners)

    def fall_behind(self, live: LiveEdition) -> None:
        """Leave the edition to the second reader."""
        self.behind.add(live.key)
        self.refills.discard(live.key)
        live.abandon()
        for owned in self.owned.values():
            owned.leave(live.key)

    def publish(self, live: LiveEdition, claim: bool = False) -> None:
        """Publish an edition; it is live from then on, or falls behind when another epoch lies in the store."""
        owners = self._owners(live.definition)
        upto = {owned.source: owned.position for owned in owners}
        if live.key in self.shared:
            self._outside.remember()  # before: who meets this state must know what was seen
        try:
            live.publish(upto, claim=self._outside.member if claim else None)
        except Behind:
            self.fall_behind(live)
            return
        self.behind.discard(live.key)
        for owned in owners:
            owned.join(live.key, live.draft.epoch)
        if live.needs_refill:
            self.refills.add(live.key)
