"""Which partitions and editions this worker has: loaded, claimed and verified when a partition comes."""

from collections.abc import Callable, Collection

from wireroom.config import Settings
from wireroom.log import BACKFILL, Assigned, Consumer, Log, Partition
from wireroom.sink import Definition, Sink
from wireroom.worker.archived import edition
from wireroom.worker.edition_json import edition_key
from wireroom.worker.live import Behind, LiveEdition, Outside
from wireroom.worker.owned import Owned, read_roster
from wireroom.worker.publications import Publications
from wireroom.worker.sources import Sources

LOADS = 50  # editions loaded in one turn: a member that does not poll for long is taken for dead


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
        self.strayed: set[str] = set()  # publications of which something came by a partition that it does not belong to
        self.loading = False
        self._sink = sink
        self.sources = Sources(log, settings)
        self._listed = True
        self._belongs: dict[tuple[Owned, str], bool] = {}  # until partitions come or go
        self._publications = publications
        self._outside = outside
        self._fence = fence

    # ---- partitions come and go --------------------------------------------------------------------------------

    def update(self, consumer: Consumer) -> bool:
        """Follow the consumer's assignment; whether anything came or went, or is still to be loaded.

        What was lost is forgotten, and so is what was gained under another term. What is retained goes on.
        """
        assigned = consumer.assignment()
        self._lose([owned for owned in self.owned.values() if assigned.get(owned.partition) != owned.assigned])
        for partition in sorted(assigned.keys() - self.owned.keys()):
            self._take(partition, assigned[partition])
        if not self.loading:
            return False
        self.loading = not self._load()
        if not self.loading:
            self._leave_foreign()
        for owned in self.owned.values():
            consumer.seek(owned.partition, owned.position)
        return True

    def _lose(self, lost: Collection[Owned]) -> None:
        if lost:
            self._unload(lost)
            self._outside.documents.forget()
        for owned in lost:
            del self.owned[owned.partition]
        for live in self.editions.values() if lost else ():
            self._note_sharing(live)

    def _take(self, partition: Partition, assigned: Assigned) -> None:
        end = self.sources.checked_end(partition, assigned.commit.offset)
        owned = Owned(partition, self.sources.name(partition), assigned, end)
        read_roster(self._outside.store, self._sink.name, owned)
        self._unload([owned])
        self.owned[partition] = owned

    def _unload(self, changed: Collection[Owned]) -> None:
        """Drop what these partitions feed, to be loaded anew; what it had merged and not published is read again."""
        self.loading, self._listed = True, False
        self._belongs.clear()
        for live in list(self.editions.values()):
            if any(self._feeds(owned, live.definition) for owned in changed):
                del self.editions[live.key]
                self.behind.discard(live.key)
                self.refills.discard(live.key)
                self.shared.discard(live.key)
                for owned in self.owned.values():
                    owned.position = min(owned.position, live.since.get(owned.source, owned.position))

    def _load(self) -> bool:
        """Enter some of the editions that are missing; whether all are there."""
        if not self._listed:
            self._publications.load()
            self._listed = True
        found = [d for p in list(self._publications) for d in self._sink.definitions(p) if self._owners(d)]
        missing = {
            self.key(definition): definition for definition in found if self.key(definition) not in self.editions
        }
        for definition in list(missing.values())[:LOADS]:
            self.enter(definition)
        return len(missing) <= LOADS

    def _leave_foreign(self) -> None:
        """What another configuration fed is not fed from here on."""
        for owned in self.owned.values():
            for key in owned.live.keys() - self.editions.keys():
                owned.leave(key)

    @property
    def archive(self) -> set[str]:
        """The sources that are partitions of the backfill."""
        return {owned.source for owned in self.owned.values() if owned.partition.topic == BACKFILL}

    # ---- editions ----------------------------------------------------------------------------------------------

    def key(self, definition: Definition) -> str:
        """Where the edition lies."""
        return edition_key(self._sink.name, definition.publication, definition.name)

    def _feeds(self, owned: Owned, definition: Definition) -> bool:
        """Whether its events belong there, or came by there all the same."""
        return not owned.met.isdisjoint(definition.sources) or owned.source in self.sources.of(definition)

    def came_by(self, owned: Owned, publication: str) -> bool:
        """Whether an event that lies here belongs elsewhere; if so, its editions are fed from here too."""
        if (owned, publication) not in self._belongs:
            self._belongs[owned, publication] = owned.partition in self.sources.of_publication(publication)
        if self._belongs[owned, publication]:
            return False
        owned.meet(publication)
        return True

    @property
    def alone(self) -> bool:
        """Whether every partition is ours: nobody else writes what we write."""
        return self.sources.everywhere().keys() <= {owned.source for owned in self.owned.values()}

    def share(self, publication: str) -> None:
        """Something of it came by a partition of another member, who writes its editions: so write them again."""
        if publication in self.strayed:
            return
        self.strayed.add(publication)
        for live in self.editions.values():
            if publication in live.definition.sources and live.key not in self.behind and not self.alone:
                self._note_sharing(live)
                live.begin_again({owned.source: owned.committed.offset for owned in self._owners(live.definition)})

    def is_home(self, live: LiveEdition) -> bool:
        """Whether its events belong to a partition of ours: only then it is ours to fill again."""
        homes = self.sources.of(live.definition)
        return any(owned.source in homes for owned in self.owned.values())

    def feeding(self, live: LiveEdition) -> dict[str, Partition]:
        """The partitions of ours that feed an edition, by source."""
        return {owned.source: owned.partition for owned in self._owners(live.definition)}

    def live(self, definition: Definition, owned: Owned) -> LiveEdition | None:
        """The edition, if the first reader feeds it from this partition; None while it is behind."""
        key = self.key(definition)
        if key not in self.editions:
            self.enter(definition)
        live = self.editions[key]
        if key in self.behind:
            return None
        if owned.live.get(key) != live.draft.epoch:  # the first event that came by another partition than its own
            self.fall_behind(live)
            return None
        return live

    def enter(self, definition: Definition) -> None:
        """Load an edition: is it live or behind? A live one is claimed, and its documents are verified."""
        if not self._owners(definition):
            return
        live = edition(definition, self._outside)
        live.load()
        for source, offset in (live.base.applied if live.base else {}).items():
            self.sources.check(live.key, source, offset)
        self.editions[live.key] = live
        self._note_sharing(live)
        try:
            self._start(live)
        except BaseException:
            del self.editions[live.key]  # not loaded: the next event tries again
            raise

    def _note_sharing(self, live: LiveEdition) -> None:
        """Others feed it where it belongs to a partition of theirs, or something of it came by one."""
        fed_by = {*self.sources.of(live.definition), *(live.base.applied if live.base else ())}
        ours = {owned.source for owned in self.owned.values()}
        strayed = not self.strayed.isdisjoint(live.definition.sources) and not self.alone
        (self.shared.add if strayed or not fed_by <= ours else self.shared.discard)(live.key)

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
        """Whether nothing of it was read past: every partition that it belongs to is ours, and none of it came yet."""
        owners = {owned.source: owned for owned in self._owners(definition)}
        met = any(not owned.met.isdisjoint(definition.sources) for owned in owners.values())
        return not met and self.sources.of(definition).keys() <= owners.keys()

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
        if not self.alone:
            self._outside.remember()  # before: who meets this state must know what was seen
            live.reconsider()  # and what others saw meanwhile is known now
        try:
            live.publish(upto, claim=self._outside.member if claim else None)
        except Behind:
            self.fall_behind(live)
            return
        self._note_sharing(live)
        self.behind.discard(live.key)
        for owned in owners:
            owned.join(live.key, live.draft.epoch)
        is_short = live.needs_refill and self.is_home(live)
        (self.refills.add if is_short else self.refills.discard)(live.key)
