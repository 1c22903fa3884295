"""What is brought, and what an answer means."""

import hashlib
import hmac

import pytest

from tests.unit.notify.websub.newsroom import KEY, TOPIC, document
from wireroom.clock import DAY, HOUR, MINUTE, SECOND
from wireroom.notify.outcome import DELIVERED, Outcome, Verdict
from wireroom.notify.websub.deliveries import Tried, settled
from wireroom.notify.websub.delivery import PATIENCE, Content, after, wanting
from wireroom.notify.websub.subscriptions import Subscription

NOW = 1000 * DAY
AWAY, REFUSED, ENDED = Outcome(Verdict.AWAY), Outcome(Verdict.REFUSED), Outcome(Verdict.ENDED)


def subscription(callback: str = "https://partner.example/in", **values: int) -> Subscription:
    given = {"since": NOW, "expires": NOW + DAY, **values}
    return Subscription(key=KEY, topic=TOPIC, callback=callback, **given)


def test_the_headers_of_what_is_brought() -> None:
    content = Content(3, document(3), "application/rss+xml; charset=utf-8", "https://f.example/hub", TOPIC)
    assert content.headers(None) == {
        "Content-Type": "application/rss+xml; charset=utf-8",
        "Link": f'<https://f.example/hub>; rel="hub", <{TOPIC}>; rel="self"',
    }
    expected = hmac.new("hemmelig é".encode(), document(3), hashlib.sha256).hexdigest()
    assert content.headers("hemmelig é")["X-Hub-Signature"] == f"sha256={expected}"


def test_who_wants_something() -> None:
    current = {KEY: 7}
    assert wanting([subscription(delivered=6)], current, NOW)
    assert wanting([subscription(delivered=0)], current, NOW)  # new: it may have read the feed before it changed
    assert not wanting([subscription(delivered=7)], current, NOW)
    assert not wanting([subscription(delivered=8)], current, NOW)
    assert not wanting([subscription()], {}, NOW)
    assert not wanting([subscription(due=NOW + 1)], current, NOW)
    assert wanting([subscription(due=NOW)], current, NOW)
    assert not wanting([subscription(expires=NOW)], current, NOW)


def test_who_waits_longest_comes_first() -> None:
    late, early = subscription(due=NOW - 1), subscription(due=NOW - 2)
    assert wanting([late, early], {KEY: 1}, NOW) == [early, late]


def test_what_was_brought_is_remembered_and_failures_forgotten() -> None:
    kept = after(subscription(failures=3, failing_since=NOW - HOUR, due=NOW), 7, DELIVERED, NOW, 0.5)
    assert kept
    assert (kept.delivered, kept.failures, kept.failing_since, kept.due) == (7, 0, 0, 0)


def test_an_older_generation_that_comes_late_takes_nothing_back() -> None:
    kept = after(subscription(delivered=8), 7, DELIVERED, NOW, 0.5)
    assert kept
    assert kept.delivered == 8


@pytest.mark.parametrize("failed", [AWAY, REFUSED])
def test_failures_wait_longer_each_time_and_an_hour_at_most(failed: Outcome) -> None:
    held, waits, now = subscription(), [], NOW
    for _ in range(20):
        kept = after(held, 7, failed, now, 0.0)
        assert kept
        waits.append(kept.due - now)
        held, now = kept, kept.due
    assert waits == sorted(waits)
    assert waits[:3] == [SECOND, 2 * SECOND, 4 * SECOND]
    assert waits[-1] == HOUR
    assert (held.failures, held.failing_since, held.delivered) == (20, NOW, 0)


def test_whoever_asks_for_more_time_gets_it() -> None:
    kept = after(subscription(), 7, Outcome(Verdict.AWAY, "", 5 * MINUTE), NOW, 0.5)
    assert kept
    assert kept.due == NOW + 5 * MINUTE


def test_gone_is_the_end() -> None:
    assert after(subscription(delivered=6), 7, ENDED, NOW, 0.5) is None


def test_nothing_but_failures_is_the_end_after_three_days() -> None:
    assert after(subscription(failures=9, failing_since=NOW - PATIENCE + 1), 7, AWAY, NOW, 0.5)
    assert after(subscription(failures=9, failing_since=NOW - PATIENCE), 7, AWAY, NOW, 0.5) is None


def test_what_came_of_it_is_for_what_is_there_now() -> None:
    sent, other = subscription(), subscription("https://other.example/")
    shard = {sent.id: sent, other.id: other}
    kept = settled(shard, [Tried("", sent, 7, DELIVERED)], NOW)
    assert (kept[sent.id].delivered, kept[other.id].delivered) == (7, 0)
    assert settled({other.id: other}, [Tried("", sent, 7, DELIVERED)], NOW) == {other.id: other}  # unsubscribed
    assert settled(shard, [Tried("", sent, 7, None)], NOW) == shard


def test_one_that_was_renewed_meanwhile_is_not_ended_by_an_old_answer() -> None:
    sent, renewed = subscription(), subscription(since=NOW + 1)
    shard = {renewed.id: renewed}
    assert settled(shard, [Tried("", sent, 7, ENDED)], NOW) == shard
    assert settled(shard, [Tried("", sent, 7, AWAY)], NOW) == shard
    assert settled(shard, [Tried("", sent, 7, DELIVERED)], NOW)[sent.id].delivered == 7
