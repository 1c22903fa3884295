"""What the documents mention between commands is there: commands with their options, files, and names in them."""

import re
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter

import click
import pytest

from tests.system.project import ROOT
from wireroom.cli._program import program
from wireroom.config import Settings
from wireroom.config_environment import variables
from wireroom.sink import installed_sinks

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "schemas/README.md")
TOY = "headlines"  # the sink that CONTRIBUTING has its reader write
PLACES = (ROOT, ROOT / "services/wireroom")


def mentions() -> Iterator[str]:
    """Everything in backticks, blocks apart."""
    for name in DOCUMENTS:
        text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL)
        yield from (mention for mention in re.findall(r"`([^`\n]+)`", text) if TOY not in mention)


def paths() -> Iterator[str]:
    """Paths, those of every sink for `{sink}`; other braces are patterns of keys, and `.well-known` is on the web."""
    words = {word for mention in mentions() for word in mention.split() if re.fullmatch(r"[\w./{}-]+/[\w./{}-]*", word)}
    found = {word.replace("{sink}", sink) for word in words for sink in installed_sinks()}
    yield from (path for path in found if "{" not in path and ".well-known" not in path)


@pytest.mark.parametrize("mention", sorted({each for each in mentions() if each.startswith("wireroom ")}))
def test_a_command_and_its_options(mention: str) -> None:
    name, *words = mention.split()[1:]
    command = program.get_command(click.Context(program), name)
    assert command
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("path", sorted(set(paths())))
def test_a_file_or_folder(path: str) -> None:
    assert any((place / path).exists() for place in PLACES)


@pytest.mark.parametrize("mention", sorted({each for each in mentions() if ".py: " in each}))
def test_a_name_in_a_module(mention: str) -> None:
    path, name = mention.split(".py: ")
    assert attrgetter(name)(import_module(f"wireroom.{path.replace('/', '.')}"))


@pytest.mark.parametrize("mention", sorted({each for each in mentions() if each.startswith("WIREROOM_")}))
def test_a_variable(mention: str) -> None:
    assert mention.partition("=")[0] in {variable.name for variable in variables(Settings)}
