"""One subscriber whose worker dies, has a rival, or finds store and log changed."""

import pytest

from tests.unit.notify.desk import JSON, RSS, Desk, Partner, begun, work
from wireroom.clock import SECOND
from wireroom.document import DocumentChanged
from wireroom.errors import RetryAfter
from wireroom.log import DOCUMENTS
from wireroom.notify.delivery import Delivery
from wireroom.notify.journal import PART
from wireroom.store import Metadata
from wireroom.store.memory import MemoryStore


def test_a_death_between_telling_and_writing_tells_again_under_the_same_numbers() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    desk.publish(RSS, 1)
    desk.publish(JSON, 1)
    dying = desk.delivery(partner)
    while not partner.told:
        dying.turn()
    desk.publish(RSS, 2)
    work(desk.delivery(partner))
    assert partner.told == [(1, RSS, 1), (1, RSS, 1), (2, JSON, 1), (3, RSS, 2)]
    assert len(partner.epochs) == 1


class Dying(MemoryStore):
    """Dies at the write that is counted down to."""

    left = 1_000_000

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().put(key, body, if_match, metadata)


@pytest.mark.parametrize("death", range(8))
def test_whatever_write_it_dies_at_every_number_means_one_change_and_none_is_missing(death: int) -> None:
    store = Dying()
    desk, partner = Desk(store=store), Partner()
    begun(desk, partner)
    for round_ in range(1, 4):
        for number in range(PART // 2 + 1):
            desk.publish(f"feeds/daily/f{number}.rss", round_)
        if round_ == 2:
            store.left = death
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # any of them may be the one
                for _ in range(10):  # as many lives as that takes
                    work(desk.delivery(partner))
                    desk.publish("feeds/daily/more.rss", 1 + desk.log.end(desk.log.partitions(DOCUMENTS)[0]))
            store.left = 1_000_000
        work(desk.delivery(partner))
    meanings = {sequence: (key, generation) for sequence, key, generation in partner.told}
    assert set(partner.told) == {(sequence, *meant) for sequence, meant in meanings.items()}
    assert sorted(meanings) == list(range(1, len(meanings) + 1))
    wanted = {(f"feeds/daily/f{number}.rss", round_) for round_ in range(1, 4) for number in range(PART // 2 + 1)}
    assert wanted <= set(meanings.values())


def rest(desk: Desk, *deliveries: Delivery) -> None:
    """Each hears what the others wrote, and is done."""
    for _ in range(3):
        for delivery in deliveries:
            work(delivery)
        desk.clock.time += 5 * SECOND


def test_of_two_that_think_it_theirs_only_one_numbers() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    one, other = desk.delivery(partner), desk.delivery(partner)
    for generation in range(1, 30):
        desk.publish(RSS, generation)
        for delivery in (one, other) if generation % 2 else (other, one):
            delivery.turn()
            desk.clock.time += SECOND
    rest(desk, one, other)
    assert {(sequence, generation) for sequence, _, generation in partner.told} == {(n, n) for n in range(1, 30)}


class OnlyRss(Partner):
    """The same by an older configuration."""

    def wants(self, change: DocumentChanged) -> bool:
        return change.key == RSS


def test_two_that_number_differently_never_give_a_number_two_meanings() -> None:
    desk, partner, older = Desk(), Partner(), OnlyRss()
    begun(desk, partner)
    older.told = partner.told
    one, other = desk.delivery(partner), desk.delivery(older)
    for generation in range(1, 30):
        for key in (JSON, RSS):
            desk.publish(key, generation)
        for delivery in (one, other) if generation % 3 else (other, one):
            for _ in range(generation % 4):
                delivery.turn()
        desk.clock.time += SECOND
    rest(desk, one, other)
    meanings = {sequence: (key, generation) for sequence, key, generation in partner.told}
    assert {(sequence, *meant) for sequence, meant in meanings.items()} == set(partner.told)
    assert len(meanings) > 29


def test_a_store_that_is_away_holds_everything() -> None:
    desk, partner = Desk(), Partner()
    delivery = begun(desk, partner)
    desk.publish(RSS, 1)
    put = desk.store.put

    def away(*_: object) -> str:
        raise RetryAfter("away", 3)

    desk.store.put = away  # type: ignore[method-assign,assignment]
    assert [delivery.turn() for _ in range(3)] == [3, 3, 3]
    assert partner.told == []
    desk.store.put = put  # type: ignore[method-assign]
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


def test_a_log_that_was_made_anew_is_read_from_its_beginning() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    for generation in (1, 2, 3):
        desk.publish(RSS, generation)
    work(desk.delivery(partner))
    anew = Desk(store=desk.store)
    anew.publish(RSS, 4)
    work(anew.delivery(partner))
    assert partner.told[-1] == (4, RSS, 4)


def test_partitions_that_are_added_are_read_from_their_beginning() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    desk.log.grow(4)
    keys = [f"feeds/daily/f{number}.rss" for number in range(8)]
    assert len({desk.log.partition_of(DOCUMENTS, key) for key in keys}) > 1
    for key in keys:
        desk.publish(key, 1)
    work(desk.delivery(partner))
    assert {key for _, key, _ in partner.told} == set(keys)
