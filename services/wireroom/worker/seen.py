"""What a publication's articles are known to have reached: id and order of every one seen, selected or not.

An older revision that comes late, or from the other log, is told by it. Kept in buckets by day of first publication,
so that a flush writes only the days that changed; merged by the higher order, so that any number of writers agree.
A day also says whether something of it came by a partition that it does not belong to: then there is a writer there.
"""

from collections import defaultdict

from pydantic_core import from_json, to_json

from wireroom.clock import DAY
from wireroom.errors import Conflict, OutcomeUnknown, RetryAfter
from wireroom.event import ArticleEvent, Order
from wireroom.store import STATE, Store

ATTEMPTS = 20
STRAYED = ""  # in a bucket, where an article's id would be
Bucket = dict[str, Order]


class Seen:
    """The memory of one publication; `forget` is how far back it reaches, in microseconds."""

    def __init__(self, forget: int = 30 * DAY) -> None:
        self._forget = forget
        self._days: dict[int, Bucket] = defaultdict(dict)
        self._newest: Bucket = {}  # over all days: a date that moved, though it must not, hides nothing
        self._dirty: set[int] = set()
        self._strayed: set[int] = set()
        self._etags: dict[str, str] = {}  # of the buckets as they were last read or written here

    @property
    def strayed(self) -> bool:
        """Whether something came by a partition that it does not belong to, here or elsewhere."""
        return bool(self._strayed)

    def note(self, event: ArticleEvent, now: int, strayed: bool = False) -> None:
        """Remember an event, unless its article is so old that no edition takes it."""
        published = event.sort_key[0]
        if published > now - self._forget:
            day = published // DAY
            _raise(self._newest, event.id, event.order)
            if _raise(self._days[day], event.id, event.order):
                self._dirty.add(day)
            if strayed and day not in self._strayed:
                self._strayed.add(day)
                self._dirty.add(day)

    def newest(self, ident: str) -> Order | None:
        """The greatest order seen of an article."""
        return self._newest.get(ident)

    def forget_before(self, floor: int) -> None:
        """Let go of the days that lie wholly before `floor`."""
        for day in [day for day in self._days if (day + 1) * DAY <= floor]:
            for ident in self._days.pop(day):
                self._newest.pop(ident, None)
            self._dirty.discard(day)
            self._strayed.discard(day)

    def forget_old(self, now: int) -> None:
        """Let go of what no edition takes any more."""
        self.forget_before(now - self._forget)

    def load(self, store: Store, prefix: str, now: int) -> None:
        """Read all buckets under `prefix` that are still of use."""
        for key in store.keys(prefix):
            day = int(key.removeprefix(prefix).removesuffix(".json"))
            if (day + 1) * DAY > now - self._forget:
                self._join(store, key, day)

    def save(self, store: Store, prefix: str) -> None:
        """Make every bucket that changed durable, joined with what others wrote there."""
        for day in sorted(self._dirty):
            self._save(store, f"{prefix}{day}.json", day)
        self._dirty.clear()

    def _save(self, store: Store, key: str, day: int) -> None:
        for _ in range(ATTEMPTS):
            mark = {STRAYED: ()} if day in self._strayed else {}
            try:
                body = to_json({**self._days[day], **mark})
                self._etags[key] = store.put(key, body, self._etags.get(key), STATE)
            except (Conflict, OutcomeUnknown):
                self._join(store, key, day)
            else:
                return
        raise RetryAfter(f"too many writers at {key}")

    def _join(self, store: Store, key: str, day: int) -> None:
        """Take in what lies in the store."""
        self._etags.pop(key, None)
        if (stored := store.get(key)) is not None:
            self._etags[key] = stored.etag
            found = from_json(stored.body)
            if found.pop(STRAYED, None) is not None:
                self._strayed.add(day)
            for ident, order in found.items():
                _raise(self._newest, ident, Order(*order))
                _raise(self._days[day], ident, Order(*order))


def _raise(orders: Bucket, ident: str, order: Order) -> bool:
    known = orders.get(ident)
    if known is not None and known >= order:
        return False
    orders[ident] = order
    return True
