"""A log and a store in memory, what workers announce there, and a subscriber that remembers what it was told."""

from collections.abc import Callable, Sequence

from wireroom.clock import SECOND, ManualClock
from wireroom.codec import encode_change
from wireroom.document import ArticleAt, DocumentChanged
from wireroom.log import DOCUMENTS
from wireroom.log.memory import MemoryLog
from wireroom.notify.announcements import Announcements
from wireroom.notify.delivery import Delivery
from wireroom.notify.documents import Documents
from wireroom.notify.outcome import DELIVERED, Outcome
from wireroom.notify.subscriber import Subscriber, Told
from wireroom.store import STATE, PolledStore
from wireroom.store.memory import MemoryStore

NOON = 1_772_452_800 * SECOND


def article_document(
    generation: int, status: str = "usable", url: str = "https://daily.example/a", previous: Sequence[str] = ()
) -> bytes:
    """As the sink `articles` writes it, as far as it is looked at here."""
    web = f'"renditions":[{{"name":"web","href":"{url}"}}],' if status == "usable" else ""
    names = "".join(f'{{"role":"previous-url","value":"{each}"}},' for each in previous)
    return (
        f'{{"version":"{generation}","pubStatus":"{status}",{web}'
        f'"altIds":[{names}{{"role":"wireroom:generation","value":"{generation}"}}]}}'
    ).encode()


def feed_document(generation: int) -> bytes:
    return b"<rss><!-- wireroom:generation %d --></rss>" % generation


def changed(key: str, generation: int, at: int = NOON, articles: tuple[ArticleAt, ...] = ()) -> DocumentChanged:
    return DocumentChanged(key, generation, f'"{key}@{generation}"', "application/json", "feeds", at, articles)


class Desk:
    """`clock` moves only by hand."""

    def __init__(self, partitions: int = 1, store: PolledStore | None = None) -> None:
        self.clock = ManualClock(NOON)
        self.log = MemoryLog(partitions, self.clock)
        self.store = store or MemoryStore(self.clock)
        self.announcements = Announcements(self.log)
        self.announcements.look()

    def write(self, key: str, body: bytes) -> None:
        current = self.store.get(key)
        self.store.put(key, body, current.etag if current else None, STATE)

    def publish(self, key: str, generation: int, body: bytes | None = None) -> None:
        """A document, and then its announcement."""
        article = key.startswith("articles/")
        self.write(key, body or (article_document(generation) if article else feed_document(generation)))
        articles = (("daily", "a", generation),) if article else ()
        self.announce(changed(key, generation, self.clock.now(), articles))

    def announce(self, *changes: DocumentChanged) -> None:
        self.log.append(DOCUMENTS, [encode_change(change) for change in changes])
        self.announcements.look()
        self.clock.time += SECOND // 50  # in which a server beside the store sees the document

    def delivery(self, subscriber: Subscriber) -> Delivery:
        """A thread's work, to be driven turn by turn; as a worker that was just started has it."""
        documents = Documents(self.store)
        return Delivery(subscriber, self.log, self.store, self.announcements, documents, self.clock)


class Partner:
    """A subscriber that wants everything. `answer` is asked for each batch."""

    id = "webhooks/partner"

    def __init__(self, answer: Callable[[Told], Outcome] = lambda _: DELIVERED, most: int = 1) -> None:
        self.definition = "1"
        self.most = most
        self.answer = answer
        self.told: list[tuple[int, str, int]] = []
        self.epochs: set[str] = set()

    def wants(self, change: DocumentChanged) -> bool:
        return not change.key.startswith("sitemaps/")

    def deliver(self, epoch: str, batch: Sequence[Told]) -> Outcome:
        self.epochs.add(epoch)
        outcome = self.answer(batch[0])
        if outcome is DELIVERED:
            self.told += [(each.sequence, each.key, each.generation) for each, _ in batch]
        return outcome


def work(delivery: Delivery, most: int = 1000) -> float:
    """Turns until it would wait; for how long."""
    for _ in range(most):
        if wait := delivery.turn():
            return wait
    raise AssertionError("it never rests")


RSS, JSON = "feeds/daily/latest.rss", "feeds/daily/latest.json"


def begun(desk: Desk, partner: Partner) -> Delivery:
    """One that has begun at the end of an empty log; its worker was then started anew."""
    work(desk.delivery(partner))
    return desk.delivery(partner)


def many(desk: Desk, count: int, start: int = 1) -> None:
    for generation in range(start, start + count):
        desk.publish(RSS, generation)
        desk.clock.time += SECOND
