"""Faults, told so that a person can mend them: where, what was found, what was expected.

`Expected` states in one place what a value must be; pydantic then says exactly that, whatever is wrong with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import get_args

from pydantic import BaseModel, GetCoreSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from wireroom.errors import Fault

NOTHING = "nothing"
MAX_EVENT = 900_000  # bytes of Avro; Kafka's default allows a little more than 1,000,000 for a whole record
_MOST = 1000  # faults listed of one whole; a hostile input has no end of them
_LONGEST = 80  # characters shown of what was found
_WORDS = {
    "missing": "a value, it is required",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_long": "at most 1,000 items",
    "model_type": "an object",
    "dict_type": "an object",
    "string_type": "text",
    "string_unicode": "Unicode text without lone surrogates",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """Annotates a type with the words for what it expects (no braces: pydantic reads them as a template)."""

    words: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(handler(source), "expected", custom_error_message=self.words)


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What pydantic found wrong with a `model`, at most the first 1,000 faults and how many more there are."""
    count = error.error_count()
    faults = [_fault(details, model) for details in islice(error.errors(include_url=False), _MOST)]
    return faults if count <= _MOST else [*faults, Fault("", f"{count} faults", f"none; the first {_MOST} are listed")]


def oversize(data: object) -> Iterator[Fault]:
    """The fault of input the texts of which alone are more than an event may hold; looked for beside other faults."""
    size, rest = 0, [data]
    while rest and size <= MAX_EVENT:
        value = rest.pop()
        if isinstance(value, str):
            size += len(value.encode(errors="replace"))
        elif isinstance(value, Mapping):
            rest += value.values()
        elif isinstance(value, list | tuple):
            rest += value
    if size > MAX_EVENT:
        yield Fault("", f"over {MAX_EVENT} bytes of text", f"at most {MAX_EVENT} bytes of Avro")


def found(value: object) -> str:
    """A value as a person would recognise it, short and printable."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 8 * _LONGEST:
        return f"a number of {value.bit_length()} bits"  # Python refuses to write out the largest
    text = repr(value[: _LONGEST + 1]) if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _fault(details: ErrorDetails, model: type[BaseModel]) -> Fault:
    kind, where = details["type"], details["loc"]
    if kind == "extra_forbidden":
        return Fault(_path(where), "an unknown key", _nearest(str(where[-1]), _model_at(model, where[:-1])))
    words = _WORDS.get(kind) or details["msg"].removeprefix("Input should be ")
    if kind != "missing" and _is_secret(model, where):
        return Fault(_path(where), "a secret", words)
    return Fault(_path(where), NOTHING if kind == "missing" else found(details["input"]), words)


def _is_secret(model: type[BaseModel], where: tuple[int | str, ...]) -> bool:
    """Whether what was found there must not be shown."""
    annotation: object = model
    for step in where:
        if isinstance(step, str):
            holder = next(_models_in(annotation), None)
            if holder is None or step not in holder.model_fields:
                return False
            annotation = holder.model_fields[step].annotation
    return SecretStr in get_args(annotation)


def _path(where: tuple[int | str, ...]) -> str:
    """`article.images[0].url`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in where)
    return "".join(steps).removeprefix(".")


def _printable(key: str) -> str:
    return key if key.isprintable() and len(key) <= _LONGEST else found(key)


def _nearest(key: str, model: type[BaseModel]) -> str:
    known = list(model.model_fields)
    near = get_close_matches(key[:_LONGEST], known, n=1, cutoff=0.5)
    return near[0] if near else f"one of {', '.join(known)}"


def _model_at(model: type[BaseModel], where: tuple[int | str, ...]) -> type[BaseModel]:
    for step in where:
        if isinstance(step, str):
            model = next(_models_in(model.model_fields[step].annotation))
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
