"""What holds for the project itself: its shape, its pins, and what its files may say."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

import pytest
from packaging.requirements import Requirement

from tests.system.project import ROOT, files

CODE = [path for path in files(ROOT / "services") if path.suffix == ".py"]
TESTS = [path for path in files(ROOT / "tests") if path.suffix == ".py"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = {path.stem: path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))}
HEAVY = ("apsw", "boto3", "click", "feedgen", "kafka", "lxml", "nh3", "rich", "uvicorn")


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[int]:
    """The length of each function's body in lines, docstring included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.body[0].lineno + 1


def pinned(extra: str) -> dict[str, str]:
    """Package -> version, as one requirements file pins it."""
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", PINS[extra], re.MULTILINE))


def group(name: str) -> list[str]:
    """Requirements of a dependency group, those of the groups in it included."""
    found = PROJECT["dependency-groups"][name]
    return [each for entry in found for each in (group(entry["include-group"]) if isinstance(entry, dict) else [entry])]


def asked_for(names: list[str]) -> Iterator[Requirement]:
    """Requirements of pyproject.toml, our own extras resolved."""
    for requirement in map(Requirement, names):
        if requirement.name == "wireroom":
            for extra in sorted(requirement.extras):
                yield from asked_for(PROJECT["project"]["optional-dependencies"][extra])
        else:
            yield requirement


def test_no_file_is_long() -> None:
    assert {str(path): lines(path) for path in CODE + TESTS if lines(path) > 400} == {}


def test_files_and_functions_are_short_in_the_main() -> None:
    assert median(count for path in CODE if (count := lines(path)) > 3) <= 130
    assert median(length for path in CODE for length in functions(path)) <= 10


def offenders(pattern: str, paths: Iterable[Path]) -> dict[str, list[str]]:
    """What each file has of the pattern, where it has any."""
    found = {path: re.findall(pattern, path.read_bytes().decode(errors="replace"), re.MULTILINE) for path in paths}
    return {str(path.relative_to(ROOT)): hits for path, hits in found.items() if hits}


def test_nothing_names_a_machine() -> None:
    folders = "|".join(("work", "home", "root", "opt"))
    assert offenders(rf"(?<![\w.~}}-])/(?:{folders})/\w+", files()) == {}


def test_nothing_names_a_registry() -> None:
    hosts = "|".join(rf"{name}\.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org")))
    assert offenders(hosts, files()) == {}


def test_nothing_but_tests_looks_outside() -> None:
    assert offenders("[.][.]/shared", set(files()) - set(TESTS)) == {}


def test_nobody_imports_by_the_source_root() -> None:
    assert offenders(r"^\s*(?:from|import) services\b.*", CODE + TESTS) == {}


def test_every_extra_is_pinned() -> None:
    assert set(PINS) == {"base", *PROJECT["dependency-groups"], *PROJECT["project"]["optional-dependencies"]}


def asked_of(file: str) -> list[str]:
    """What pyproject.toml asks of one requirements file."""
    if file == "build":
        return [*PROJECT["build-system"]["requires"], *group("build")]
    project = PROJECT["project"]
    more = group("dev") if file == "dev" else project["optional-dependencies"].get(file, [])
    return [*project["dependencies"], *more]


@pytest.mark.parametrize("file", PINS)
def test_pins_are_what_pyproject_asks_for(file: str) -> None:
    pins = pinned(file)
    for requirement in asked_for(asked_of(file)):
        assert requirement.specifier.contains(pins[requirement.name.lower().replace(".", "-")])


@pytest.mark.parametrize("extra", PINS)
def test_pins_agree_and_carry_hashes_and_no_address(extra: str) -> None:
    text = PINS[extra]
    everywhere = pinned("dev")
    assert {name: everywhere[name] for name in pinned(extra)} == pinned(extra)
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text.strip()))
    assert not re.search(r"://|--(extra-)?index-url|--find-links|^-e ", text, re.MULTILINE)


def test_the_client_stays_small() -> None:
    assert len(pinned("base")) <= 8


def test_importing_the_client_loads_nothing_heavy() -> None:
    code = f"import sys; from wireroom import *; print(set(sys.modules) & set({HEAVY}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_contributing_names_every_verb() -> None:
    verbs = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text())
    assert set(verbs) - {"help"} <= set(named) <= set(verbs)
