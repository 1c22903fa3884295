"""Settings from environment variables `WIREROOM_SECTION__KEY`, and which variables there are.

Text is taken as it is; lists, objects and numbers are JSON. A variable that ends in `_FILE` names a file that holds the
value (a mounted secret). pydantic-settings is not used: it overlooks misspelt variables, and knows no lines of files.
"""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from inspect import isclass
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from wireroom.config_file import Given, under
from wireroom.errors import Fault
from wireroom.faults import found

PREFIX = "WIREROOM_"
CONFIG = "WIREROOM_CONFIG"  # which file to read: no setting itself
KEY = "WIREROOM_KEY"  # of who publishes to a service: no setting either
_FILE = "_FILE"


class Variable(NamedTuple):
    """A setting by its name in the environment. `path`: by its name in the file."""

    name: str
    path: str
    field: FieldInfo

    @property
    def is_text(self) -> bool:
        """Whether the value is taken as it is."""
        kind = self.field.annotation
        return get_origin(kind) is not tuple and not (isclass(kind) and issubclass(kind, BaseModel | int | float))

    @property
    def is_number(self) -> bool:
        """Whether the value is one number."""
        kind = self.field.annotation
        return isclass(kind) and issubclass(kind, int | float)


def described(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting, a section before what is in it; `feeds[].id` stands in each item of a list."""
    for name, field in model.model_fields.items():
        where = f"{path}.{name}".lstrip(".")
        yield where, field
        of_items = get_origin(field.annotation) is tuple
        inner = get_args(field.annotation)[0] if of_items else field.annotation
        if isclass(inner) and issubclass(inner, BaseModel):
            yield from described(inner, where + "[]" * of_items)


def variables(model: type[BaseModel]) -> Iterator[Variable]:
    """Every setting that has a variable of its own: what stands in lists has none."""
    for path, field in described(model):
        if "[]" not in path:
            yield Variable(PREFIX + path.upper().replace(".", "__"), path, field)


def overlay(given: Given, environ: Mapping[str, str], model: type[BaseModel]) -> Given:
    """What is given once the environment had its say."""
    known = {variable.name: variable for variable in variables(model)}
    given.faults.extend(_unknown(environ, known))
    for name, variable in known.items():
        for source in sorted({name, name + _FILE} & environ.keys()):
            try:
                value = _value(variable, source, environ[source])
            except ValueError as error:
                given.faults.append(Fault(source, found(environ[source]), str(error)))
            else:
                _assign(given, variable.path, value, source)
    return given


def _unknown(environ: Mapping[str, str], known: Mapping[str, Variable]) -> Iterator[Fault]:
    names = {CONFIG, *known, KEY, *(name + _FILE for name in (*known, KEY))}
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        if name not in names:
            near = get_close_matches(name.removeprefix(PREFIX), {each.removeprefix(PREFIX) for each in names}, n=1)
            hint = PREFIX + near[0] if near else "a name that `wireroom check --settings` lists"
            yield Fault(name, "an unknown variable", hint)
        elif name.endswith(_FILE) and name.removesuffix(_FILE) in environ:
            yield Fault(name, f"{name.removesuffix(_FILE)} as well", "one of the two")


def _value(variable: Variable, source: str, text: str) -> object:
    """Raises ValueError with what was expected."""
    if source.endswith(_FILE):
        try:
            text = Path(text).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise ValueError(f"a file that holds the value ({error})") from error
    if not text:
        raise ValueError("a value; unset the variable to leave it out")
    if variable.is_text:
        return text
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        if variable.is_number:
            return text  # the model says which numbers it takes
        raise ValueError(f"a list or an object as JSON ({error})") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(keys := dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return keys


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _assign(given: Given, path: str, value: object, origin: str) -> None:
    *sections, last = path.split(".")
    tree = given.tree
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            return  # the file has something else there, which is a fault of its own
    tree[last] = value
    for replaced in [other for other in given.origins if under(other, path)]:
        del given.origins[replaced]
    given.origins[path] = origin


def shown_default(field: FieldInfo) -> str:
    """A default as one would write it."""
    if field.is_required():
        return "required"
    return json.dumps(field.get_default(call_default_factory=True), default=lambda part: part.model_dump())
