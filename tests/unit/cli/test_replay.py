import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.store import STATE

KEY = "feeds/teluk/latest.json"


@pytest.fixture
def damaged(shell: Shell) -> bytes:
    """What the feed was before its title was changed behind the worker's back."""
    shell("publish", shell.write("storm.json", story()))
    assert shell("worker", "feeds", "--drain").code == 0
    stored = shell.store.get(KEY)
    assert stored
    shell.store.put(KEY, stored.body.replace(b"Badai", b"Damai"), stored.etag, STATE)
    return stored.body


def body(shell: Shell) -> bytes:
    stored = shell.store.get(KEY)
    assert stored
    return stored.body


def test_where_there_is_no_log_nothing_is_said_to_be_well(shell: Shell) -> None:
    result = shell("replay", "feeds", "--dry-run")
    assert (result.code, result.out) == (78, "")
    assert "no log at" in result.err
    assert list(shell.folder.iterdir()) == []


def test_what_differs_is_shown_and_left_to_who_says_no(shell: Shell, damaged: bytes) -> None:
    for arguments, answer in ((["--dry-run"], b""), ([], b"n\n")):
        result = shell("replay", "feeds", *arguments, stdin=answer)
        assert result.code == 1
        first, was, now, last, *_ = result.out.splitlines()
        assert (first, last) == (f"{KEY}: other content", "1 document differs from what the log says.")
        assert "Damai" in was
        assert "Badai" in now
        assert body(shell) != damaged


def test_what_differs_is_published_by_a_yes(shell: Shell, damaged: bytes) -> None:
    assert shell("replay", "feeds", stdin=b"y\n").code == 0
    assert b"Badai" in body(shell)
    assert shell("replay", "feeds", "--dry-run") == (0, "No difference.\n", "")


def test_a_script_has_to_say_what_it_wants(shell: Shell, damaged: bytes) -> None:
    assert shell("replay", "feeds", "--json").code == 2
    assert shell("replay", "feeds", "--json", "--yes").json["differences"][0]["key"] == KEY
    assert shell("replay", "feeds", "--json", "--dry-run").json == {"differences": []}
