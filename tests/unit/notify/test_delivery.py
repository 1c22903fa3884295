"""One subscriber, turn by turn: numbers, order, failures, crashes."""

from pathlib import Path

import pytest

from tests.unit.notify.desk import NOON, Desk, Partner, changed, feed_document, work
from wireroom.clock import HOUR, MINUTE, SECOND
from wireroom.codec import decode_change
from wireroom.errors import Conflict, Reject, RetryAfter
from wireroom.log import DEAD_LETTERS, DOCUMENTS
from wireroom.notify.journal import PART, Journal
from wireroom.notify.outcome import DELIVERED, TRIES, Outcome, Verdict
from wireroom.notify.rewind import resume, rewind
from wireroom.notify.subscriber import Told
from wireroom.store import Metadata
from wireroom.store.directory import DirectoryStore
from wireroom.store.memory import MemoryStore

RSS, JSON = "feeds/daily/latest.rss", "feeds/daily/latest.json"
REFUSED = Outcome(Verdict.REFUSED, "it answered 500")


def begun(desk: Desk, partner: Partner) -> None:
    """One that has begun at the end of an empty log."""
    work(desk.delivery(partner))


def test_who_is_new_is_told_what_comes_from_now_on() -> None:
    desk, partner = Desk(), Partner()
    desk.publish(RSS, 1)
    delivery = desk.delivery(partner)
    work(delivery)
    desk.publish(RSS, 2)
    work(delivery)
    assert partner.told == [(1, RSS, 2)]


def test_numbers_have_no_gaps_whatever_else_is_announced() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    for generation in range(1, 4):
        desk.publish("sitemaps/daily/news.xml", generation)
        desk.publish(RSS, generation)
    work(desk.delivery(partner))
    assert partner.told == [(1, RSS, 1), (2, RSS, 2), (3, RSS, 3)]


def test_what_is_announced_again_is_not_told_again() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    for generation in (1, 2, 2, 1, 3):
        desk.announce(changed(RSS, generation))
    desk.write(RSS, feed_document(3))
    work(desk.delivery(partner))
    desk.announce(changed(RSS, 3), changed(RSS, 2))
    work(desk.delivery(partner))  # another process
    assert partner.told == [(1, RSS, 1), (2, RSS, 2), (3, RSS, 3)]


def test_nothing_is_told_before_the_document_can_be_read() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.announce(changed(RSS, 1))
    work(delivery)
    assert partner.told == []
    desk.write(RSS, feed_document(1))
    desk.clock.time += 2 * SECOND
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


class FarStore(MemoryStore):
    near = False


def test_a_server_s_cache_has_time_to_see_the_new_document() -> None:
    desk, partner = Desk(store=FarStore()), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    assert 1.4 <= work(delivery) <= 1.5
    assert partner.told == []
    desk.clock.time += 3 * SECOND // 2
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


def test_a_failure_holds_the_order_and_is_tried_again_later() -> None:
    desk, partner = Desk(), Partner(lambda _: REFUSED)
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    desk.publish(JSON, 1)
    assert 0.5 <= work(delivery) <= 1
    partner.answer = lambda _: DELIVERED
    assert work(delivery) > 0
    assert partner.told == []
    desk.clock.time += SECOND
    work(delivery)
    assert partner.told == [(1, RSS, 1), (2, JSON, 1)]


def test_who_asks_to_be_left_alone_is_left_alone_for_so_long_by_every_process() -> None:
    desk, partner = Desk(), Partner(lambda _: Outcome(Verdict.AWAY, "it answered 429", HOUR))
    begun(desk, partner)
    desk.publish(RSS, 1)
    work(desk.delivery(partner))
    partner.answer = lambda _: DELIVERED
    desk.clock.time += HOUR - 1
    work(desk.delivery(partner))
    assert partner.told == []
    desk.clock.time += 1
    work(desk.delivery(partner))
    assert partner.told == [(1, RSS, 1)]


def test_what_is_refused_too_often_is_a_dead_letter_and_the_next_has_its_turn() -> None:
    def only_json(told: Told) -> Outcome:
        return DELIVERED if told.notification.key == JSON else REFUSED

    desk, partner = Desk(), Partner(only_json)
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 7)
    desk.publish(JSON, 7)
    for _ in range(TRIES):
        assert partner.told == []
        work(delivery)
        desk.clock.time += HOUR
    work(delivery)
    assert partner.told == [(2, JSON, 7)]
    (letter,) = desk.log.read(desk.log.partitions(DEAD_LETTERS)[0], 0, 10)
    assert decode_change(letter.value).key == RSS
    assert letter.headers["wireroom.worker"] == b"notify"
    assert b"webhooks/partner, sequence 1" in letter.headers["wireroom.faults"]
    assert b"it answered 500" in letter.headers["wireroom.faults"]


def test_who_is_away_is_waited_for_without_end() -> None:
    desk = Desk()

    def away(told: Told) -> Outcome:
        raise RetryAfter("no answer")

    partner = Partner(away)
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    for _ in range(3 * TRIES):
        work(delivery)
        desk.clock.time += HOUR
    assert desk.log.end(desk.log.partitions(DEAD_LETTERS)[0]) == 0
    partner.answer = lambda _: DELIVERED
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


def test_an_address_that_may_not_be_asked_waits_and_says_so() -> None:
    desk = Desk()

    def forbidden(told: Told) -> Outcome:
        raise Reject("forbidden-target")

    partner = Partner(forbidden)
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    work(delivery)
    state = Journal(desk.store, partner.id).read()
    assert state
    assert (state.failures, state.tries, state.reason) == (1, 0, "forbidden-target")


def test_one_that_wants_no_more_is_told_no_more() -> None:
    desk, partner = Desk(), Partner(lambda _: Outcome(Verdict.ENDED, "it answered 410"))
    begun(desk, partner)
    desk.publish(RSS, 1)
    work(desk.delivery(partner))
    partner.answer = lambda _: DELIVERED
    desk.clock.time += 10 * HOUR
    work(desk.delivery(partner))
    assert partner.told == []


def test_it_goes_on_when_its_configuration_changes() -> None:
    desk, partner = Desk(), Partner(lambda _: Outcome(Verdict.ENDED))
    begun(desk, partner)
    desk.publish(RSS, 1)
    work(desk.delivery(partner))
    partner.definition, partner.answer = "2", lambda _: DELIVERED
    work(desk.delivery(partner))
    assert partner.told == [(1, RSS, 1)]


def test_it_goes_on_when_a_command_says_so() -> None:
    desk, partner = Desk(), Partner(lambda _: Outcome(Verdict.ENDED))
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    work(delivery)
    partner.answer = lambda _: DELIVERED
    resume(desk.store, partner.id)
    desk.clock.time += MINUTE
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


# ---- crashes and others ----------------------------------------------------------------------------------------


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


def test_of_two_that_think_it_theirs_only_one_numbers() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    one, other = desk.delivery(partner), desk.delivery(partner)
    for generation in range(1, 30):
        desk.publish(RSS, generation)
        for delivery in (one, other) if generation % 2 else (other, one):
            delivery.turn()
            desk.clock.time += SECOND
    for _ in range(3):
        work(one)
        work(other)
        desk.clock.time += 5 * SECOND
    assert {(sequence, generation) for sequence, _, generation in partner.told} == {(n, n) for n in range(1, 30)}


def test_a_store_that_is_away_holds_everything() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    desk.publish(RSS, 1)
    put = desk.store.put

    def away(*_: object) -> str:
        raise RetryAfter("away", 3)

    desk.store.put = away  # type: ignore[method-assign,assignment]
    assert delivery.turn() == 3
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


# ---- again -----------------------------------------------------------------------------------------------------


def many(desk: Desk, count: int, start: int = 1) -> None:
    for generation in range(start, start + count):
        desk.publish(RSS, generation)
        desk.clock.time += SECOND


def test_what_was_told_is_told_again_from_a_number_and_then_it_goes_on() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    for start in range(1, 5 * PART, PART // 2):
        many(desk, PART // 2, start)
        work(delivery)
    total = len(partner.told)
    partner.told.clear()
    assert rewind(desk.store, partner.id, PART // 2, None) == (PART // 2, total)
    desk.clock.time += MINUTE
    work(delivery)
    many(desk, 1, 10**6)
    work(delivery)
    assert [sequence for sequence, _, _ in partner.told] == list(range(PART // 2, total + 2))


def test_from_a_time() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    many(desk, 10)
    work(desk.delivery(partner))
    assert rewind(desk.store, partner.id, None, NOON + 4 * SECOND) == (5, 10)
    assert rewind(desk.store, partner.id, None, NOON + HOUR) == (11, 10)
    assert rewind(desk.store, partner.id, None, 0) == (1, 10)


def test_a_command_is_heard_by_a_worker_that_has_just_read_on() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    many(desk, 3)
    work(delivery)
    desk.publish("sitemaps/daily/news.xml", 1)
    work(delivery)
    rewind(desk.store, partner.id, 2, None)
    desk.clock.time += 5 * SECOND
    work(delivery)
    assert [sequence for sequence, _, _ in partner.told] == [1, 2, 3, 2, 3]


def test_a_number_that_is_not_to_be_had_is_refused_with_those_that_are() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    many(desk, 3)
    work(desk.delivery(partner))
    for number in (0, 5, 10**12):
        with pytest.raises(Reject, match="from 1 to 3"):
            rewind(desk.store, partner.id, number, None)
    with pytest.raises(Reject, match="nothing told yet"):
        rewind(desk.store, "webhooks/nobody", 1, None)


def test_what_is_older_than_a_week_is_cleared_away() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    for week in range(3):
        for part in range(2):
            many(desk, PART, 1 + PART * (2 * week + part))
            work(delivery)
        desk.clock.time += 8 * 24 * HOUR
    with pytest.raises(Reject, match=f"from {4 * PART + 1} to {6 * PART}"):
        rewind(desk.store, partner.id, 1, None)


def test_in_a_folder_as_in_memory(tmp_path: Path) -> None:
    desk, partner = Desk(store=DirectoryStore(tmp_path)), Partner()
    begun(desk, partner)
    delivery = desk.delivery(partner)
    many(desk, PART + 5)
    work(delivery)
    many(desk, 1, PART + 6)
    work(delivery)
    rewind(desk.store, partner.id, PART, None)
    desk.clock.time += MINUTE
    work(delivery)
    assert [sequence for sequence, _, _ in partner.told] == [*range(1, PART + 7), *range(PART, PART + 7)]


def test_a_state_of_another_writer_is_never_written_over() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    journal = Journal(desk.store, partner.id)
    state = journal.read()
    assert state
    rewound = Journal(desk.store, partner.id)
    rewound.read()
    rewound.state = state.model_copy(update={"reason": "another"})
    rewound.write()
    journal.state = state.model_copy(update={"reason": "mine"})
    with pytest.raises(Conflict):
        journal.write()
