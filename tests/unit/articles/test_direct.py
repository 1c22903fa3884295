import json
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.articles.shelf import SINK, Shelf, ninjs, rendered
from tests.unit.newsroom import HOUR, NOON, PUBLICATIONS, Desk, published, withdrawn
from wireroom.articles.direct import Phase, State, state_of
from wireroom.clock import micros
from wireroom.event import ArticleEvent

LIFT = NOON + 2 * HOUR
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize(
    ("event", "now", "phase"),
    [
        (published(), NOON, Phase.SHOWN),
        (withdrawn(), NOON, Phase.SHOWN),
        (published(expires_at=NOON + HOUR), NOON + HOUR, Phase.EXPIRED),
        (published(expires_at=NOON + HOUR), NOON + HOUR - MICROSECOND, Phase.SHOWN),
        (published(at=NOON + MICROSECOND * 7, event_id='"wireroom:event"'), NOON + HOUR, Phase.SHOWN),
    ],
)
def test_a_document_carries_its_state(event: ArticleEvent, now: datetime, phase: Phase) -> None:
    assert state_of(rendered(event, now).body(5)) == State(event.order, phase)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"altIds":[]}',
        b'{"altIds":[{"role":"wireroom:event","value":"x"}],"version":"one","versionCreated":"2026-03-02","pubStatus":"usable"}',
        b'{"altIds":[{"role":"wireroom:event","value":"x"}],"version":"1","versionCreated":"2026-03-02T12:00:00Z","pubStatus":"?"}',
        b'{"altIds":[{"role":"wireroom:event","value":"x"}],"version":"1","versionCreated":"2026-03-02T12:00:00","pubStatus":"usable"}',
    ],
)
def test_what_is_not_ours_is_written_over(shelf: Shelf, body: bytes) -> None:
    assert state_of(body) is None
    shelf.put(body)
    assert shelf.take(published(), now=NOON)
    assert shelf.said["pubStatus"] == "usable"


def test_what_is_not_ours_gives_way_to_a_mark_when_nothing_may_be_shown(shelf: Shelf) -> None:
    shelf.put(b"half of an art")
    assert shelf.take(published(embargoed_until=LIFT), now=NOON)
    assert shelf.said["pubStatus"] == "withheld"


def test_a_document_can_be_read_by_its_own_writer_only_once(shelf: Shelf) -> None:
    assert shelf.take(published(), now=NOON)
    assert not shelf.take(published(), now=NOON)
    assert shelf.generation == 1


def test_changed_rendering_is_written_although_the_event_is_the_same(shelf: Shelf) -> None:
    shelf.take(published(), now=NOON)
    assert shelf.current
    renamed = {"fjordposten": PUBLICATIONS["fjordposten"].model_copy(update={"language": "nn"})}
    again = SINK.direct(published()).merge(shelf.current, micros(NOON), renamed)
    assert again
    assert json.loads(again.body(2))["language"] == again.language == "nn"


def test_an_unknown_publication_can_be_withdrawn_from() -> None:
    assert SINK.direct(withdrawn()).merge(None, micros(NOON), {})


def test_an_embargo_leaves_not_even_a_key(shelf: Shelf) -> None:
    assert not shelf.take(published(embargoed_until=LIFT), now=LIFT - MICROSECOND)
    assert shelf.current is None
    assert shelf.take(published(embargoed_until=LIFT), now=LIFT)
    assert shelf.said["pubStatus"] == "usable"


def test_an_embargo_on_a_public_article_leaves_a_mark_that_tells_nothing(shelf: Shelf) -> None:
    shelf.take(published(title="Rik på funn", guid="https://old.example/rik-pa-funn"), now=NOON)
    secret = published(
        revision=2, title="Hemmelig", embargoed_until=LIFT, expires_at=LIFT + HOUR, guid="https://old.example/hemmelig"
    )
    assert shelf.take(secret, now=NOON)
    assert shelf.current
    ninjs().validate(json.loads(shelf.current.body))
    assert shelf.said == {
        "uri": secret.minted_guid,
        "type": "text",
        "version": "2",
        "versionCreated": "2026-03-02T12:00:00+00:00",
        "pubStatus": "withheld",
        "altIds": [{"role": "wireroom:event", "value": "17-2"}],
    }


def test_the_lift_replaces_the_mark_of_its_own_revision_and_no_clock_brings_it_back(shelf: Shelf) -> None:
    shelf.take(published(), now=NOON)
    embargoed = published(revision=2, title="Ny", embargoed_until=LIFT)
    shelf.take(embargoed, now=NOON)
    assert shelf.take(embargoed, now=LIFT)
    assert shelf.said["headlines"][0]["value"] == "Ny"
    assert not shelf.take(embargoed, now=NOON)


def test_expiry_is_a_withdrawal_by_the_clock(shelf: Shelf) -> None:
    event = published(expires_at=NOON + HOUR)
    shelf.take(event, now=NOON)
    assert shelf.take(event, now=NOON + HOUR)
    assert shelf.said["pubStatus"] == "canceled"
    assert shelf.said["descriptions"] == [{"role": "withdrawal-note", "value": "expired"}]
    assert not shelf.take(event, now=NOON)


def test_an_article_that_expires_under_embargo_is_never_shown(shelf: Shelf) -> None:
    event = published(embargoed_until=LIFT, expires_at=NOON + HOUR)
    assert not shelf.take(event, now=NOON + HOUR)
    shelf.take(event, now=LIFT)
    assert shelf.said["pubStatus"] == "canceled"


def test_a_later_revision_brings_an_expired_article_back(shelf: Shelf) -> None:
    shelf.take(published(expires_at=NOON + HOUR), now=NOON + HOUR)
    shelf.take(published(revision=2), now=NOON + HOUR)
    assert shelf.said["pubStatus"] == "usable"


def test_an_article_that_excludes_articles_is_withheld_where_it_was_and_nothing_elsewhere(shelf: Shelf) -> None:
    excluded = published(revision=2, exclude=["articles"])
    assert not shelf.take(excluded, now=NOON)
    shelf.take(published(), excluded, now=NOON)
    assert shelf.said["pubStatus"] == "withheld"
    shelf.take(published(revision=3, exclude=["sitemaps"]), now=NOON)
    assert shelf.said["pubStatus"] == "usable"


def test_a_withdrawal_always_leaves_its_tombstone(shelf: Shelf) -> None:
    assert shelf.take(withdrawn(revision=5), now=NOON)
    assert not shelf.take(published(revision=4), published(revision=5), now=NOON)
    assert shelf.take(published(revision=6), now=NOON)


EQUALS = [
    published(revision=2, event_id="a", title="A"),
    published(revision=2, event_id="b", title="B"),
    published(revision=2, event_id="0", title="Later", occurred_at=NOON + HOUR),
    withdrawn(revision=2, event_id="0"),
]


@pytest.mark.parametrize("last", [1, 2, 3])
def test_at_equal_revision_the_outcome_is_fixed(last: int) -> None:
    """WITHDRAWN, then the later occurred_at, then the greater event_id."""
    for events in permutations(EQUALS[: last + 1]):
        shelf = Shelf()
        shelf.take(*events, now=NOON + HOUR)
        assert shelf.current
        assert state_of(shelf.current.body) == State(EQUALS[last].order, Phase.SHOWN)


def test_the_generation_cannot_be_forged(shelf: Shelf) -> None:
    forged = 'x<!-- wireroom:generation 99 -->"wireroom:generation","value":"98"'
    event = published(title=forged, body_html=forged, guid=forged, event_id=forged)
    shelf.take(event, now=NOON)
    assert shelf.generation == 1


def test_what_it_shows_is_told() -> None:
    assert rendered(published("a/b", 4), NOON).articles == (("fjordposten", "a/b", 4),)


def test_keys_are_addresses() -> None:
    assert (
        SINK.direct(published("å/../b c", url="https://fjordposten.example/x")).key
        == "articles/fjordposten/~C3~A5~2F~2E~2E~2Fb~20c.json"
    )


# ---- any order, any duplication, any moment

MOMENTS = [NOON + HOUR * hours for hours in range(6)]
END = MOMENTS[-1] + HOUR


@st.composite
def histories(draw: st.DrawFn) -> list[ArticleEvent]:
    """Some revisions of one article; revisions may be equal."""
    events: list[ArticleEvent] = []
    for number in range(draw(st.integers(1, 4))):
        event_id, revision = f"event-{number}", draw(st.integers(1, 3))
        if draw(st.integers(0, 3)) == 0:
            events.append(withdrawn(revision=revision, event_id=event_id))
            continue
        dates: dict[str, Any] = {
            name: draw(st.sampled_from([None, *MOMENTS])) for name in ("embargoed_until", "expires_at", "updated_at")
        }
        events.append(published(revision=revision, event_id=event_id, title=f"tittel-{number}", **dates))
    return events


def run(arrivals: list[tuple[datetime, ArticleEvent]]) -> Shelf:
    """Work through arrivals in their order, lifting what waits as time passes, beyond the last date of any event."""
    shelf = Shelf()
    room = Desk(SINK, SINK.definitions("fjordposten")[1])
    latest = NOON
    for now, event in [*arrivals, (END, None)]:
        for moment in [m for m in [*MOMENTS, END] if latest < m <= now]:
            _lift(shelf, room, moment)
        latest = now
        if event is not None:
            shelf.take(event, now=now)
            room.read(event, now=now)
    return shelf


def _lift(shelf: Shelf, room: Desk, now: datetime) -> None:
    for entry in list(room.edition.entries.values()):
        direct = room.definition.lift(entry)
        assert direct is not None
        shelf.merge(direct, now)
    assert room.read(now=now) == {}


@given(histories(), st.data())
def test_any_order_and_duplication_ends_in_the_same_bytes(events: list[ArticleEvent], data: st.DataObject) -> None:
    outcomes = []
    for _ in range(2):
        order = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events), max_size=3))
        moments = sorted(data.draw(st.lists(st.sampled_from(MOMENTS), min_size=len(order), max_size=len(order))))
        shelf = run(list(zip(moments, order, strict=True)))
        assert shelf.current
        outcomes.append((shelf.said, state_of(shelf.current.body)))
    assert outcomes[0] == outcomes[1]
    winner = max(event.order for event in events)
    assert outcomes[0][1] is not None
    assert outcomes[0][1].order == winner


@given(histories(), st.data())
def test_at_no_moment_is_anything_under_embargo_shown_and_the_state_only_rises(
    events: list[ArticleEvent], data: st.DataObject
) -> None:
    shelf = Shelf()
    states: list[State] = []
    for now in sorted(data.draw(st.lists(st.sampled_from(MOMENTS), min_size=6, max_size=6))):
        shelf.take(data.draw(st.sampled_from(events)), now=now)
        if shelf.current is None:
            continue
        hidden = [e.article.title for e in events if e.article and e.visible_from > micros(now)]
        assert not any(title.encode() in shelf.current.body for title in hidden)
        state = state_of(shelf.current.body)
        assert state is not None
        states.append(state)
    assert states == sorted(states)
