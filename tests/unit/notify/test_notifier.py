"""Members of the group `notify`, on a log in memory and in real threads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.unit.notify.desk import Desk, Partner
from wireroom.errors import Red
from wireroom.health import state_of
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Message
from wireroom.notify.notifier import Notifier
from wireroom.notify.outcome import DELIVERED, Outcome
from wireroom.notify.subscriber import Told

RSS = "feeds/daily/latest.rss"


def until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@contextmanager
def running(desk: Desk, *partners: Partner) -> Iterator[Event]:
    """A member at work; setting the event ends it."""
    stop, errors = Event(), []
    notifier = Notifier(partners, desk.log, desk.store, desk.clock)

    def run() -> None:
        try:
            notifier.run(stop.is_set)
        except Red as red:
            errors.append(red)

    thread = Thread(target=run)
    thread.start()
    until(lambda: all(desk.store.get(f"editions/_notify/{each.id}/state.json") for each in partners) or errors)
    try:
        yield stop
    finally:
        stop.set()
        desk.log.changes.announce()
        thread.join()
    if errors:
        raise errors[0]


def named(ident: str, answer: Callable[[Told], Outcome] = lambda _: DELIVERED) -> Partner:
    partner = Partner(answer)
    partner.id = f"webhooks/{ident}"
    return partner


def test_a_slow_one_delays_no_other() -> None:
    ready = Event()

    def slowly(told: Told) -> Outcome:
        ready.wait()
        return DELIVERED

    desk, slow, quick = Desk(), named("slow", slowly), named("quick")
    with running(desk, slow, quick):
        for generation in range(1, 20):
            desk.publish(RSS, generation)
        until(lambda: len(quick.told) == 19)
        assert slow.told == []
        partition = desk.log.partitions(DOCUMENTS)[0]
        until(lambda: (committed := desk.log.committed("notify", partition)) and committed.offset == 19)
        ready.set()
        until(lambda: len(slow.told) == 19)


def test_two_members_share_the_subscribers_and_each_is_told_by_one() -> None:
    desk = Desk(partitions=4)
    partners = [named(f"p{number}") for number in range(8)]
    with running(desk, *partners), running(desk, *partners):
        for generation in range(1, 6):
            desk.publish(RSS, generation)
            desk.publish("feeds/weekly/latest.rss", generation)
        until(lambda: all({n for n, _, _ in each.told} >= set(range(1, 11)) for each in partners))
    for each in partners:
        assert len({(key, generation) for _, key, generation in each.told}) == len({n for n, _, _ in each.told}) == 10


def test_another_member_goes_on_where_one_ended() -> None:
    desk, partner = Desk(), named("partner")
    with running(desk, partner):
        desk.publish(RSS, 1)
        until(lambda: partner.told)
    desk.publish(RSS, 2)
    with running(desk, partner):
        until(lambda: len(partner.told) == 2)
    assert partner.told == [(1, RSS, 1), (2, RSS, 2)]
    assert state_of(desk.store, "notify").name == "stopped"


def test_what_is_no_announcement_is_a_dead_letter_and_stops_nobody() -> None:
    desk, partner = Desk(), named("partner")
    with running(desk, partner):
        desk.log.append(DOCUMENTS, [Message("x", b"not Avro")])
        desk.publish(RSS, 1)
        until(lambda: partner.told)
        until(lambda: desk.log.end(desk.log.partitions(DEAD_LETTERS)[0]) == 1)


def test_an_announcement_from_the_future_is_red() -> None:
    desk, partner = Desk(), named("partner")
    with pytest.raises(Red, match="fingerprint"), running(desk, partner):  # noqa: PT012  # the end of the block raises
        desk.log.append(DOCUMENTS, [Message("x", b"\xc3\x01" + bytes(8))])
        until(lambda: state_of(desk.store, "notify").name == "red")
    assert "upgrade" in state_of(desk.store, "notify").reason


def test_a_subscriber_whose_state_is_damaged_stops_alone_and_is_told() -> None:
    desk, partner = Desk(), named("partner")
    desk.write("editions/_notify/webhooks/damaged/state.json", b"{}")
    with pytest.raises(Red, match="webhooks/damaged/state"), running(desk, partner, named("damaged")):  # noqa: PT012
        desk.publish(RSS, 1)
        until(lambda: partner.told)
        until(lambda: state_of(desk.store, "notify").name == "red")
    assert "webhooks/damaged/state.json in the store cannot be read" in state_of(desk.store, "notify").reason


def test_a_bug_in_a_subscriber_ends_the_process() -> None:
    def bug(told: Told) -> Outcome:
        raise ZeroDivisionError

    desk = Desk()
    notifier = Notifier([named("partner", bug)], desk.log, desk.store, desk.clock)

    def publish() -> None:
        until(lambda: desk.store.get("editions/_notify/webhooks/partner/state.json"))
        desk.publish(RSS, 1)

    Thread(target=publish).start()
    with pytest.raises(ZeroDivisionError):
        notifier.run(lambda: False)


def test_draining_ends_when_nobody_can_be_told_anything_now() -> None:
    desk, partner = Desk(), named("partner")
    notifier = Notifier([partner], desk.log, desk.store, desk.clock)
    notifier.run(lambda: False, drain=True)
    desk.publish(RSS, 1)
    notifier.run(lambda: False, drain=True)
    assert partner.told == [(1, RSS, 1)]
