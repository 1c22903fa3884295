import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: Shell, name: str) -> None:
    result = shell("completion", name)
    assert result.code == 0
    assert f"_WIREROOM_COMPLETE={name}_complete" in result.out


def test_another_shell(shell: Shell) -> None:
    assert shell("completion", "tcsh").code == 2


def complete(words: str, folder: Path) -> str:
    environment = {"_WIREROOM_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return subprocess.check_output(
        [sys.executable, "-c", "from wireroom.cli import main; main()"],
        env=os.environ | environment,
        cwd=folder,
        text=True,
    )


def test_what_the_script_asks_for_is_answered(tmp_path: Path) -> None:
    assert complete("wireroom pub", tmp_path) == "plain,publish\n"
    assert complete("wireroom render --as at", tmp_path) == "plain,atom\n"
    assert complete("wireroom worker s", tmp_path) == "plain,sitemaps\n"
    assert complete("wireroom replay ", tmp_path) == "plain,articles\nplain,feeds\nplain,sitemaps\n"
