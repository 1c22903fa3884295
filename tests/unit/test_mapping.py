"""Mappings name the fields of an event, all of them, and no others."""

import pytest
from pydantic import BaseModel, ValidationError

from wireroom.event import Article, ArticleEvent, Author, Image, Related, Rights, Source
from wireroom.mapping import Authors, Images, Mapped, Origins, RelatedArticles, RightsMapping

NOT_MAPPED = {"event_id", "kind", "publication", "article", "exclude", "extra"}
LEAST = {"article_id": "/id", "published_at": "/at", "modified_at": "/at", "title": "/title"}


def test_every_field_of_an_event_can_be_mapped() -> None:
    fields = {*ArticleEvent.model_fields, *Article.model_fields} - NOT_MAPPED
    assert set(Mapped.model_fields) == fields | {"ignored", "withdrawn"}


@pytest.mark.parametrize(
    ("mapping", "part"),
    [(Authors, Author), (Images, Image), (RelatedArticles, Related), (Origins, Source), (RightsMapping, Rights)],
)
def test_every_field_of_a_part_can_be_mapped(mapping: type[BaseModel], part: type[BaseModel]) -> None:
    assert set(mapping.model_fields) - {"each", "where"} == set(part.model_fields)


def test_what_an_event_needs_must_be_mapped() -> None:
    needed = {name for name, field in Mapped.model_fields.items() if field.is_required()}
    assert needed == set(LEAST)
    assert Mapped.model_validate(LEAST).title[0].path == ("/title",)


@pytest.mark.parametrize("path", ["title", "/a~", "/a~2b", "a/b", "/a/b~", 7, None])
def test_what_is_no_path_is_refused(path: object) -> None:
    with pytest.raises(ValidationError):
        Mapped.model_validate({**LEAST, "title": {"path": path}})


@pytest.mark.parametrize("path", ["", "/", "/a/0/*", "/a~1b/~0", "/é/ ", "//x"])
def test_what_is_a_path_is_taken(path: str) -> None:
    assert Mapped.model_validate({**LEAST, "title": path}).title[0].path == (path,)
