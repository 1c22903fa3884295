"""Who holds which state, and for how long there has been a later one."""

from tests.unit.partners.story import RSS, access, state
from wireroom.clock import SECOND
from wireroom.partners.records import Lost, Record, Slowed
from wireroom.partners.report import Current, Report, Standing, report

NOW = 1000 * SECOND
WHO = ("northern", RSS)


def behind(found: Report, generation: int, modified: int) -> int | None:
    told = found.behind(found.standings[WHO], Current(generation, modified * SECOND), NOW)
    return told if told is None else told // SECOND


def test_the_last_request_of_each_and_what_it_holds() -> None:
    found = report([state(1, 3), access(2, 3), access(3, 3, 304), access(4, None, 429), access(5, 3, partner="b")])
    standing = found.standings[WHO]
    assert (standing.requests, standing.not_modified, standing.last.status) == (3, 1, 429)
    assert standing.held
    assert standing.held.time == 3 * SECOND
    assert set(found.standings) == {WHO, ("b", RSS)}


def test_behind_since_the_first_later_state_was_there() -> None:
    found = report([state(1, 3), access(2, 3), state(400, 4), access(400, 4, partner="b"), state(500, 5)])
    assert behind(found, 5, 500) == 600
    assert behind(found, 3, 1) is None


def test_behind_what_nobody_has_fetched_yet() -> None:
    assert behind(report([state(1, 3), access(2, 3)]), 4, 900) == 100


def test_who_was_only_refused_holds_nothing() -> None:
    found = report([access(2, None, 404)])
    assert behind(found, 4, 900) is None
    assert found.standings[WHO].held is None


def test_a_document_that_is_not_there_any_more() -> None:
    found = report([state(1, 3), access(2, 3)])
    assert found.behind(found.standings[WHO], None, NOW) is None


def stuck(*known: str | None) -> Standing:
    records: list[Record] = [state(1, 1), state(2, 2), access(3, 1), access(4, 2)]
    return report([*records, *(access(5 + at, 2, known=tag) for at, tag in enumerate(known))]).standings[WHO]


def test_stuck_is_who_goes_on_naming_what_is_old() -> None:
    assert stuck('"tag1"', '"tag1-gzip"').is_stuck
    assert not stuck('"tag1"').is_stuck
    assert not stuck('"tag1"', '"tag2"', '"tag1"').is_stuck
    assert not stuck('"tag2"', '"tag2-br"', None, '"other"').is_stuck


def test_what_was_too_much_or_is_lost() -> None:
    found = report([Slowed(1, "northern", 3), Slowed(2, "northern", 4), Lost(3, 5)])
    assert (found.slowed, found.lost) == ({"northern": 7}, 5)
