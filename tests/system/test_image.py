"""The image, as far as it can be told without an engine that builds it."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.project import ROOT, files

DOCKERFILE = ROOT / "deploy/Dockerfile"
BUILDS = ("feeds", "sitemaps", "articles", "ingest", "serve", "notify", "all")


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction, in order."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return re.findall(r"^([A-Z]+) +(.+)$", text, re.MULTILINE)


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def copied() -> Iterator[str]:
    """What comes from the project, not from another stage."""
    for rest in arguments("COPY"):
        if not rest.startswith("--from"):
            yield from rest.split()[:-1]


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_it_stands_on_an_image_that_cannot_change() -> None:
    (base,) = (rest for rest in arguments("ARG") if rest.startswith("PYTHON="))
    assert re.fullmatch(r"PYTHON=python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert {rest.split()[0] for rest in arguments("FROM")} == {"${PYTHON}"}


def test_nobody_is_root_in_it_and_no_shell_starts_it() -> None:
    last_stage = instructions()[max(n for n, (name, _) in enumerate(instructions()) if name == "FROM") :]
    assert ("USER", "10001:10001") in last_stage
    assert ("ENTRYPOINT", '["wireroom"]') in last_stage


@pytest.mark.parametrize("worker", BUILDS)
def test_whatever_is_built_is_pinned(worker: str) -> None:
    named = re.findall(r"requirements/([^/]+)\.txt", re.sub(r"\$\{WORKER[^}]*\}", worker, DOCKERFILE.read_text()))
    assert {"build", "cli", worker, "kafka", "s3"} == set(named)
    assert [name for name in named if not (ROOT / f"requirements/{name}.txt").exists()] == []


def test_nothing_is_installed_that_no_file_pins() -> None:
    commands = [command.strip() for rest in arguments("RUN") for command in rest.split("&&")]
    installing = [command for command in commands if re.search(r"pip .*\b(install|wheel)\b", command)]
    assert len(installing) == 4
    for command in installing:
        assert "--require-hashes" in command or "--no-index" in command or re.search(r"--no-deps .* \.$", command)
        assert ("--no-build-isolation" in command) == command.startswith("pip wheel")


def test_the_context_is_what_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())
    assert lines.index("*") < min(lines.index(f"!{name}") for name in copied())


def test_what_is_copied_is_enough_for_the_wheel(tmp_path: Path) -> None:
    sources = [path for name in copied() for path in ([ROOT / name] if (ROOT / name).is_file() else files(ROOT / name))]
    for path in sources:
        target = tmp_path / "source" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(tmp_path / "source")], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    code = {str(path.relative_to(ROOT / "services")) for path in files(ROOT / "services")}
    schemas = {f"wireroom/{path.relative_to(ROOT)}" for path in files(ROOT / "schemas")}
    assert code | schemas <= inside
