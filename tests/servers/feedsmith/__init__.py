"""The feed parser feedsmith, which is JavaScript and runs in Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.servers.install import node

PROJECT = Path(__file__).parent


def read(address: str) -> Any:  # noqa: ANN401 -- values of JSON
    """What it makes of the feed there: `status` of the answer, `format`, and `feed` in the words of that format."""
    program = node(PROJECT) / "read.js"
    done = subprocess.run(["node", program, address], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
