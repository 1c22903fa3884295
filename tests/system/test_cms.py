"""Every command of docs/cms.md, as it stands there: what each system sends is in the feed in the end."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system.newsroom import WIREROOM, Newsroom, wait_for
from tests.system.project import ROOT
from tests.system.test_docs import BASH, PORT, Block, blocks

PUSHES = [block for block in blocks(ROOT / "docs/cms.md") if "curl" in block.text]
[SETTINGS] = [block for block in blocks(ROOT / "docs/cms.md") if "wireroom check" in block.text]
TITLES = {
    "Old bridge closes for a week",
    "Market day – now on Thursday",
    "Ferry sails again",
    "Harbour reopens",
    "Library opens late",
}


class Desk(Newsroom):
    """A folder in which blocks are run, one shell each; `port` is what the documents call 8081."""

    port = PORT

    def show(self, commands: str, expect: int = 0) -> str:
        done = subprocess.run(
            [*BASH, commands.replace(PORT, self.port)],
            cwd=self.folder,
            env=self.environment | {"PATH": f"{Path(WIREROOM).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stderr


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.show("\n".join(SETTINGS.commands))
    with desk.running("ingest", "--port", "0"):
        desk.port = str(urlsplit(wait_for(desk.address)).port)
        yield desk


def test_what_each_system_sends_is_in_the_feed(desk: Desk) -> None:
    for block in PUSHES:
        desk.show("\n".join(block.commands))
    desk.run("up", "--drain")
    assert set(desk.titles("feeds/morning-post/latest.json")) == TITLES


@pytest.mark.parametrize("block", PUSHES, ids=lambda block: block.text.partition("hooks/")[2].partition("/")[0])
def test_another_secret_is_refused(desk: Desk, block: Block) -> None:
    commands = "\n".join(block.commands)
    assert '-hmac "kept by both sides"' in commands
    assert "401" in desk.show(commands.replace("kept by both sides", "guessed"), expect=22)
