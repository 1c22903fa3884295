import re
from collections.abc import Iterator

import pytest

from tests.servers.scripted import Scripted, reply
from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.clock import SystemClock
from wireroom.health import Health
from wireroom.notify.journal import Journal

CANARY = "CANARY-CANARY-CANARY-CANARY"


@pytest.fixture
def server(shell: Shell) -> Iterator[Scripted]:
    with Scripted(reply(204)) as server:
        (shell.folder / "wireroom.yaml").write_text(
            f"""
notify:
  allow: [127.0.0.0/8]
  webhooks:
    - {{id: partner, url: "http://127.0.0.1:{server.port}/in", publications: [teluk], secret: {CANARY}}}
"""
        )
        shell.write("first.ndjson", story("first"))
        shell("publish", "first.ndjson")
        assert shell("worker", "notify", "--drain").code == 0
        yield server


def told(shell: Shell, *idents: str) -> None:
    """Articles, published, and then the webhook is told of them."""
    shell.write("more.ndjson", *(story(ident) for ident in idents))
    shell("publish", "more.ndjson")
    assert shell("worker", "articles", "--drain").code == 0
    result = shell("worker", "notify", "--drain")
    assert (result.code, CANARY in result.err) == (0, False)


def test_a_webhook_is_told_again(shell: Shell, server: Scripted) -> None:
    told(shell, "a", "b")
    assert len(server.requests) == 3
    result = shell("notify", "replay", "partner", "--from", "2")
    assert (result.code, result.out) == (0, "partner is told 2 to 3 again\n")
    shell("worker", "notify", "--drain")
    assert [request.headers["webhook-id"][-2:] for request in server.requests] == ["-1", "-2", "-3", "-2", "-3"]
    assert (
        shell("notify", "replay", "partner", "--from", "2000-01-01T00:00:00Z").out == "partner is told 1 to 3 again\n"
    )
    assert shell("notify", "replay", "partner", "--from", "2999-01-01T00:00:00Z").out == (
        "partner was told nothing since\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["replay", "nobody", "--from", "1"], "there is no webhook nobody under notify.webhooks; there is partner"),
        (["resume", "nobody"], "there is no webhook nobody"),
        (["replay", "partner", "--from", "yesterday"], "'yesterday' is no date and time"),
        (["replay", "partner", "--from", "7"], "--from: found 7, expected a number from 1 to 0"),
        (["replay", "partner"], "--from"),
    ],
)
def test_usage(shell: Shell, server: Scripted, words: list[str], told: str) -> None:
    result = shell("notify", *words)
    assert (result.code, told in result.err) == (2, True)


def test_one_that_had_ended_is_resumed(shell: Shell, server: Scripted) -> None:
    server.answer = reply(410)
    told(shell, "a")
    (notify,) = [each for each in shell("status", "--json").json if each["worker"] == "notify"]
    assert [(each["id"], each["state"]) for each in notify["subscribers"]] == [("webhooks/partner", "ended")]
    server.answer = reply(204)
    assert shell("notify", "resume", "partner").out == "partner is tried again\n"
    shell("worker", "notify", "--drain")
    state = Journal(shell.store, "webhooks/partner").read()
    assert state
    assert (state.waiting, state.ended) == (0, False)


def test_status_says_where_each_one_is_and_why(shell: Shell, server: Scripted) -> None:
    server.answer = reply(503, Retry_After="500")
    told(shell, "a")
    out = shell("status").out
    assert "webhooks/partner: retrying, sent 0, waiting 2, unread 0; it answered 503; next try in" in out
    assert "(documents/0 at " in out
    assert CANARY not in out


def test_status_goes_on_when_a_state_is_damaged(shell: Shell, server: Scripted) -> None:
    (shell.folder / "data/store/editions/_notify/webhooks/partner/state.json").write_text("{")
    result = shell("status")
    assert result.code == 0
    assert "webhooks/partner: red" in result.out
    assert "articles   " in result.out


def test_with_nobody_to_tell_there_is_no_worker(shell: Shell) -> None:
    shell.write("first.ndjson", story("first"))
    shell("publish", "first.ndjson")
    result = shell("worker", "notify", "--drain")
    assert (result.code, "nobody to tell" in result.err) == (78, True)
    assert "notify" not in shell("status").out


def test_letters_of_notify_are_listed_and_not_redriven(shell: Shell, server: Scripted) -> None:
    told(shell, "a")
    shell.undeliverable("webhooks/partner, sequence 1")
    assert "webhooks/partner, sequence 1" in shell("dead-letters", "list", "--worker", "notify").out
    (letter,) = shell("dead-letters", "list", "--json").json
    shown = shell("dead-letters", "show", letter["id"], "--json").json
    assert shown["event"]["key"].startswith("articles/teluk")
    assert shell("dead-letters", "redrive", "--all").out == "redriven: 0\n"


def test_the_doctor_looks_at_it_too(shell: Shell, server: Scripted) -> None:
    assert re.search("worker notify +stopped, lag 0", shell("doctor").out)
    Health(shell.store, SystemClock(), "notify").red("webhooks/partner: its state cannot be read")
    result = shell("doctor")
    assert (result.code, "its state cannot be read" in result.out) == (1, True)
