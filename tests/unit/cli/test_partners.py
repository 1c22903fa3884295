"""`wireroom partners`: from a story that was published to the receipt of its withdrawal."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from tests.unit.serve.http import Answer, ask
from wireroom.clock import SystemClock
from wireroom.config import load
from wireroom.connect import open_store
from wireroom.partners.records import Line, Lost
from wireroom.partners.segments import SegmentWriter
from wireroom.serve import create_app

RSS = "private/feeds/daily/wire.rss"


class Reader:
    """A partner with a key, and a server that is started anew for each look."""

    def __init__(self, shell: Shell, partner: str) -> None:
        self.shell = shell
        self.key = shell("keys", "create", "--partner", partner).out.strip()

    def ask(self, known: str = "", path: str = f"/{RSS}") -> Answer:
        settings = load(None, {})
        with ExitStack() as ending:
            app = create_app(open_store(settings.store.url), settings, ending=ending)
            headers = {"Authorization": f"Bearer {self.key}"} | ({"If-None-Match": known} if known else {})
            return ask(app, path, headers)


def publish(shell: Shell, ident: str, guid: str | None = None) -> None:
    event = story(ident, publication="daily", url=f"https://daily.example/{ident}", guid=guid)
    assert shell("publish", shell.write("stories.json", event)).code == 0


def drain(shell: Shell) -> None:
    for worker in ("feeds", "articles"):
        assert shell("worker", worker, "--drain").code == 0


def receipts(shell: Shell, *more: str) -> dict[str, Any]:
    told: dict[str, Any] = shell("partners", "report", "--article", "daily", "a", "--json", *more).json
    return told


def verdicts(shell: Shell) -> dict[str, str]:
    return {receipt["partner"]: receipt["verdict"] for receipt in receipts(shell)["receipts"]}


def test_a_takedown_is_proved(partnered: Shell) -> None:
    publish(partnered, "a", guid="https://old.example/?p=7")
    drain(partnered)
    north, south = Reader(partnered, "northern"), Reader(partnered, "southern")
    assert b"old.example" in north.ask().body
    south.ask()
    assert verdicts(partnered) == {"northern": "has", "southern": "has"}
    assert receipts(partnered)["withdrawn"] is None
    assert partnered("partners", "report", "--article", "daily", "a").code == 0

    assert partnered("withdraw", "daily", "a").code == 0
    drain(partnered)
    told = partnered("partners", "report", "--article", "daily", "a")
    assert (told.code, told.out.count("HAS IT")) == (1, 2)
    fresh = north.ask()
    assert b"old.example" not in fresh.body
    assert verdicts(partnered) == {"northern": "sent", "southern": "has"}
    assert north.ask(fresh.headers["etag"]).status == 304
    assert south.ask(fresh.headers["etag"]).status == 304
    told = partnered("partners", "report", "--article", "daily", "a")
    assert (told.code, told.out.count("CONFIRMED")) == (0, 2)
    assert fresh.headers["etag"] in told.out
    [receipt] = receipts(partnered, "--partner", "northern")["receipts"]
    assert receipt["sent"]["at"] < receipt["confirmed"]["at"]
    assert receipt["confirmed"]["key"] == north.key.split("_")[1]
    assert north.key.split("_")[2] not in json.dumps(receipt) + told.out


def rows(shell: Shell, *more: str) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = shell("partners", "report", "--json", *more).json["documents"]
    return found


def test_who_fetched_what_and_who_is_behind(partnered: Shell) -> None:
    north = Reader(partnered, "northern")
    publish(partnered, "a")
    drain(partnered)
    etag = north.ask().headers["etag"]
    north.ask(etag)
    [row, never] = rows(partnered)
    assert (row["partner"], row["document"], row["requests"], row["not_modified"]) == ("northern", RSS, 2, 1)
    assert (row["last"]["status"], row["last"]["etag"], row["behind_seconds"]) == (304, etag, None)
    assert (never["partner"], never["last"]) == ("southern", None)
    publish(partnered, "b")
    drain(partnered)
    [row] = rows(partnered, "--partner", "northern")
    assert row["behind_seconds"] >= 0
    assert row["held"]["generation"] < row["current_generation"]
    told = partnered("partners", "report").out
    assert "BEHIND" in told
    assert "southern  private/feeds/daily/wire  never asked for" in told
    for _ in range(3):
        north.ask(etag)
    [row] = rows(partnered, "--partner", "northern")
    assert (row["stuck"], row["behind_seconds"]) == (True, None)
    assert "STUCK" in partnered("partners", "report").out


def test_listing(partnered: Shell) -> None:
    key = Reader(partnered, "northern").key.split("_")[1]
    told = partnered("partners", "list").out.splitlines()
    assert told == [
        f"northern  daily/wire  120/min  keys: {key}  until 2999-01-01T00:00:00+00:00",
        "southern  daily/wire  120/min  keys: none",
    ]
    [northern, southern] = partnered("partners", "list", "--json").json
    assert (northern["name"], northern["keys"], southern["keys"]) == ("Northern Radio", [key], [])
    partnered("keys", "revoke", key)
    assert partnered("partners", "list", "--json").json[0]["keys"] == []


def test_without_partners(shell: Shell) -> None:
    assert shell("partners", "list").out == "no partners\n"
    assert shell("partners", "report").out == "nothing was asked for\n"


def test_what_is_lost_is_told(partnered: Shell) -> None:
    SegmentWriter(partnered.store).append([Line(1, Lost(SystemClock().now(), 7))])
    assert "7 records are lost" in partnered("partners", "report").err
    assert partnered("partners", "report", "--json").json["lost"] == 7


@pytest.mark.parametrize(
    ("given", "told"),
    [(["--partner", "nobody"], "partners list"), (["--article", "daily", "none"], "no article 'none' of daily")],
)
def test_what_is_not_there(partnered: Shell, given: list[str], told: str) -> None:
    publish(partnered, "a")
    result = partnered("partners", "report", *given)
    assert result.code == 2
    assert told in result.err
