"""The oracle: it knows every event that was acknowledged, sees every document that was published, and judges."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import NamedTuple

from tests.chaos.reading import Torn, read
from wireroom.event import ArticleEvent
from wireroom.log import Partition, Position

Seen = tuple[str, str]  # a document's key and an article in it


class Stall(NamedTuple):
    """How long a document did not tell what was acknowledged; `seconds`: while the machine did not stand still."""

    seconds: float
    of_what: str
    since: float
    until: float


class Oracle:
    """`found`: what is wrong, by what kind of wrong. `still`: how long of some time the machine stood still.

    Safe to use from several threads.
    """

    def __init__(self, still: Callable[[float, float], float] = lambda begin, end: 0.0) -> None:
        self.still = still
        self.found: dict[str, list[str]] = defaultdict(list)
        self.longest_stall = Stall(0.0, "", 0.0, 0.0)
        self.documents = 0
        self.acknowledged = 0
        self._sent: dict[str, dict[int, ArticleEvent]] = defaultdict(dict)
        self._acknowledged: dict[str, int] = {}  # the greatest revision of each article
        self._places: dict[tuple[str, int], Position] = {}  # where each revision of an article was first acknowledged
        self._tries: Counter[tuple[str, int]] = Counter()  # what was not acknowledged may lie in the log, too
        self._waiting: dict[Seen, dict[int, float]] = defaultdict(dict)
        self._by_key: dict[str, set[str]] = defaultdict(set)  # the articles that each is to tell of
        self._generations: dict[str, int] = {}
        self._reached: dict[str, dict[Partition, int]] = defaultdict(dict)
        self._shown: dict[str, Mapping[str, int]] = {}
        self._best: dict[Seen, int] = {}  # the greatest revision that was shown
        self._gone: dict[Seen, int] = {}  # of what was seen to leave: no revision up to this may return
        self._lock = RLock()

    def _accuse(self, kind: str, what: str) -> None:
        if what not in self.found[kind]:
            self.found[kind].append(what)

    # ---- events ------------------------------------------------------------------------------------------------

    def sending(self, event: ArticleEvent) -> None:
        """From now on it may be shown. To be called before each try."""
        with self._lock:
            self._tries[event.article_id, event.revision] += 1
            self._sent[event.article_id][event.revision] = event

    def acknowledge(self, event: ArticleEvent, place: Position) -> None:
        """From now on it must be shown, or what replaced it."""
        with self._lock:
            self._places.setdefault((event.article_id, event.revision), place)
            self.acknowledged += 1
            known = self._acknowledged.get(event.article_id, 0)
            self._acknowledged[event.article_id] = max(known, event.revision)
            if event.revision > known:
                since = max(time.time(), event.visible_from / 1e6)
                for key in keys_of(event):
                    self._by_key[key].add(event.article_id)
                    self._waiting[key, event.article_id][event.revision] = since

    # ---- documents ---------------------------------------------------------------------------------------------

    def see(self, key: str, body: bytes) -> None:
        """Judge what a reader gets now."""
        now = time.time()
        with self._lock:
            self.documents += 1
            try:
                generation, shown = read(key, body)
            except Torn as torn:
                self._accuse("torn", str(torn))
                return
            if generation < self._generations.get(key, 0):
                self._accuse("fell", f"{key}: generation {generation} after {self._generations[key]}")
            self._generations[key] = generation
            self._reach(key, shown)
            for ident, revision in shown.items():
                self._judge_shown(key, ident, revision, now)
            for ident in self._shown.get(key, {}).keys() - shown.keys():
                self._judge_gone(key, ident)
            self._shown[key] = shown

    def _reach(self, key: str, shown: Mapping[str, int]) -> None:
        """Note how far in each partition the document has come: it tells an event, and all that came before it."""
        reached = self._reached[key]
        for told in shown.items():
            if self._tries[told] == 1 and (place := self._places.get(told)):  # else it may have come by another
                reached[place.partition] = max(place.offset, reached.get(place.partition, 0))

    def _has_reached(self, key: str, ident: str, revision: int) -> bool:
        place = self._places.get((ident, revision))
        return place is not None and place.offset < self._reached[key].get(place.partition, 0)

    def _judge_shown(self, key: str, ident: str, revision: int, now: float) -> None:
        seen = key, ident
        if revision <= self._gone.get(seen, 0) or revision < self._best.get(seen, 0):
            gone = self._gone.get(seen)
            self._accuse("resurrected", f"{key}: {ident} at {revision} after {self._best.get(seen)}, gone up to {gone}")
        for later in self._sent[ident].keys() - range(revision + 1):
            if later not in self._waiting[seen] and self._has_reached(key, ident, later):
                self._accuse("resurrected", f"{key}: {ident} at {revision}, and {later} came before what it shows")
        if self._sent[ident][revision].visible_from > now * 1e6:
            self._accuse("early", f"{key}: {ident} at {revision}")
        self._best[seen] = max(revision, self._best.get(seen, 0))

    def _judge_gone(self, key: str, ident: str) -> None:
        """The first of the events that can have hidden it says what may not return."""
        best = self._best[key, ident]
        hiding = [
            revision if event.article is None else revision - 1
            for revision, event in self._sent[ident].items()
            if revision > best and (event.article is None or event.article.embargoed_until)
        ]
        if hiding:
            self._gone[key, ident] = max(min(hiding), self._gone.get((key, ident), 0))
        else:
            self._accuse("lost", f"{key}: {ident} at {best} vanished")

    # ---- what is still to come ---------------------------------------------------------------------------------

    def check(self) -> None:
        """Note what has arrived since, and how long it took."""
        with self._lock:
            now = time.time()
            for (key, ident), waiting in self._waiting.items():
                for revision in [each for each in waiting if self._told(key, ident, each)]:
                    since = waiting.pop(revision)
                    stall = Stall(now - since - self.still(since, now), f"{key}: {ident} at {revision}", since, now)
                    self.longest_stall = max(self.longest_stall, stall)
            self._check_order()

    def waiting_since(self) -> float:
        """When the oldest event was acknowledged that some document does not tell yet."""
        with self._lock:
            return min((since for waiting in self._waiting.values() for since in waiting.values()), default=time.time())

    def _check_order(self) -> None:
        """A document that tells an event tells all that came before it in the same partition, or it never will."""
        for key in self._shown:
            for ident in self._by_key[key]:
                for revision in self._waiting[key, ident]:
                    if self._has_reached(key, ident, revision) and not self._has_embargo(ident, revision):
                        self._accuse("lost", f"{key}: {ident} at {revision} was passed over")

    def _has_embargo(self, ident: str, revision: int) -> bool:
        """Whether time alone may just have changed what must be shown."""
        later = (event for number, event in self._sent[ident].items() if number >= revision)
        return any(event.article and event.article.embargoed_until for event in later)

    def _told(self, key: str, ident: str, revision: int) -> bool:
        """Whether the document shows this revision or a later one, or rightly hides it."""
        shown = self._shown.get(key, {}).get(ident)
        if shown is not None:
            return shown >= revision
        return any(
            event.article is None or event.visible_from > time.time() * 1e6
            for later, event in self._sent[ident].items()
            if later >= revision
        )

    def missing(self) -> list[str]:
        """Where documents are not what the acknowledged events make of them. At the end: what is lost."""
        with self._lock:
            return [*self._wrong()]

    def _wrong(self) -> Iterator[str]:
        expected: dict[str, dict[str, int]] = defaultdict(dict)
        for ident, revision in self._acknowledged.items():
            event = self._sent[ident][revision]
            for key in keys_of(event):
                expected[key] |= {} if event.article is None else {ident: revision}
        for key, articles in expected.items():
            shown = self._shown.get(key, {})
            for ident in articles.keys() | shown.keys():
                if articles.get(ident) != shown.get(ident):
                    yield f"{key}: {ident} at {shown.get(ident)}, not {articles.get(ident)}"


def keys_of(event: ArticleEvent) -> Iterator[str]:
    """The documents in which an article is to be seen."""
    name = event.publication
    yield from (f"feeds/{name}/latest.{kind}" for kind in ("rss", "atom", "json"))
    yield from (f"sitemaps/{name}/news-1.xml", f"articles/{name}.json", f"articles/{name}/{event.article_id}.json")
