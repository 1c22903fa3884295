"""What was told is told again."""

from pathlib import Path

import pytest

from tests.unit.notify.desk import NOON, Desk, Partner, begun, many, work
from wireroom.clock import HOUR, MINUTE, SECOND
from wireroom.errors import Conflict, Reject
from wireroom.notify.journal import PART, Journal
from wireroom.notify.outcome import DELIVERED, Outcome, Verdict
from wireroom.notify.rewind import rewind
from wireroom.store.directory import DirectoryStore

REFUSED = Outcome(Verdict.REFUSED, "it answered 500")


def test_what_was_told_is_told_again_from_a_number_and_then_it_goes_on() -> None:
    desk, partner = Desk(), Partner()
    delivery = begun(desk, partner)
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


def test_what_was_not_told_yet_is_not_left_out() -> None:
    desk, partner = Desk(), Partner(lambda _: REFUSED)
    begun(desk, partner)
    many(desk, 3)
    work(desk.delivery(partner))
    rewind(desk.store, partner.id, 3, None)
    partner.answer = lambda _: DELIVERED
    work(desk.delivery(partner))
    assert [sequence for sequence, _, _ in partner.told] == [1, 2, 3]


def test_a_command_is_heard_by_a_worker_that_has_just_read_on() -> None:
    desk, partner = Desk(), Partner()
    delivery = begun(desk, partner)
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
    delivery = begun(desk, partner)
    for week in range(3):
        for part in range(2):
            many(desk, PART, 1 + PART * (2 * week + part))
            work(delivery)
        desk.clock.time += 8 * 24 * HOUR
    with pytest.raises(Reject, match=f"from {4 * PART + 1} to {6 * PART}"):
        rewind(desk.store, partner.id, 1, None)


def test_in_a_folder_as_in_memory(tmp_path: Path) -> None:
    desk, partner = Desk(store=DirectoryStore(tmp_path)), Partner()
    delivery = begun(desk, partner)
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
