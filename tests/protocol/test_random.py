"""Any events from both logs, with faults anywhere: at rest the outputs are those of an undisturbed run."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.events import NOW, put, wd
from tests.unit.worker.newsroom import NEWS, SPORT, Faults, Newsroom, live_through, run_to_rest
from wireroom.clock import DAY, HOUR
from wireroom.event import ArticleEvent

SECTIONS = st.sampled_from([("news",), ("sport",), ("news", "sport"), ("other",)])


@st.composite
def events(draw: st.DrawFn) -> ArticleEvent:
    ident, revision = draw(st.sampled_from("abcdefg")), draw(st.integers(1, 4))
    published = {"f": NOW - 2 * DAY, "g": NOW - 40 * DAY}.get(ident)
    if draw(st.integers(0, 3)) == 0:
        return wd(ident, revision, published=published)
    hour = draw(st.sampled_from([None, None, -HOUR, HOUR]))
    title = "bad" if draw(st.integers(0, 9)) == 0 else None
    sections = draw(SECTIONS)
    return put(
        ident,
        revision,
        sections=sections,
        published=published,
        embargo=hour and NOW + hour,
        title=title,
        event_id=f"{ident}-{revision}-{sections}-{hour}-{title}",
    )


FAULTS = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["die", "lost", "fail"])), max_size=4)


@settings(max_examples=30)
@given(st.lists(events(), max_size=12), st.lists(events(), max_size=5), FAULTS)
def test_faults_change_nothing(
    live: Sequence[ArticleEvent], archive: Sequence[ArticleEvent], faults: Sequence[tuple[int, str]]
) -> None:
    calm, rough = Newsroom(), Newsroom()
    for room in (calm, rough):
        room.publish(*live[:6])
        room.archive(*archive)
    run_to_rest(calm.worker(NEWS, SPORT))
    for at, kind in faults[:2]:
        live_through(rough.worker(NEWS, SPORT, faults=Faults(at, kind)))
    for room in (calm, rough):
        room.publish(*live[6:])
    run_to_rest(calm.worker(NEWS, SPORT))
    for at, kind in faults[2:]:
        live_through(rough.worker(NEWS, SPORT, faults=Faults(at, kind)))
    run_to_rest(rough.worker(NEWS, SPORT))
    for room in (calm, rough):
        room.clock.time += 2 * HOUR
        run_to_rest(room.worker(NEWS, SPORT))
    assert rough.contents() == calm.contents()
    rough.oracle.check_formats()
