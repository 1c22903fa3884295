import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell
from wireroom.cli._outcome import run
from wireroom.cli._program import program


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: Shell, name: str) -> None:
    result = shell("completion", name)
    assert result.code == 0
    assert f"_WIREROOM_COMPLETE={name}_complete" in result.out


def test_another_shell(shell: Shell) -> None:
    assert shell("completion", "tcsh").code == 2


def asked(words: str) -> dict[str, str]:
    return {"_WIREROOM_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("wireroom render --as at", ["atom"]),
        ("wireroom worker s", ["sitemaps"]),
        ("wireroom replay ", ["articles", "feeds", "sitemaps"]),
    ],
)
def test_what_the_script_asks_for_is_answered(
    words: str, answer: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in asked(words).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        run(program, [])
    assert capsys.readouterr().out == "".join(f"plain,{name}\n" for name in answer)


def test_the_program_answers(tmp_path: Path) -> None:
    done = subprocess.check_output(
        [sys.executable, "-c", "from wireroom.cli import main; main()"],
        env=os.environ | asked("wireroom pub"),
        cwd=tmp_path,
        text=True,
    )
    assert done == "plain,publish\n"
