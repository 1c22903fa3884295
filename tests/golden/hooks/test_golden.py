"""Golden pairs: `{name}.json` is what a system sends, `events/{name}.json` what it must become."""

import json

import pytest

from tests.golden.hooks.deliveries import CASES, HERE, SETTINGS, Case
from wireroom.codec import decode
from wireroom.ingest.hooks import Verdict
from wireroom.ingest.hooks.receive import HOOKS, receive


def become(case: Case) -> list[object]:
    outcome = receive(SETTINGS, case.delivery)
    assert outcome.reason is None
    assert outcome.verdict is (Verdict.ACCEPTED if outcome.messages else Verdict.NOTHING)
    return [decode(message.value).model_dump(mode="json", exclude_defaults=True) for message in outcome.messages]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_payload_becomes_its_event(case: Case) -> None:
    written = (HERE / f"events/{case.name}.json").read_text()
    assert json.dumps(become(case), ensure_ascii=False, indent=2) + "\n" == written


def test_every_file_is_a_case_and_every_hook_has_one() -> None:
    assert {path.stem for path in HERE.glob("*.json")} == {case.name for case in CASES}
    assert {path.stem for path in HERE.glob("events/*.json")} == {case.name for case in CASES}
    assert {case.cms for case in CASES} == set(HOOKS)


def test_nobody_s_address_is_in_any_event() -> None:
    sent = "".join(case.body.decode() for case in CASES)
    assert "ingrid.moe@fjordposten.example" in sent
    assert "@" not in "".join(json.dumps(become(case)) for case in CASES)
