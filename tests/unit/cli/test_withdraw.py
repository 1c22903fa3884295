import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.articles import ArticlesSink
from wireroom.clock import micros
from wireroom.codec import decode
from wireroom.config import Publication, Settings
from wireroom.event import ArticleEvent, Kind
from wireroom.store import STATE

KEY = "articles/teluk/badai~2F7.json"
TELUK = {"teluk": Publication(id="teluk", name="Teluk", language="id", url="https://teluk.example")}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def keep(shell: Shell, event: dict[str, Any], now: datetime = NOW) -> None:
    """Put the article's document into the store, as the worker does."""
    direct = ArticlesSink(Settings()).direct(ArticleEvent.parse(event))
    stored = shell.store.get(KEY)
    document = direct.merge(stored, micros(now), TELUK)
    assert document is not None
    assert document.key == KEY
    shell.store.put(KEY, document.body(1), stored.etag if stored else None, STATE)


def withdrawn(shell: Shell) -> ArticleEvent:
    event = decode(shell.records()[-1].value)
    assert event.kind is Kind.WITHDRAWN
    return event


def test_revision_date_and_guid_come_from_the_document(shell: Shell) -> None:
    keep(shell, story(revision=41, guid="https://teluk.example/?p=7"))
    result = shell("withdraw", "teluk", "badai/7", "--note", "Salah tempat")
    assert (result.code, result.out) == (0, "withdrawn at revision 42\n")
    event = withdrawn(shell)
    assert (event.publication, event.article_id, event.revision) == ("teluk", "badai/7", 42)
    assert event.published_at == datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
    assert (event.note, event.guid) == ("Salah tempat", "https://teluk.example/?p=7")


def test_options_go_before_the_document(shell: Shell) -> None:
    keep(shell, story(revision=3))
    options = ("--revision", "99", "--published-at", "2026-02-28T23:00:00-01:00")
    assert shell("withdraw", "teluk", "badai/7", *options, "--json").json == {"result": "withdrawn", "revision": 99}
    assert withdrawn(shell).published_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_an_article_that_is_withdrawn_already(shell: Shell) -> None:
    event = {**story(revision=5, kind="WITHDRAWN", url=None), "article": None}
    keep(shell, event)
    result = shell("withdraw", "teluk", "badai/7", "--json")
    assert (result.code, result.json) == (0, {"result": "already withdrawn", "revision": 5})
    assert not (shell.folder / "data/wireroom.db").exists()


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ((), "--revision and --published-at"),
        (("--revision", "2"), "--published-at"),
        (("--published-at", "2026-03-01T00:00:00Z"), "--revision"),
    ],
)
def test_an_article_without_a_document(shell: Shell, options: tuple[str, ...], missing: str) -> None:
    result = shell("withdraw", "teluk", "badai/7", *options)
    assert result.code == 2
    assert result.err.endswith(f"the store has no {KEY}: check the ids, or give {missing}\n")
    assert not (shell.folder / "data/wireroom.db").exists()


def test_an_article_without_a_document_by_its_revision_and_date(shell: Shell) -> None:
    result = shell("withdraw", "teluk", "x", "--revision", "2", "--published-at", "2026-03-01T00:00:00Z")
    assert result.code == 0
    assert withdrawn(shell).article_id == "x"


def test_an_expired_article_is_withdrawn_for_good_with_its_date(shell: Shell) -> None:
    keep(shell, story(revision=5, article={"expires_at": "2026-03-01T12:00:00Z"}))
    assert json.loads(shell.store.get(KEY).body)["pubStatus"] == "canceled"  # type: ignore[union-attr]
    result = shell("withdraw", "teluk", "badai/7")
    assert result.code == 2
    assert result.err.endswith(f"{KEY} does not tell: give --published-at\n")
    assert shell("withdraw", "teluk", "badai/7", "--published-at", "2026-03-01T05:30:00Z").code == 0
    assert withdrawn(shell).revision == 6


def test_a_document_that_is_not_ours_tells_nothing(shell: Shell) -> None:
    for body in (b"<html>", b"[]", b'{"version": "x"}', b'{"altIds": [1]}'):
        stored = shell.store.get(KEY)
        shell.store.put(KEY, body, stored.etag if stored else None, STATE)
        assert shell("withdraw", "teluk", "badai/7").code == 2


@pytest.mark.parametrize("date", ["2026-03-01", "2026-03-01T00:00:00", "yesterday", ""])
def test_a_date_without_its_zone_is_refused(shell: Shell, date: str) -> None:
    result = shell("withdraw", "teluk", "x", "--revision", "2", "--published-at", date)
    assert result.code == 2
    assert "zone" in result.err


@pytest.mark.parametrize("options", [(), ("--revision", "2", "--published-at", "2026-03-01T00:00:00Z")])
def test_ids_that_cannot_be(shell: Shell, options: tuple[str, ...]) -> None:
    result = shell("withdraw", "../Teluk", "", *options)
    assert result.code == 1
    assert "publication: found '../Teluk'" in result.err
    assert "article_id: found ''" in result.err
    assert shell.records() == []


def test_a_withdrawal_may_be_raised(shell: Shell) -> None:
    keep(shell, {**story(revision=5, kind="WITHDRAWN", url=None), "article": None})
    result = shell("withdraw", "teluk", "badai/7", "--revision", "9", "--published-at", "2026-03-01T05:30:00Z")
    assert (result.code, result.out) == (0, "withdrawn at revision 9\n")
    assert withdrawn(shell).revision == 9


def test_a_date_before_the_year_1_is_a_fault_of_usage(shell: Shell) -> None:
    assert shell("withdraw", "teluk", "x", "--published-at", "0001-01-01T00:00:00+14:00").code == 2
