"""`make setup` on a fresh machine (`make installed`: it asks the registry for some sixty packages)."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.project import copy_to

PATH = os.pathsep.join((str(Path(os.path.realpath("/proc/self/exe")).parent), "/usr/bin", "/bin"))


def make(folder: Path, home: Path, *arguments: str) -> str:
    """Run make with a bare environment; what it printed."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    environment = kept | {"PATH": PATH, "HOME": str(home), "TMPDIR": str(home.parent / "tmp")}
    result = subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.network
@pytest.mark.timeout(900)
def test_setup_in_a_path_with_spaces_then_offline_and_nothing_left_outside(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    folder = copy_to(tmp_path / "a path with spaces")
    make(folder, home, "setup")
    assert "wireroom" in subprocess.check_output([folder / ".venv/bin/wireroom", "--version"], text=True)
    assert "Nothing to be done" in make(folder, home, "setup")
    (folder / "pyproject.toml").touch()
    make(folder, home, "setup", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=")
    assert list(home.iterdir()) == []
