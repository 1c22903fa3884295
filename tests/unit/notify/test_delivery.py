"""One subscriber, turn by turn: numbers, order, failures."""

from tests.unit.notify.desk import JSON, RSS, Desk, Partner, begun, changed, feed_document, many, work
from wireroom.clock import HOUR, MINUTE, SECOND
from wireroom.codec import decode_change
from wireroom.errors import Reject, RetryAfter
from wireroom.log import DEAD_LETTERS
from wireroom.notify.journal import PART, Journal
from wireroom.notify.outcome import DELIVERED, TRIES, Outcome, Verdict
from wireroom.notify.rewind import resume
from wireroom.notify.subscriber import Told
from wireroom.store.memory import MemoryStore

REFUSED = Outcome(Verdict.REFUSED, "it answered 500")


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


def test_nor_is_what_was_told_long_before_another_process_began() -> None:
    desk, partner = Desk(), Partner()
    begun(desk, partner)
    desk.publish(JSON, 1)
    many(desk, PART)
    work(desk.delivery(partner))
    many(desk, 1, PART + 1)
    work(desk.delivery(partner))
    told = len(partner.told)
    desk.announce(changed(JSON, 1))
    work(desk.delivery(partner))
    assert len(partner.told) == told == PART + 2


def test_nothing_is_told_before_the_document_can_be_read() -> None:
    desk, partner = Desk(), Partner()
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
    desk.publish(RSS, 1)
    assert 1.4 <= work(delivery) <= 1.5
    assert partner.told == []
    desk.clock.time += 3 * SECOND // 2
    work(delivery)
    assert partner.told == [(1, RSS, 1)]


def test_a_failure_holds_the_order_and_is_tried_again_later() -> None:
    desk, partner = Desk(), Partner(lambda _: REFUSED)
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
    desk.publish(RSS, 1)
    work(delivery)
    partner.answer = lambda _: DELIVERED
    resume(desk.store, partner.id)
    desk.clock.time += MINUTE
    work(delivery)
    assert partner.told == [(1, RSS, 1)]
