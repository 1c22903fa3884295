"""Dead letters of what a hook could not map: shown as it was sent, mapped again once the mapping is mended."""

import json

import pytest

from tests.golden.hooks.deliveries import SECRET, signed
from tests.unit.cli.conftest import Shell
from wireroom.codec import decode
from wireroom.config import load
from wireroom.ingest.hooks import Delivery, Verdict
from wireroom.ingest.hooks.receive import receive

STORY = {"ident": "a-1", "head": "Quake", "at": "2026-11-24T09:30:00", "spiked": False}
HOOKS = f"""
hooks:
  - cms: generic
    publication: wire
    secret: {SECRET.decode()}
    url_template: https://wire.example/{{article_id}}
    mapping:
      article_id: /ident
      title: /head
      published_at: /at
      modified_at: /at
"""
MENDED = HOOKS.replace("_at: /at", "_at: {path: /at, convert: utc}")


@pytest.fixture
def rejected(shell: Shell) -> Shell:
    (shell.folder / "wireroom.yaml").write_text(HOOKS)
    delivery = signed(Delivery("generic", "wire", "", {}, json.dumps(STORY).encode(), 1_795_513_500_000_000))
    outcome = receive(load(None, {}), delivery)
    assert outcome.verdict is Verdict.DEAD_LETTERED
    shell.log.append(outcome.topic, outcome.messages)
    return shell


def test_it_is_shown_as_it_was_sent(rejected: Shell) -> None:
    [listed] = rejected("dead-letters", "list", "--json").json
    assert (listed["worker"], listed["key"], listed["rule"]) == ("ingest", "wire", "invalid-event")
    assert listed["faults"][0]["path"] == "occurred_at"
    assert rejected("dead-letters", "show", "0/0", "--json").json["event"] == STORY


def test_it_is_mapped_again_by_the_mapping_of_now(rejected: Shell) -> None:
    (rejected.folder / "wireroom.yaml").write_text(MENDED)
    assert rejected("dead-letters", "redrive", "--all").out == "redriven: 1\n"
    [record] = rejected.records()
    event = decode(record.value)
    assert (event.article_id, event.revision) == ("a-1", 1_795_512_600_000_000)
    assert rejected("dead-letters", "list", "--json").json == []


def test_what_still_cannot_be_mapped_is_a_new_letter(rejected: Shell) -> None:
    assert rejected("dead-letters", "redrive", "--all").out == "redriven: 1\n"
    assert not rejected.records()
    assert [letter["redriven"] for letter in rejected("dead-letters", "list", "--all", "--json").json] == [True, False]


def test_what_concerns_nobody_by_now_is_done_with(rejected: Shell) -> None:
    ignored = MENDED.replace("mapping:\n", "mapping:\n      ignored: {path: /spiked, equals: false}\n")
    (rejected.folder / "wireroom.yaml").write_text(ignored)
    assert rejected("dead-letters", "redrive", "--all").out == "redriven: 1\n"
    assert not rejected.records()
    assert rejected("dead-letters", "list", "--json").json == []


def test_what_no_hook_takes_any_more_stays(rejected: Shell) -> None:
    (rejected.folder / "wireroom.yaml").write_text("flush_interval: 1\n")
    assert rejected("dead-letters", "redrive", "--all").out == "redriven: 0\n"
    assert len(rejected("dead-letters", "list", "--json").json) == 1
