from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.config_file import parse, placed, read, under
from wireroom.errors import ConfigurationError, Fault


def test_values_are_those_of_yaml_1_2() -> None:
    given_ = parse("language: no\nshards: 0o17\nday: 2026-03-01\non: true\nnothing: ~\nratio: 0.5\n", "w.yaml")
    assert given_.tree == {
        "language": "no",
        "shards": 15,
        "day": "2026-03-01",
        "on": True,
        "nothing": None,
        "ratio": 0.5,
    }
    assert given_.faults == []


def test_each_value_has_its_line() -> None:
    given_ = parse("log:\n  url: x\nfeeds:\n  - id: a\n\n  - {id: b, tags: [p,\n     q]}\n", "w.yaml")
    assert given_.origins["log.url"] == "w.yaml:2"
    assert given_.origins["feeds[0].id"] == "w.yaml:4"
    assert given_.origins["feeds[1]"] == "w.yaml:6"
    assert given_.origins["feeds[1].tags[1]"] == "w.yaml:7"


def test_every_repeated_key_is_a_fault_and_the_first_one_counts() -> None:
    given_ = parse("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n", "w.yaml")
    assert given_.tree == {"a": 1, "b": {"c": 1}}
    assert sorted(fault.path for fault in given_.faults) == ["w.yaml:2: b.c", "w.yaml:3: a", "w.yaml:4: a"]
    assert {fault.expected for fault in given_.faults if fault.path.endswith(" a")} == {
        "it once; it stands in line 1 already"
    }


def test_an_anchor_is_repeated_where_its_alias_stands() -> None:
    tree = parse("a: &names [x, y]\nb: *names\n", "w.yaml").tree
    assert tree["b"] == tree["a"] == ["x", "y"]


def test_an_alias_to_what_contains_it_is_a_fault() -> None:
    faults = parse("a: &a\n  - *a\n", "w.yaml").faults
    assert [fault.found for fault in faults] == ["an alias to what contains it"]


def test_a_tag_is_a_fault() -> None:
    assert "!secret" in parse("a: !secret x\n", "w.yaml").faults[0].found


@pytest.mark.parametrize("value", ["!!int abc", "!!float abc", "!!bool abc", "9" * 5000])
def test_a_value_that_is_not_what_it_says_is_a_fault(value: str) -> None:
    given_ = parse(f"log: {{}}\na: {value}\n", "w.yaml")
    assert [fault.path for fault in given_.faults] == ["w.yaml:2: a"]


def test_a_key_that_is_no_text_is_a_fault() -> None:
    given_ = parse("? [a, b]\n: 1\nc: 2\n", "w.yaml")
    assert given_.tree == {"c": 2}
    assert [fault.found for fault in given_.faults] == ["a list or an object as a key"]


ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize("bomb", [ALIASES, "a: " + "[" * 1000, "a: " + "{a: " * 1000])
def test_a_bomb_is_refused(bomb: str) -> None:
    with pytest.raises(ConfigurationError):
        parse(bomb, "w.yaml")


def test_an_empty_file_sets_nothing() -> None:
    assert parse("# nothing yet\n", "w.yaml").tree == {}


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1\n", "w.yaml:"), ("a: 1\nb: c: d\n", "w.yaml:2"), ("--- 1\n--- 2\n", "w.yaml:2")]
)
def test_what_is_no_yaml_is_told_with_its_line(text: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "w.yaml")
    assert caught.value.faults[0].path.startswith(line)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "5\n"])
def test_the_whole_must_be_keys_and_values(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "w.yaml")
    assert caught.value.faults[0].path == "w.yaml:1"


@given(st.text(alphabet="ab:-[]{}#&*!|>'\"\n \t,?\x00\ud800é", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        parse(text, "w.yaml")


def test_files_that_cannot_be_read_are_faults(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("configuration")
    (folder / "latin.yaml").write_bytes("name: Fædrelandet".encode("latin-1"))
    for path in (folder / "latin.yaml", folder / "none.yaml", folder):
        with pytest.raises(ConfigurationError) as caught:
            read(path)
        assert caught.value.faults[0].path == str(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("configuration") / "w.yaml"
    path.write_bytes(b"\xef\xbb\xbflog: {}\n")
    assert read(path).tree == {"log": {}}


def test_a_fault_is_placed_where_its_value_stands_or_what_should_hold_it() -> None:
    origins = {"feeds": "w.yaml:3", "feeds[1]": "w.yaml:9", "feeds[1].id": "w.yaml:10"}
    assert placed(Fault("feeds[1].id", "", ""), origins).path == "w.yaml:10: feeds[1].id"
    assert placed(Fault("feeds[1].publication", "", ""), origins).path == "w.yaml:9: feeds[1].publication"
    assert placed(Fault("feeds[11]", "", ""), origins).path == "w.yaml:3: feeds[11]"
    assert placed(Fault("log.url", "", ""), origins).path == "log.url"


def test_under() -> None:
    assert under("log.url", "log")
    assert under("feeds[0].id", "feeds")
    assert under("log", "log")
    assert not under("logs", "log")
