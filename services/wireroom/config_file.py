"""A configuration file as plain values, and where in it each of them stands.

YAML 1.2, core schema: `language: no` is Norwegian, a date is text. The parser's nodes are read: they know their lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireroom.errors import ConfigurationError, Fault
from wireroom.faults import found

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode, Node

_TAG = "tag:yaml.org,2002:"
_MOST = 100_000  # values, those that aliases repeat among them
_VALUES = frozenset(_TAG + name for name in ("bool", "int", "float", "null"))
_TEXTS = frozenset(_TAG + name for name in ("str", "timestamp", "merge", "value"))


@dataclass(frozen=True, slots=True)
class Given:
    """What was set: `tree` of plain values; `origins`: where the value at each path, as `feeds[0].title`, stands."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(path: Path) -> Given:
    """The values of a file. Raises ConfigurationError when it cannot be read at all."""
    try:
        return parse(path.read_text("utf-8-sig"), str(path))
    except OSError as error:
        raise ConfigurationError([Fault(str(path), error.strerror or str(error), "a file that can be read")]) from error
    except UnicodeDecodeError as error:
        fault = Fault(str(path), f"the byte {error.object[error.start]:#x} at {error.start}", "text in UTF-8")
        raise ConfigurationError([fault]) from error


def parse(text: str, name: str) -> Given:
    """The values of YAML text; `name` is the file's. Raises ConfigurationError when it is not YAML."""
    yaml = _yaml()
    from ruamel.yaml.error import YAMLError

    reading = _Reading(yaml, name)
    try:
        root = yaml.compose(text)
        tree = reading.value(root, "") if root is not None else {}
    except RecursionError as error:
        raise ConfigurationError([Fault(name, "lists or objects nested too deep", "a few levels")]) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise ConfigurationError([Fault(name + line, problem, "valid YAML 1.2")]) from error
    if not isinstance(tree, dict):
        raise ConfigurationError([Fault(f"{name}:1", found(tree), "keys and values, such as `log:`")])
    return Given(tree, reading.origins, reading.faults)


def _yaml() -> "YAML":
    try:
        from ruamel.yaml import YAML
    except ModuleNotFoundError as error:
        fault = Fault("", "no YAML library", "pip install 'wireroom[cli]', or set everything in the environment")
        raise ConfigurationError([fault]) from error
    return YAML(typ="safe", pure=True)


class _Reading:
    """One walk over the nodes of a file."""

    def __init__(self, yaml: "YAML", name: str) -> None:
        self.origins: dict[str, str] = {}
        self.faults: list[Fault] = []
        self._yaml = yaml
        self._name = name
        self._left = _MOST
        self._open: set[int] = set()  # nodes around the current one: an alias to one of them has no end

    def value(self, node: "Node", path: str) -> object:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        self.origins[path] = self._at(node)
        self._left -= 1
        if self._left < 0:
            fault = Fault(self._at(node), f"more than {_MOST} values", "fewer; an alias counts for all that it repeats")
            raise ConfigurationError([fault])
        if id(node) in self._open:
            self._fault(node, path, "an alias to what contains it", "a value")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return {key: self.value(child, f"{path}.{key}".lstrip(".")) for key, child in self._items(node, path)}
            if isinstance(node, SequenceNode):
                return [self.value(child, f"{path}[{number}]") for number, child in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _items(self, node: "MappingNode", path: str) -> Iterator[tuple[str, "Node"]]:
        seen: dict[str, Node] = {}
        for key_node, child in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self._fault(key_node, path, "a list or an object as a key", "text")
                continue
            if first := seen.get(key):
                where = f"{path}.{key}".lstrip(".")
                line = first.start_mark.line + 1
                self._fault(key_node, where, f"the key {key} again", f"it once; it stands in line {line} already")
            else:
                seen[key] = key_node
                yield key, child

    def _scalar(self, node: "Node", path: str) -> object:
        if node.tag in _VALUES:
            try:
                return self._yaml.constructor.construct_object(node)
            except (ValueError, KeyError):  # a tag that was written out and does not fit, or thousands of digits
                self._fault(node, path, found(node.value), f"a value that is {node.tag.removeprefix(_TAG)}")
                return None
        if node.tag in _TEXTS:
            return node.value
        self._fault(node, path, f"the tag {node.tag}", "a plain value")
        return None

    def _fault(self, node: "Node", path: str, what: str, expected: str) -> None:
        self.faults.append(Fault(f"{self._at(node)}: {path}", what, expected))

    def _at(self, node: "Node") -> str:
        return f"{self._name}:{node.start_mark.line + 1}"


def under(path: str, root: str) -> bool:
    """Whether the value at `path` is part of the one at `root`."""
    return path == root or path.startswith((f"{root}.", f"{root}["))


def placed(fault: Fault, origins: Mapping[str, str]) -> Fault:
    """The fault with the place that a person must look at before its path: that of the value, or of what holds it."""
    holders = (path for path in origins if path and under(fault.path, path))
    nearest = max(holders, key=len, default="")
    origin = origins.get(nearest)
    return Fault(f"{origin}: {fault.path}", fault.found, fault.expected) if origin else fault
