import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.cli import _letters
from wireroom.errors import Fault, Reject
from wireroom.log import ARTICLES, BACKFILL, Message

BROKEN = Reject("undecodable", [Fault("", "EOF", "a datum"), Fault("b", "1", "2")])


@pytest.fixture
def rejected(shell: Shell) -> Shell:
    """Three letters about two records: 0/0 and 0/1 about the same one."""
    shell.write("many.ndjson", story("a"), story("b"))
    assert shell("publish", "many.ndjson").code == 0
    first, second = shell.records()
    shell.reject("feeds", first, BROKEN)
    shell.reject("sitemaps", first, BROKEN)
    shell.reject("feeds", second, Reject("title-empty"))
    return shell


def ids(shell: Shell, *options: str) -> list[str]:
    return [letter["id"] for letter in shell("dead-letters", "list", "--json", *options).json]


def test_none(shell: Shell) -> None:
    shell.write("many.ndjson", story("a"))
    shell("publish", "many.ndjson")
    assert shell("dead-letters", "list") == (0, "no dead letters\n", "")
    assert ids(shell) == []


def test_list(rejected: Shell) -> None:
    assert ids(rejected) == ["0/0", "0/1", "0/2"]
    assert ids(rejected, "--worker", "feeds") == ["0/0", "0/2"]
    lines = rejected("dead-letters", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["0/0", "0/1", "0/2"]
    assert "undecodable  (whole): found EOF, expected a datum (and 1 more)" in lines[0]
    assert "title-empty" in lines[2]


def test_show(rejected: Shell) -> None:
    page = rejected("dead-letters", "show", "0/1").out
    assert "origin:    articles/0/0" in page
    assert page.count("fault:") == 2
    assert '"article_id": "a"' in page
    letter = rejected("dead-letters", "show", "0/1", "--json").json
    assert (letter["worker"], letter["rule"], letter["event"]["article_id"]) == ("sitemaps", "undecodable", "a")
    assert letter["faults"] == [
        {"path": "", "found": "EOF", "expected": "a datum"},
        {"path": "b", "found": "1", "expected": "2"},
    ]


def test_what_is_no_event_is_shown_as_bytes(shell: Shell) -> None:
    shell.log.append(ARTICLES, [Message("teluk", b"\xc3\x01?")])
    shell.reject("feeds", shell.records()[0], BROKEN)
    assert shell("dead-letters", "show", "0/0", "--json").json["event"] == {"hex": "c3013f"}


def test_redrive_appends_the_record_as_it_was_to_where_it_came_from(rejected: Shell) -> None:
    assert rejected("dead-letters", "redrive", "0/2").out == "redriven: 1\n"
    *_, original, again = rejected.records()
    assert (again.key, again.value, again.headers) == (original.key, original.value, original.headers)
    assert ids(rejected) == ["0/0", "0/1"]


def test_an_archived_record_goes_back_to_the_archive(shell: Shell) -> None:
    shell.log.append(BACKFILL, [Message("teluk", b"x", {"ce_id": b"1"})])
    shell.reject("feeds", shell.records(BACKFILL)[0], BROKEN)
    shell("dead-letters", "redrive", "--all")
    assert [(record.value, record.headers) for record in shell.records(BACKFILL)] == [(b"x", {"ce_id": b"1"})] * 2


def test_a_record_that_several_workers_rejected_is_redriven_once(rejected: Shell) -> None:
    assert rejected("dead-letters", "redrive", "0/0").out == "redriven: 1\n"
    assert ids(rejected) == ["0/2"]
    assert ids(rejected, "--all") == ["0/0", "0/1", "0/2"]
    assert "[redriven]" in rejected("dead-letters", "list", "--all").out
    assert len(rejected.records()) == 3


def test_nothing_is_redriven_twice_by_accident(rejected: Shell) -> None:
    assert rejected("dead-letters", "redrive", "--all", "--json").json == {"redriven": 2}
    assert rejected("dead-letters", "redrive", "--all", "--json").json == {"redriven": 0}
    assert rejected("dead-letters", "redrive", "0/0", "--json").json == {"redriven": 0}
    assert len(rejected.records()) == 4
    assert rejected("dead-letters", "redrive", "0/0", "--again", "--json").json == {"redriven": 1}
    assert len(rejected.records()) == 5


def test_redrive_of_one_worker(rejected: Shell) -> None:
    assert rejected("dead-letters", "redrive", "--all", "--worker", "sitemaps").out == "redriven: 1\n"
    assert ids(rejected) == ["0/2"]


def test_what_is_not_there_whole_is_left_out(rejected: Shell) -> None:
    rejected.log.append(ARTICLES, [Message("teluk", b"x" * 1_040_000)])
    rejected.reject("feeds", rejected.records()[-1], Reject("too-large"))
    assert rejected("dead-letters", "redrive", "--all", "--json").json == {"redriven": 2}
    assert len(rejected.records()) == 5


def test_a_record_that_is_rejected_again_is_a_new_letter(rejected: Shell) -> None:
    rejected("dead-letters", "redrive", "0/2")
    rejected.reject("feeds", rejected.records()[-1], BROKEN)
    assert len(ids(rejected)) == 3


@pytest.mark.parametrize("arguments", [["redrive"], ["redrive", "0/0", "--all"], ["redrive", "0/9"], ["show", "9"]])
def test_usage(rejected: Shell, arguments: list[str]) -> None:
    assert rejected("dead-letters", *arguments).code == 2
    assert len(rejected.records()) == 2


def test_without_a_log_it_says_so(shell: Shell) -> None:
    assert shell("dead-letters", "list").code == 78
    assert list(shell.folder.iterdir()) == []


def test_all_are_read_however_many(rejected: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_letters, "_SLICE", 2)
    assert ids(rejected) == ["0/0", "0/1", "0/2"]
