import json
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import STORM, story

SOON = "2026-03-01T06:00:00Z"
LATER = "2026-04-20T06:00:00Z"
TITLE = "Badai menutup pelabuhan selama dua hari"
CONFIGURED = """
publications: [{id: teluk, name: Teluk Pos, language: id, url: "https://teluk.example"}]
feeds:
  - {id: laut, publication: teluk, formats: [atom], include: {sections: [Laut]}}
  - {id: cuaca, publication: teluk, formats: [atom, json], title: Cuaca Teluk, include: {sections: [Cuaca]}}
public_url: https://feeds.example/
"""


@pytest.mark.parametrize("form", ["rss", "atom", "json", "sitemap", "ninjs"])
def test_each_form_shows_the_article(shell: Shell, form: str) -> None:
    shell.write("storm.json", STORM)
    result = shell("render", "storm.json", "--as", form, "--at", SOON)
    assert (result.code, result.err) == (0, "")
    if form in ("json", "ninjs"):
        assert TITLE in json.dumps(json.loads(result.out))
    else:
        assert TITLE in "".join(map(str, etree.fromstring(result.out.encode()).itertext()))


def test_nothing_is_written(shell: Shell) -> None:
    shell.write("storm.json", STORM)
    shell("render", "storm.json", "--as", "ninjs")
    assert [path.name for path in shell.folder.iterdir()] == ["storm.json"]


def test_standard_input_and_the_present(shell: Shell) -> None:
    now = datetime.now(UTC)
    event = story(published_at=(now - timedelta(minutes=1)).isoformat(), article={"modified_at": now.isoformat()})
    result = shell("render", "-", "--as", "sitemap", stdin=json.dumps(event).encode())
    assert (result.code, result.err) == (0, "")
    assert TITLE in result.out


def test_an_old_article_shows_in_a_feed_and_not_in_a_sitemap(shell: Shell) -> None:
    shell.write("storm.json", STORM)
    assert TITLE in shell("render", "storm.json", "--as", "atom", "--at", LATER).out
    result = shell("render", "storm.json", "--as", "sitemap", "--at", LATER)
    assert result.code == 1
    assert TITLE not in result.out
    assert "since 2026-03-03T05:30:00+00:00 it is too old" in result.err


@pytest.mark.parametrize("form", ["rss", "sitemap", "ninjs"])
def test_an_embargo_is_told_and_nothing_of_the_article_is(shell: Shell, form: str) -> None:
    shell.write("storm.json", story(article={"embargoed_until": "2026-03-05T00:00:00Z"}))
    result = shell("render", "storm.json", "--as", form, "--at", SOON)
    assert result.code == 1
    assert "not before 2026-03-05T00:00:00+00:00" in result.err
    assert "Badai" not in result.out


def test_a_withdrawal(shell: Shell) -> None:
    shell.write("gone.json", {**STORM, "kind": "WITHDRAWN", "article": None, "url": None})
    assert json.loads(shell("render", "gone.json", "--as", "ninjs").out)["pubStatus"] == "canceled"
    result = shell("render", "gone.json", "--as", "rss")
    assert (result.code, result.out) == (1, "")
    assert "a withdrawal" in result.err


def test_the_feed_of_the_configuration_that_shows_it(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text(CONFIGURED)
    shell.write("storm.json", STORM)
    result = shell("render", "storm.json", "--as", "atom")
    assert result.code == 0
    assert "<title>Cuaca Teluk</title>" in result.out
    assert "https://feeds.example/feeds/teluk/cuaca.atom" in result.out


def test_what_no_feed_shows(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text(CONFIGURED)
    shell.write("storm.json", story(article={"sections": ["Olahraga"]}))
    result = shell("render", "storm.json", "--as", "atom")
    assert (result.code, "laut does not select it" in result.err) == (1, True)
    result = shell("render", "storm.json", "--as", "rss")
    assert (result.code, "has the format rss" in result.err) == (1, True)


def test_a_publication_that_the_configuration_does_not_name(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text(CONFIGURED)
    shell.write("storm.json", story(publication="bergen"))
    result = shell("render", "storm.json", "--as", "atom")
    assert (result.code, "unknown-publication" in result.err) == (1, True)


def test_a_lint_finding(shell: Shell) -> None:
    shell.write("storm.json", story(url="https://teluk.example/" + "x" * 2048))
    result = shell("render", "storm.json", "--as", "sitemap", "--at", SOON)
    assert result.code == 1
    assert result.out == ""
    assert "loc-too-long" in result.err


def test_faults_of_an_event(shell: Shell) -> None:
    shell.write("storm.json", story(revision=0, url="badai"))
    result = shell("render", "storm.json", "--as", "rss")
    assert (result.code, result.out) == (1, "")
    assert "revision: found 0" in result.err
    assert "url: found 'badai'" in result.err
    assert shell("render", "-", "--as", "rss", stdin=b'{"a":1,"a":2}').code == 1


@pytest.mark.parametrize("text", ["", "[]", '{"a":1}\n{"b":2}'])
def test_one_event_is_expected(shell: Shell, text: str) -> None:
    result = shell("render", "-", "--as", "rss", stdin=text.encode())
    assert (result.code, "one event is expected" in result.err) == (2, True)


def test_what_the_worker_would_reject_is_a_finding_for_its_own_document_too(shell: Shell) -> None:
    shell.write("storm.json", story(article={"title": "&nbsp;"}))
    result = shell("render", "storm.json", "--as", "ninjs", "--at", SOON)
    assert (result.code, result.out) == (1, "")
    assert "empty-title" in result.err
