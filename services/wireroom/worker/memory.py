"""What a session remembers of every publication: read when it is asked for, again after others were at work."""

from collections.abc import Callable

from wireroom.clock import Clock
from wireroom.event import Order
from wireroom.store import Store
from wireroom.worker.seen import Seen


class Memory:
    """What was seen, by publication. `strayed` is told of one of which something came by a foreign partition."""

    def __init__(self, store: Store, clock: Clock, worker: str, strayed: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._worker = worker
        self._strayed = strayed
        self._seen: dict[str, Seen] = {}
        self._current: set[str] = set()  # the publications whose memory was read since an edition was

    def of(self, publication: str) -> Seen:
        """What was seen; at least what the writers of the editions that were read had seen. Raises RetryAfter."""
        seen = self._seen.get(publication) or self._seen.setdefault(publication, Seen())
        if publication not in self._current:
            seen.load(self._store, self._prefix(publication), self._clock.now())
            self._current.add(publication)
            self._tell_strays(publication, seen)
        return seen

    def newest(self, ident: str) -> Order | None:
        """The greatest order seen of an article. Raises RetryAfter."""
        return self.of(ident.partition("/")[0]).newest(ident)

    def outdate(self) -> None:
        """Others were at work: what they saw is read before it is asked for again."""
        self._current.clear()

    def save(self) -> None:
        """Make it durable. Raises RetryAfter."""
        for publication, seen in self._seen.items():
            seen.save(self._store, self._prefix(publication))
            self._tell_strays(publication, seen)

    def forget_old(self) -> None:
        """Let go of what no edition takes any more."""
        for seen in self._seen.values():
            seen.forget_old(self._clock.now())

    def _tell_strays(self, publication: str, seen: Seen) -> None:
        if seen.strayed:
            self._strayed(publication)

    def _prefix(self, publication: str) -> str:
        return f"editions/{self._worker}/{publication}/_seen/"
