"""What we would upload: it is complete, and each extra brings what its worker needs (`make installed`)."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.project import ROOT, files

IMPORTS = {
    "base": "wireroom, wireroom.publisher, wireroom.client.spooling",
    "cli": "wireroom.cli",
    "sqlite": "wireroom.log.sqlite",
    "s3": "wireroom.store.s3",
    "feeds": "wireroom.feeds",
    "sitemaps": "wireroom.sitemaps",
    "articles": "wireroom.articles",
    "ingest": "wireroom.ingest.app, wireroom.web",
    "serve": "wireroom.serve",
    "notify": "wireroom.notify.notifier, wireroom.notify.websub.app",
    "all": "wireroom.feeds, wireroom.sitemaps, wireroom.articles, wireroom.serve, wireroom.cli, wireroom.log.sqlite,"
    "wireroom.store.s3",
}
WORKERS = ("feeds", "sitemaps", "articles")
SCHEMAS = {str(path.relative_to(ROOT)) for path in files(ROOT / "schemas")}


def run(*command: str | Path, cwd: Path | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


class Environment:
    """An empty virtual environment; the development one's pip fills it."""

    def __init__(self, folder: Path, built: Path) -> None:
        self.bin = folder / "bin"
        self.wheel = next(built.glob("*.whl"))
        run(sys.executable, "-m", "venv", "--without-pip", folder)

    def pip(self, *arguments: str | Path) -> None:
        run(sys.executable, "-m", "pip", "--quiet", "--python", self.bin / "python", *arguments)

    def install(self, *extras: str) -> None:
        """Exactly what the extras' files pin, and the wheel."""
        for extra in extras:
            self.pip("install", "--no-compile", "--require-hashes", "-r", ROOT / f"requirements/{extra}.txt")
        self.pip("install", "--no-compile", "--no-deps", self.wheel)
        self.pip("check")


@pytest.fixture
def environment(tmp_path: Path, built: Path) -> Environment:
    return Environment(tmp_path / "environment", built)


def event() -> dict[str, object]:
    """An article of an hour ago."""
    published = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {
        "kind": "PUBLISHED",
        "publication": "teluk-post",
        "article_id": "ferry-7",
        "revision": 1,
        "occurred_at": published,
        "published_at": published,
        "url": "https://teluk-post.example/ferry-7",
        "article": {"title": "Feri malam kembali berlayar", "language": "id", "modified_at": published},
    }


def test_wheel_and_source_distribution_are_complete(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        wheel = set(archive.namelist())
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive_of_source:
        source = {name.partition("/")[2] for name in archive_of_source.getnames()}
    code = {str(path.relative_to(ROOT)) for path in files(ROOT / "services")}
    assert SCHEMAS
    assert {f"wireroom/{name}" for name in SCHEMAS} | {name.removeprefix("services/") for name in code} <= wheel
    assert SCHEMAS | code <= source


def test_a_publishing_system_gets_few_packages() -> None:
    assert len(re.findall("^[a-z].*==", (ROOT / "requirements/base.txt").read_text(), re.MULTILINE)) <= 8


@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.parametrize("extra", IMPORTS)
def test_an_extra_brings_what_it_needs(environment: Environment, extra: str) -> None:
    environment.install(extra)
    where = run(environment.bin / "python", "-c", f"import {IMPORTS[extra]}; print(wireroom.__file__)")
    assert Path(where.strip()).is_relative_to(environment.bin.parent)


@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_starts_where_only_its_extra_is(environment: Environment, tmp_path: Path, worker: str) -> None:
    environment.install("cli", "sqlite", worker)
    wireroom = environment.bin / "wireroom"
    (tmp_path / "event.json").write_text(json.dumps(event()))
    run(wireroom, "publish", "event.json", cwd=tmp_path)
    run(wireroom, "worker", worker, "--drain", cwd=tmp_path)
    documents = [path for path in (tmp_path / "data/store" / worker).rglob("*") if path.is_file()]
    assert any("ferry-7" in path.read_text() for path in documents)
