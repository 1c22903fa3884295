import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom import event_json
from wireroom.event_json import read

A = {"title": "Ny bro åpnet\n", "n": 1}
B = {"title": "جسر جديد", "n": [1, {"x": None}]}
C = {"title": "新桥"}
FORMS = {
    "lines": "\n".join(json.dumps(each, ensure_ascii=False) for each in (A, B, C)),
    "lines, blank ones and carriage returns": "\r\n\r\n".join(map(json.dumps, (A, B, C))) + "\r\n \r\n",
    "array": json.dumps([A, B, C], ensure_ascii=False),
    "array, one a line": "[\n" + ",\n".join(map(json.dumps, (A, B, C))) + "\n]\n",
    "array, indented": json.dumps([A, B, C], indent=4),
    "several, indented": "\n".join(json.dumps(each, indent=2) for each in (A, B, C)),
    "byte order mark": "\ufeff" + "\n".join(map(json.dumps, (A, B, C))),
    "byte order mark before an array": "\ufeff" + json.dumps([A, B, C]),
}


def values(data: bytes | str) -> list[event_json.Value]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return [value for block in read(stream) for value in block]


def faults(data: bytes | str) -> list[tuple[int, str]]:
    return [(value.line, fault.found) for value in values(data) for fault in value.faults]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_each_form_gives_the_same_values(form: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_json, "BLOCK", block)
    found = values(FORMS[form])
    assert [value.value for value in found] == [A, B, C]
    assert not any(value.faults for value in found)


def test_one_object() -> None:
    assert [value.value for value in values(json.dumps(A))] == [A]
    assert [value.value for value in values(json.dumps(A, indent=1))] == [A]


@pytest.mark.parametrize("text", ["", "\n \n", "[]", " [ ] \n"])
def test_nothing(text: str) -> None:
    assert values(text) == []


def test_lines_are_counted_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_json, "BLOCK", 5)
    assert [value.line for value in values('{"a":1}\n\n{"b":2}\n{"c":3}')] == [1, 3, 4]
    assert [value.line for value in values('[{"a":1},\n\n {"b":\n2},{"c":3}]')] == [1, 3, 4]
    assert [value.line for value in values('\n{\n"a":1}\n{"b":2}')] == [2, 4]


def test_lines_come_as_soon_as_they_are_there() -> None:
    class Pipe:
        chunks = iter([b'{"a":1}\n{"b', b'":2}\n', b'{"c":3}', b""])
        taken = 0

        def read1(self, size: int, /) -> bytes:
            self.taken += 1
            return next(self.chunks)

    pipe = Pipe()
    blocks = read(pipe)
    assert [value.value for value in next(blocks)] == [{"a": 1}]
    assert pipe.taken == 1
    assert [[value.value for value in block] for block in blocks] == [[{"b": 2}], [{"c": 3}]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"a":1}\n{"a":1,"a":2,"b":{"c":1,"c":2}}\n',
            [(2, "the key 'c' more than once"), (2, "the key 'a' more than once")],
        ),
        ('[{"a":1},\n{"a":NaN,"b":-Infinity}]', [(2, "NaN"), (2, "-Infinity")]),
        ('{"a":1}\n{"b":}\n{"c":3}', [(2, "'}'")]),
        ('{"a":1} {"b":2}', [(1, """'{"b":2}'""")]),
        ('[{"a":1}] x', [(1, "'x'")]),
        ('[\n{"a":1}\n', [(3, "the end of the text")]),
        ('[{"a":1} {"b":2}]', [(1, "'{\"b\":2}]'")]),
        ('[{"a":1},]', [(1, "']'")]),
        ("<rss/>", [(1, "'<rss/>'")]),
        ('{\n "a": 1,\n "b": tru\n}', [(3, "'tru\\n}'")]),
        ('{"a":' + "[" * 100_000 + "}", [(1, None)]),
        ('{"a":' + "1" * 5000 + "}", [(1, None)]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: list[tuple[int, str | None]]) -> None:
    found = faults(text)
    assert [(line, what if expected else None) for (line, what), (_, expected) in zip(found, told, strict=True)] == told


def test_a_line_that_is_broken_does_not_hide_the_others() -> None:
    found = values(b'{"a":1}\n{"b":\xff}\n{"c":3}')
    assert [(value.line, value.value, len(value.faults)) for value in found] == [
        (1, {"a": 1}, 0),
        (2, None, 1),
        (3, {"c": 3}, 0),
    ]


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    assert faults("[1,\n\u00e6".encode("latin-1")) == [(2, "the byte 0xe6")]


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\n aN1\\', max_size=40).map(str.encode))
def test_any_bytes_end_in_values_or_faults(data: bytes) -> None:
    for value in values(data):
        assert value.line >= 1


Json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), Json, max_size=4), max_size=4), st.booleans())
def test_what_was_written_is_read(objects: list[dict[str, Any]], lines: bool) -> None:
    text = "\n".join(map(json.dumps, objects)) if lines else json.dumps(objects, indent=1)
    assert [value.value for value in values(text)] == objects
