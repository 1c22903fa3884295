"""What a payload has at a path, and what a rule of a mapping makes of it."""

import json
from collections.abc import Iterator, Mapping, Sequence

from wireroom.errors import Fault, Reject
from wireroom.faults import found
from wireroom.ingest.hooks.conversions import CONVERSIONS
from wireroom.mapping import (
    Authors,
    Condition,
    Conversion,
    Images,
    Origins,
    RelatedArticles,
    RightsMapping,
    Texts,
    Value,
    scalar,
)

Objects = Authors | Images | RelatedArticles | Origins

_EVERY = "*"


def payload_of(body: bytes) -> object:
    """The JSON that a body is. Raises Reject."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise Reject(
            "invalid-json", [Fault("", "lists or objects nested too deep", "a payload of the system")]
        ) from error
    except ValueError as error:  # no UTF-8, a number of thousands of digits
        raise Reject(
            "invalid-json", [Fault("", found(body[:80].decode("utf-8", "replace")), f"JSON ({error})")]
        ) from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def at(node: object, pointer: str) -> list[object]:
    """All that is at a path, in order; nothing when the payload does not go so deep."""
    nodes = [node]
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        nodes = [child for parent in nodes for child in _children(parent, key)]
    return nodes


def _children(parent: object, key: str) -> Iterator[object]:
    if isinstance(parent, Mapping):
        if key == _EVERY:
            yield from parent.values()
        elif key in parent:
            yield parent[key]
    elif isinstance(parent, list):
        if key == _EVERY:
            yield from parent
        elif key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(parent):
            yield parent[int(key)]


def is_empty(value: object) -> bool:
    """Whether it is as if the value were not there."""
    return value is None or value is False or (isinstance(value, str | list | Mapping) and not value)


def holds(condition: Condition | None, node: object, event: str = "") -> bool:
    """Whether the value at its path is one of those it names; what is not there is `null`."""
    if condition is None:
        return True
    if condition.path is None:
        return event in condition.equals
    return any(scalar(value) in condition.equals for value in at(node, condition.path) or [None])


def looked_at(rule: Value | Texts | Objects, node: object) -> Iterator[object]:
    """The items of a payload that a rule is about, lists one by one; without `each` and `where` the whole."""
    if not rule.each and rule.where is None:
        yield node
        return
    for path in rule.each or ("",):
        for value in at(node, path):
            for item in value if isinstance(value, list) else [value]:
                if not is_empty(item) and holds(rule.where, item):
                    yield item


def value_of(rules: tuple[Value, ...], node: object) -> object:
    """What the first rule that finds something finds; None when there is nothing."""
    for rule in rules:
        found = (_made(rule, raw) for item in looked_at(rule, node) for path in rule.path for raw in at(item, path))
        value = next((value for value in found if not is_empty(value)), rule.default)
        if value is not None:
            return value
    return None


def _made(rule: Value, raw: object) -> object:
    if rule.translate:
        text = scalar(raw)
        return rule.translate.get(text, rule.default or raw) if isinstance(text, str) else raw
    return converted(raw, rule.convert)


def converted(value: object, conversion: Conversion | None) -> object:
    """A value on its way; without a conversion it stays."""
    return CONVERSIONS[conversion](value) if conversion else value


def texts(rules: tuple[Texts, ...], node: object) -> list[object]:
    """What the first rule for texts that finds something finds, each text once."""
    for rule in rules:
        found = [converted(value, rule.convert) for item in looked_at(rule, node) for value in at(item, rule.path)]
        once = dict.fromkeys(value for value in found if isinstance(value, str) and value)
        if values := [*once, *(value for value in found if not isinstance(value, str) and not is_empty(value))]:
            return values
    return []


def objects(rules: Sequence[Objects], node: object, needed: Sequence[str]) -> list[dict[str, object]]:
    """What the first rule for objects that finds something finds, each once; an object lacks nothing that is needed."""
    for rule in rules:
        found: dict[object, dict[str, object]] = {}
        for made in (fields(rule, item) for item in looked_at(rule, node)):
            if all(name in made for name in needed):
                found.setdefault(_identity(made), made)
        if found:
            return list(found.values())
    return []


def _identity(made: dict[str, object]) -> object:
    """What makes two objects one: their texts. One of anything else, however deep, is a fault and stays by itself."""
    if all(isinstance(value, str | int) for value in made.values()):
        return tuple(made.items())
    return id(made)


def fields(rules: Objects | RightsMapping, node: object) -> dict[str, object]:
    """What the rules of an object's fields find."""
    named = {name: getattr(rules, name) for name in type(rules).model_fields if name not in ("each", "where")}
    return {name: value for name, rule in named.items() if (value := value_of(rule, node)) is not None}
