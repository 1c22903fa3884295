"""Every example is used, none is missing, and JSON and Avro say the same."""

from collections.abc import Iterator
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.schema_files import CURRENT, NAMES, load, versions
from tests.unit.test_schemas_model import models
from wireroom import codec
from wireroom.clock import micros
from wireroom.document import DocumentChanged
from wireroom.event import Access, ArticleEvent, Kind

EXAMPLES = sorted((codec.SCHEMAS / "examples").glob("*/*/*.json"))


def test_every_version_has_examples() -> None:
    published = {f"{path.parent.name}/{path.stem}" for path in (codec.SCHEMAS / "versions").glob("*/*.avsc")}
    assert {f"{path.parts[-3]}/{path.parts[-2]}" for path in EXAMPLES} == published


def test_every_file_is_one_of_the_known() -> None:
    expected = {
        *CURRENT,
        *(codec.SCHEMAS / "versions").glob("*/*.avsc"),
        *EXAMPLES,
        *(path.with_suffix(".bin") for path in EXAMPLES),
        codec.SCHEMAS / "README.md",
    }
    ours = {path for name in (*NAMES, "versions", "examples", "README") for path in codec.SCHEMAS.glob(f"{name}*")}
    files = {file for path in ours for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
    assert files == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_an_example_is_the_same_in_json_and_avro(path: Path) -> None:
    value = path.with_suffix(".bin").read_bytes()
    example = load(path)
    if path.parts[-3] == "article_event":
        assert codec.decode(value) == ArticleEvent.parse(example)
    else:
        assert codec.decode_change(value) == announcement(example)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_an_example_of_the_current_version_is_what_we_write(path: Path) -> None:
    name, version = path.parts[-3:-1]
    if int(version) < len(versions(name)):
        return
    if name == "article_event":
        message = codec.encode(ArticleEvent.parse(load(path)))
    else:
        message = codec.encode_change(announcement(load(path)))
    assert message.value == path.with_suffix(".bin").read_bytes()


def announcement(example: dict[str, Any]) -> DocumentChanged:
    articles = tuple((each["publication"], each["article_id"], each["revision"]) for each in example["articles"])
    changed_at = micros(datetime.fromisoformat(example["changed_at"]))
    return DocumentChanged(**{**example, "changed_at": changed_at, "articles": articles})


def test_the_examples_show_everything() -> None:
    shown = [ArticleEvent.parse(load(path)) for path in EXAMPLES if path.parts[-3] == "article_event"]
    assert {event.kind for event in shown} == set(Kind)
    assert {event.article.access for event in shown if event.article} == set(Access)
    given = {field for event in shown for field in fields_given(event)}
    assert given == {f"{model.__name__}.{name}" for model in models(ArticleEvent) for name in model.model_fields}


def fields_given(part: BaseModel) -> Iterator[str]:
    for name in part.model_fields_set:
        yield f"{type(part).__name__}.{name}"
        value = getattr(part, name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from fields_given(inner)


def test_examples_differ() -> None:
    for one, other in combinations(EXAMPLES, 2):
        assert load(one) != load(other)
