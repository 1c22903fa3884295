"""The project's own files, as a fresh clone has them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def ignored() -> frozenset[str]:
    """Folder and file names that .gitignore leaves out, and git's own."""
    names = (line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines())
    return frozenset(names) | {".git"}


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file of the project; no git needed, so that it works in an unpacked archive too."""
    skip = ignored()
    for path in sorted(folder.iterdir()):
        if path.name in skip:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def copy_to(folder: Path) -> Path:
    """A copy of the project, modification times kept."""
    for path in files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder
