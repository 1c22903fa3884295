"""Whatever JSON a system sends, whole or with anything wrong in it: an outcome, and no exception."""

import copy
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.hooks.deliveries import CASES, SETTINGS, Case, signed
from wireroom.codec import decode
from wireroom.ingest.hooks import Outcome, Verdict
from wireroom.ingest.hooks.receive import receive

DATES = ["2026-11-24T09:00:00Z", "0000-00-00T00:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01 00:00:00"]
WORDS = ["", "a@b.example", "public", "paid", "published", "draft", "true", "0", "\ud800", "<p>&#0;"]
KNOWN = st.sampled_from([*DATES, *WORDS, "/x", "//x", "http://[", "https://x"])
NUMBERS = st.integers(-(10**400), 10**400) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, 1])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | KNOWN
KEYS = KNOWN | st.sampled_from(["id", "post", "current", "previous", "status", "visibility", "type", "0", "*"])
ANY = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))
DEEP = json.loads("[" * 900 + "]" * 900)
NAMES = ("ghost-published", "wordpress-published", "superdesk-text", "ninjs-3", "generic-wire", "drupal-updated")
ONE_EACH = [case for case in CASES if case.name in NAMES]
case_of = st.sampled_from(CASES)


def outcome(case: Case, payload: object) -> Outcome:
    body = json.dumps(payload).encode()
    return receive(SETTINGS, signed(case.delivery._replace(body=body)))


def sound(found: Outcome) -> None:
    assert found.verdict in (Verdict.ACCEPTED, Verdict.NOTHING, Verdict.DEAD_LETTERED)
    assert (found.reason is None) == (found.verdict is not Verdict.DEAD_LETTERED)
    assert bool(found.messages) == (found.verdict is not Verdict.NOTHING)
    if found.verdict is Verdict.ACCEPTED:
        [event] = [decode(message.value) for message in found.messages]
        assert event.revision >= 1
        assert (
            not [author for author in event.article.authors if "@b.example" in author.name] if event.article else True
        )


@given(case_of, ANY)
def test_any_json(case: Case, payload: object) -> None:
    sound(outcome(case, payload))


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, (*path, key))


def replaced(value: object, path: tuple[str | int, ...], other: object) -> object:
    if not path:
        return other
    changed = copy.copy(value)
    assert isinstance(changed, dict | list)
    changed[path[0]] = replaced(value[path[0]], path[1:], other)  # type: ignore[index]
    return changed


@given(st.data(), case_of, ANY)
def test_anything_in_place_of_anything(data: st.DataObject, case: Case, other: object) -> None:
    payload = json.loads(case.body)
    sound(outcome(case, replaced(payload, data.draw(st.sampled_from(list(places(payload)))), other)))


@pytest.mark.parametrize("other", [DEEP, {}, "x", 10**400], ids=lambda other: type(other).__name__)
@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.name)
def test_each_value_in_turn_is_of_another_type(case: Case, other: object) -> None:
    payload = json.loads(case.body)
    for path in places(payload):
        sound(outcome(case, replaced(payload, path, other)))


NONE = [b"", b"{", b"\xff\xfe{", b'{"a": NaN}', b"[" * 100_000, b"9" * 5_000, b'"\xed\xa0\x80"', b"null", b"[{}]"]


@pytest.mark.parametrize("body", NONE, ids=lambda body: str(body[:12]))
@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.name)
def test_what_is_no_payload_at_all(case: Case, body: bytes) -> None:
    found = receive(SETTINGS, signed(case.delivery._replace(body=body)))
    assert found.verdict is Verdict.DEAD_LETTERED
    assert found.reason
    assert found.reason.faults
    assert found.messages[0].value == body


def test_a_list_of_very_many_costs_one_fault() -> None:
    case = next(case for case in CASES if case.name == "ghost-published")
    payload = json.loads(case.body)
    payload["post"]["current"]["tags"] = [{"name": f"t{number}"} for number in range(20_000)]
    payload["post"]["current"]["authors"] = [{"name": f"a{number}"} for number in range(20_000)]
    found = outcome(case, payload)
    assert found.reason
    assert [fault.path for fault in found.reason.faults] == ["article.authors", "article.tags"]


def test_depth_in_every_item_of_a_list() -> None:
    case = next(case for case in CASES if case.name == "ghost-published")
    payload = json.loads(case.body)
    payload["post"]["current"] |= {"tags": [{"name": DEEP}] * 3, "authors": [{"name": DEEP, "url": DEEP}] * 3}
    sound(outcome(case, payload))
