import json

import pytest

from tests.unit.cli.conftest import Shell
from wireroom.config import FeedSettings, LogSettings, Publication, Security, Settings, StoreSettings


def test_defaults(shell: Shell) -> None:
    result = shell("check")
    assert result.code == 0
    assert "no faults" in result.out
    assert f"sqlite:///{shell.folder}/data/wireroom.db" in result.out
    assert list(shell.folder.iterdir()) == []


def test_faults_are_told_all_at_once(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text("flush_intervall: 1\npublic_url: x\n")
    result = shell("check")
    assert (result.code, result.out) == (78, "")
    assert "wireroom.yaml:1: flush_intervall: found an unknown key, expected flush_interval" in result.err
    assert "wireroom.yaml:2: public_url" in result.err


@pytest.mark.parametrize("value", ["1s", "NaN", "-1", "[1]", "true"])
def test_a_variable_that_is_no_number_is_told_what_numbers_may_be(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("WIREROOM_FLUSH_INTERVAL", value)
    result = shell("check")
    assert result.code == 78
    assert "WIREROOM_FLUSH_INTERVAL: flush_interval: found" in result.err
    assert "expected seconds: a number from 0 to 3600" in result.err


def test_for_a_script(shell: Shell) -> None:
    (shell.folder / "other.yaml").write_text("public_url: x\n")
    result = shell("check", "--json", "--config", "other.yaml")
    assert result.code == 78
    assert result.json["file"] == "other.yaml"
    assert [fault["path"] for fault in result.json["faults"]] == ["other.yaml:1: public_url"]
    assert shell("check", "--json").json == {"file": None, "faults": []}


def test_every_command_refuses_settings_with_faults(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text("log: 5\n")
    assert [shell(*command).code for command in (["status"], ["dead-letters", "list"], ["withdraw", "a", "b"])] == [
        78
    ] * 3


def test_the_table_of_settings_names_every_one(shell: Shell) -> None:
    table = shell("check", "--settings").out
    for name in Settings.model_fields:
        assert f"| `{name}` | `WIREROOM_{name.upper()}` |" in table
    for name in ("url", "prefix"):
        default = json.dumps(getattr(LogSettings(), name))
        assert f"| `log.{name}` | `WIREROOM_LOG__{name.upper()}` | `{default}` |" in table
    for name in Security.model_fields:
        assert f"| `log.security.{name}` | `WIREROOM_LOG__SECURITY__{name.upper()}` |" in table
    for name in StoreSettings.model_fields:
        assert f"`WIREROOM_STORE__{name.upper()}`" in table


def test_the_table_of_settings_names_what_stands_in_lists(shell: Shell) -> None:
    table = shell("check", "--settings").out
    for name in Publication.model_fields:
        assert f"| `publications[].{name}` |" in table
    for name in FeedSettings.model_fields:
        assert f"| `feeds[].{name}` |" in table
    assert "| `feeds[].include.sections` |" in table
