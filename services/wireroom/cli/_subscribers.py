"""Where each subscriber of notifications is, as the store has it."""

from collections.abc import Iterator
from dataclasses import dataclass

from wireroom.clock import SECOND
from wireroom.config import Settings
from wireroom.connect import installed
from wireroom.errors import Red
from wireroom.log import DOCUMENTS, Log
from wireroom.store import PolledStore

HUB = "hub"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`state`: well, retrying, open (its circuit: nothing but a try now and then), ended, red, or new.

    `sent`: the number of the last notification; `waiting`: how many more have one; `unread`: announcements beyond
    these, for all or nobody; `due`: when it is tried again, in microseconds since the epoch.
    """

    id: str
    state: str
    reason: str
    sent: int
    waiting: int
    unread: int
    due: int | None


def subscribers_of(settings: Settings, log: Log, store: PolledStore) -> Iterator[Subscriber]:
    """Every one that the settings name. Raises RetryAfter."""
    if not settings.notify.anyone:
        return
    with installed():
        from wireroom.notify.journal import Journal
        from wireroom.notify.names import ids
        from wireroom.notify.outcome import circuit
    ends = {partition.number: log.end(partition) for partition in log.partitions(DOCUMENTS)}
    for ident in ids(settings):
        try:
            state = Journal(store, ident).read()
        except Red as red:
            yield Subscriber(ident, "red", str(red), 0, 0, 0, None)
            continue
        if state is None:
            yield Subscriber(ident, "new", "", 0, 0, 0, None)
            continue
        unread = sum(max(0, end - state.cursor.get(number, 0)) for number, end in ends.items())
        word = circuit(state.ended, state.failures)
        yield Subscriber(ident, word, state.reason, state.sent, state.waiting, unread, state.due or None)
    if settings.notify.hub:
        yield _hub(store)


def _hub(store: PolledStore) -> Subscriber:
    """Our own, all of its subscriptions together; `waiting`: those that failed last."""
    with installed():
        from wireroom.notify.websub.subscriptions import Subscriptions
    held = Subscriptions(store)
    now = store.now()
    live = [each for name in held.names() for each in held.read(name).values() if each.expires > now]
    failing = [each for each in live if each.failures]
    word = "retrying" if failing else "well" if live else "new"
    told = f"{len(live)} subscriptions of {len({each.host for each in live})} hosts, {len(failing)} failing"
    return Subscriber(HUB, word, told, 0, len(failing), 0, min((each.due for each in failing), default=None))


def line(subscriber: Subscriber, now: int) -> str:
    """What a person reads."""
    if subscriber.id == HUB:
        return f"{HUB}: {subscriber.state}; {subscriber.reason}"
    told = f"{subscriber.id}: {subscriber.state}, sent {subscriber.sent}, waiting {subscriber.waiting}"
    told += f", unread {subscriber.unread}"
    if subscriber.reason:
        told += f"; {subscriber.reason}"
    if subscriber.due and subscriber.state in ("retrying", "open"):
        told += f"; next try in {max(0, (subscriber.due - now) // SECOND)} s"
    return told
