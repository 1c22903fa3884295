"""Everything that is taken or refused is counted, once, and each number has a line in docs/ingest.md."""

import re

import pytest

from tests.golden.hooks.deliveries import CASES, RECEIVED, SETTINGS
from tests.system.project import ROOT
from tests.unit.ingest.asking import BATCH, LINES, Desk, ask, counted, event, lines, run
from tests.unit.ingest.test_hooks_route import push
from wireroom.ingest.problems import KINDS

BY_NAME = {case.name: case.delivery for case in CASES}


def ours(desk: Desk) -> dict[str, float]:
    return {name: value for name, value in counted(desk).items() if name.startswith("wireroom_ingest_")}


def test_what_is_taken_and_what_is_refused() -> None:
    desk = Desk()
    good, slow = desk.key("daily"), desk.key("daily", rate=0.001, burst=1)

    async def several() -> None:
        await ask(desk.ingest, good, event())
        await ask(desk.ingest, good, event(), "/v1/events?backfill=true")
        await ask(desk.ingest, good, lines(event(), event(publication="other"), {}), BATCH, content_type=LINES)
        await ask(desk.ingest, good, b"{")
        await ask(desk.ingest, None, event())
        await ask(desk.ingest, good, event(), "/v1/nothing")
        await ask(desk.ingest, good, event(), method="GET")
        await ask(desk.ingest, good, event(), content_type="text/plain")
        await ask(desk.ingest, good, event(), "/v1/events?x=1")
        await ask(desk.ingest, good, b"x" * 4_000_001)
        await ask(desk.ingest, slow, event())
        await ask(desk.ingest, slow, event())

    run(desk, several)
    refused = {name: 1 for name in KINDS if name not in ("timeout", "internal-error", "unavailable")}
    found = ours(desk)
    found.pop("wireroom_ingest_in_hand_bytes", None)  # given back a moment after the answer
    assert found == {
        'wireroom_ingest_appended_total{topic="articles"}': 3,
        'wireroom_ingest_appended_total{topic="articles.backfill"}': 1,
        **{f'wireroom_ingest_refused_total{{problem="{name}"}}': n for name, n in refused.items()},
        'wireroom_ingest_refused_total{problem="invalid-event"}': 2,
    }


def test_memory_that_is_in_hand() -> None:
    desk = Desk()
    desk.ingest._memory.take(1234)
    assert ours(desk) == {"wireroom_ingest_in_hand_bytes": 1234}


@pytest.mark.parametrize(
    ("name", "secret", "verdict"),
    [
        ("ghost-published", True, "accepted"),
        ("ghost-published", False, "unsigned"),
        ("superdesk-picture", True, "nothing-to-do"),
    ],
)
def test_what_hooks_receive(name: str, secret: bool, verdict: str) -> None:
    desk = Desk(hooks=SETTINGS.hooks)
    desk.clock.time = RECEIVED
    delivery = BY_NAME[name]
    push(desk, delivery if secret else delivery._replace(headers={}))
    assert ours(desk)[f'wireroom_ingest_deliveries_total{{cms="{delivery.cms}",verdict="{verdict}"}}'] == 1


def test_no_sender_makes_up_a_name() -> None:
    desk = Desk(hooks=SETTINGS.hooks)
    delivery = BY_NAME["ghost-published"]
    push(desk, delivery, "/v1/hooks/canary/daily")
    assert "canary" not in str(counted(desk))


def test_each_has_its_line_in_the_documents() -> None:
    told = set(re.findall(r"^\| `(wireroom_ingest_\w+)", (ROOT / "docs/ingest.md").read_text(), re.M))
    desk = Desk(hooks=SETTINGS.hooks)
    desk.clock.time = RECEIVED
    desk.ingest._memory.take(1)
    push(desk, BY_NAME["ghost-published"])
    push(desk, BY_NAME["ghost-published"]._replace(headers={}))
    assert told == {name.partition("{")[0] for name in ours(desk)}
