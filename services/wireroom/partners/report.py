"""Who holds what: the last request of each partner for each document, and how far behind it is. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from wireroom.partners.records import Access, Lost, Record, Slowed, State

_PROOFS = 2  # times that an ETag older than what was sent must come: once may be two fetchers of one partner


class Current(NamedTuple):
    """A document as it is in the store. `modified`: microseconds since the epoch."""

    generation: int
    modified: int


@dataclass
class Standing:
    """What one partner did with one document. Times in microseconds since the epoch; `last`: its latest request.

    `held`: the latest answer after which it had a state. `not_modified`: how many answers were 304.
    """

    partner: str
    document: str
    last: Access
    held: Access | None = None
    requests: int = 0
    not_modified: int = 0
    stale: int = 0  # requests in a row that named an ETag older than what was sent before

    def take(self, access: Access, knows: int | None) -> None:
        """One more request; `knows`: the generation of the ETag that the partner named."""
        self.last = access
        self.requests += 1
        self.not_modified += access.status == 304
        if knows is not None:
            older = self.held is not None and knows < (self.held.generation or 0)
            self.stale = self.stale + 1 if older else 0
        if access.is_held:
            self.held = access

    @property
    def is_stuck(self) -> bool:
        """Whether it goes on naming an ETag older than what it was sent."""
        return self.stale >= _PROOFS


@dataclass
class Report:
    """All that the access log says, but for single articles."""

    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    slowed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lost: int = 0
    appeared: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def behind(self, standing: Standing, current: Current | None, now: int) -> int | None:
        """For how long there has been a later state than the partner holds, in microseconds; None: there is none."""
        held = standing.held.generation if standing.held else None
        if current is None or held is None or held >= current.generation:
            return None
        later = [time for generation, time in self.appeared[standing.document].items() if generation > held]
        return max(0, now - min([current.modified, *later]))


def report(records: Iterable[Record]) -> Report:
    """Fold records, in order of time."""
    found = Report()
    generations: dict[str, dict[str, int]] = defaultdict(dict)  # document -> ETag without its last quote -> generation
    for record in records:
        match record:
            case State():
                generations[record.document][record.etag.rstrip('"')] = record.generation
                found.appeared[record.document].setdefault(record.generation, record.time)
            case Access():
                who = (record.partner, record.document)
                standing = found.standings.setdefault(who, Standing(*who, record))
                standing.take(record, _generation(record.known, generations[record.document]))
            case Slowed():
                found.slowed[record.partner] += record.count
            case Lost():
                found.lost += record.count
    return found


def _generation(known: str | None, generations: Mapping[str, int]) -> int | None:
    """The generation that an ETag is of: one of a packed body ends in the name of the packing."""
    if known is None:
        return None
    bare = known.rstrip('"')
    return generations.get(bare) or generations.get(bare.rpartition("-")[0])
