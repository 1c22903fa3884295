"""Every command of docs/cms.md, as it stands there: what each system sends is in the feed in the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.project import ROOT
from tests.system.test_docs import BASH, Block, blocks

PUSHES = [block for block in blocks(ROOT / "docs/cms.md") if "curl" in block.text]
[SETTINGS] = [block for block in blocks(ROOT / "docs/cms.md") if "wireroom check" in block.text]
TITLES = {
    "Old bridge closes for a week",
    "Market day – now on Thursday",
    "Ferry sails again",
    "Harbour reopens",
    "Library opens late",
}


class Newsroom:
    """A folder in which blocks are run, one shell each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin/curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.system.curl "$@"\n')
        (folder / "bin/curl").chmod(0o755)
        paths = [str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = os.environ | {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT)}

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BASH, commands], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def show(self, block: Block) -> None:
        done = self.run("\n".join(block.commands))
        assert done.returncode == 0, done.stderr


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    newsroom = Newsroom(tmp_path)
    newsroom.show(SETTINGS)
    return newsroom


def test_what_each_system_sends_is_in_the_feed(newsroom: Newsroom) -> None:
    for block in PUSHES:
        newsroom.show(block)
    assert newsroom.run("wireroom up --drain").returncode == 0
    feed = json.loads((newsroom.folder / "data/store/feeds/morning-post/latest.json").read_text())
    assert {item["title"] for item in feed["items"]} == TITLES


@pytest.mark.parametrize("block", PUSHES, ids=lambda block: block.text.partition("hooks/")[2].partition("/")[0])
def test_another_secret_is_refused(newsroom: Newsroom, block: Block) -> None:
    commands = "\n".join(block.commands)
    assert '-hmac "kept by both sides"' in commands
    done = newsroom.run(commands.replace('-hmac "kept by both sides"', '-hmac "guessed"'))
    assert (done.returncode, "unsigned" in done.stderr) == (22, True)


def test_a_hook_that_is_not_in_the_settings_is_refused(newsroom: Newsroom) -> None:
    (newsroom.folder / "wireroom.yaml").write_text("flush_interval: 1\n")
    done = newsroom.run("\n".join(PUSHES[0].commands))
    assert (done.returncode, "unknown" in done.stderr) == (22, True)
