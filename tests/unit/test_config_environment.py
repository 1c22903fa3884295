import json
from pathlib import Path
from typing import Any

import pytest

from wireroom.config import Settings
from wireroom.config_environment import described, overlay, variables
from wireroom.config_file import Given, parse

TELUK = {"id": "teluk", "name": "Teluk Pos", "language": "id", "url": "https://teluk.example"}


def overlaid(text: str = "", **environ: str) -> Given:
    return overlay(parse(text, "w.yaml"), {f"WIREROOM_{name}": value for name, value in environ.items()}, Settings)


@pytest.mark.parametrize(
    ("name", "value", "tree"),
    [
        ("PUBLIC_URL", "https://x.example/", {"public_url": "https://x.example/"}),
        ("LOG__URL", "sqlite:///1", {"log": {"url": "sqlite:///1"}}),
        ("LOG__PREFIX", "2024", {"log": {"prefix": "2024"}}),
        ("FLUSH_INTERVAL", "0.25", {"flush_interval": 0.25}),
        ("LOG", '{"prefix": "a."}', {"log": {"prefix": "a."}}),
        ("PUBLICATIONS", json.dumps([TELUK]), {"publications": [TELUK]}),
    ],
)
def test_a_value(name: str, value: str, tree: dict[str, Any]) -> None:
    given = overlaid(**{name: value})
    assert given.tree == tree
    assert given.faults == []
    assert f"WIREROOM_{name}" in given.origins.values()


def test_the_environment_goes_before_the_file_and_its_origin_too() -> None:
    given = overlaid("publications:\n  - {id: a}\nlog: {url: x, prefix: y}\n", PUBLICATIONS="[]", LOG__URL="z")
    assert given.tree == {"publications": [], "log": {"url": "z", "prefix": "y"}}
    assert given.origins["log.prefix"] == "w.yaml:3"
    assert given.origins["log.url"] == "WIREROOM_LOG__URL"
    assert "publications[0].id" not in given.origins


def test_a_section_and_a_key_in_it() -> None:
    assert overlaid(LOG='{"url": "x", "prefix": "y"}', LOG__URL="z").tree == {"log": {"url": "z", "prefix": "y"}}


def test_a_file_may_hold_any_value(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///secret.db\n")
    (tmp_path / "list").write_text(json.dumps([TELUK]))
    given = overlaid(LOG__URL_FILE=str(tmp_path / "url"), PUBLICATIONS_FILE=str(tmp_path / "list"))
    assert given.tree == {"log": {"url": "sqlite:///secret.db"}, "publications": [TELUK]}
    assert given.origins["log.url"] == "WIREROOM_LOG__URL_FILE"


@pytest.mark.parametrize(
    ("environ", "name", "expected"),
    [
        ({"LOG__ULR": "x"}, "LOG__ULR", "WIREROOM_LOG__URL"),
        ({"LOG_URL": "x"}, "LOG_URL", "WIREROOM_LOG__URL"),
        ({"COFNIG": "x"}, "COFNIG", "WIREROOM_CONFIG"),
        ({"QQQQ": "x"}, "QQQQ", "check --settings"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL", "unset"),
        ({"LOG": '{"prefix": NaN}'}, "LOG", "NaN is no JSON"),
        ({"FEEDS": "latest"}, "FEEDS", "a list or an object as JSON"),
        ({"LOG": '{"url": "a", "url": "b"}'}, "LOG", "a key stands twice"),
        ({"FEEDS": "[" * 100_000}, "FEEDS", "JSON"),
        ({"LOG__URL_FILE": "no/such/file"}, "LOG__URL_FILE", "a file that holds the value"),
        ({"LOG__URL": "x", "LOG__URL_FILE": __file__}, "LOG__URL_FILE", "one of the two"),
    ],
)
def test_a_fault(environ: dict[str, str], name: str, expected: str) -> None:
    (fault,) = overlaid(**environ).faults
    assert fault.path == f"WIREROOM_{name}"
    assert expected in fault.expected


def test_other_variables_are_left_alone() -> None:
    assert overlay(Given(), {"PATH": "/bin", "WIREROOMS": "3"}, Settings) == Given()


def test_a_key_below_what_is_no_section_leaves_the_fault_to_the_file() -> None:
    assert overlaid("log: 5\n", LOG__URL="x").tree == {"log": 5}


def test_every_setting_says_what_it_means() -> None:
    for path, field in described(Settings):
        assert field.description, path


def test_what_stands_in_a_list_has_no_variable_of_its_own() -> None:
    assert "feeds[].include.tags" in dict(described(Settings))
    assert [variable.name for variable in variables(Settings) if "FEEDS" in variable.name] == ["WIREROOM_FEEDS"]
