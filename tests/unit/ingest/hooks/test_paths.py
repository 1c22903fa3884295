import pytest

from wireroom.ingest.hooks.paths import at, holds, objects, texts, value_of
from wireroom.mapping import Condition, Mapped

PAYLOAD = {
    "a": {"b": [{"c": 1}, {"c": 2}, "x"]},
    "": {"": "empty keys"},
    "s/t": {"~": "escaped"},
    "map": {"k1": {"v": "one"}, "k2": {"v": "two"}},
    "terms": [
        [{"n": "Local", "t": "cat"}],
        [{"n": "sea", "t": "tag"}, {"n": "sea", "t": "tag"}, {"n": None, "t": "tag"}],
    ],
    "no": False,
    "nothing": [],
}


def mapping(**rules: object) -> Mapped:
    least = {"article_id": "/id", "published_at": "/at", "modified_at": "/at", "title": "/title"}
    return Mapped.model_validate(least | rules)


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", [PAYLOAD]),
        ("/a/b/0/c", [1]),
        ("/a/b/*/c", [1, 2]),
        ("/map/*/v", ["one", "two"]),
        ("/terms/*/*/n", ["Local", "sea", "sea", None]),
        ("//", ["empty keys"]),
        ("/s~1t/~0", ["escaped"]),
        ("/a/b/3", []),
        ("/a/b/-1", []),
        ("/a/b/٠", []),
        ("/a/b/00000000000000000000001", []),
        ("/a/x/y/z", []),
        ("/no/0", []),
        ("/no/*", []),
    ],
)
def test_paths(pointer: str, found: list[object]) -> None:
    assert at(PAYLOAD, pointer) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("/a/b/0/c", 1),
        (["/nowhere", "/a/b/2"], "x"),
        (["/no", "/nothing", "/a/b/2"], "x"),
        ("/nowhere", None),
        ({"path": "/nowhere", "default": "d"}, "d"),
        ([{"path": "/nowhere"}, {"path": "/map/k1/v"}], "one"),
        ({"path": "/no", "translate": {False: "shut"}}, "shut"),
        ({"path": "/a/b/0/c", "translate": {1: "first"}, "default": "other"}, "first"),
        ({"path": "/a/b/1/c", "translate": {1: "first"}, "default": "other"}, "other"),
        ({"path": "/a/b/1/c", "translate": {1: "first"}}, 2),
        ({"each": "/terms/*", "where": {"path": "/t", "equals": "tag"}, "path": "/n"}, "sea"),
        ({"each": "/map/*", "where": {"path": "/v", "equals": "two"}, "path": "/v"}, "two"),
    ],
)
def test_values(rule: object, found: object) -> None:
    assert value_of(mapping(title=rule).title, PAYLOAD) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("/terms/*/*/n", ["Local", "sea"]),
        ({"each": "/terms/*", "where": {"path": "/t", "equals": "tag"}, "path": "/n"}, ["sea"]),
        ({"each": ["/a/b/2", "/map/*/v"]}, ["x", "one", "two"]),
        (["/nowhere", "/a/b/2", "/map/*/v"], ["x"]),
        ("/a/b", ["x", {"c": 1}, {"c": 2}]),
        ([], []),
    ],
)
def test_texts(rule: object, found: list[object]) -> None:
    assert texts(mapping(tags=rule).tags, PAYLOAD) == found


def test_objects_lack_nothing_that_is_needed_and_come_once() -> None:
    rules = mapping(
        authors=[{"each": "/nowhere", "name": "/n"}, {"each": "/terms/*", "name": "/n", "url": "/u"}]
    ).authors
    assert objects(rules, PAYLOAD, ["name"]) == [{"name": "Local"}, {"name": "sea"}]


@pytest.mark.parametrize(
    ("path", "equals", "event", "holding"),
    [
        ("/no", False, "", True),
        ("/no", "false", "", True),
        ("/no", True, "", False),
        ("/nowhere", None, "", True),
        ("/a/b/*/c", 2, "", True),
        ("/a", "null", "", False),
        (None, ["deleted", "gone"], "gone", True),
        (None, ["deleted", "gone"], "", False),
    ],
)
def test_conditions(path: str | None, equals: object, event: str, holding: bool) -> None:
    condition = Condition.model_validate({"path": path, "equals": equals})
    assert holds(condition, PAYLOAD, event) is holding
