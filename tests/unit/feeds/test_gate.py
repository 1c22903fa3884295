from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.feeds.reading import guids, latest
from tests.unit.newsroom import NOON, published
from wireroom.document import Document
from wireroom.errors import Red
from wireroom.feeds import gate

FORMS = ["rss", "atom", "json"]


@pytest.fixture
def documents() -> dict[str, Document]:
    found = latest().read(published("1"), published("2"), now=NOON)
    return {key.rpartition(".")[2]: document for key, document in found.items()}


@pytest.fixture
def ids(documents: dict[str, Document]) -> list[str]:
    return guids({f"x.{form}": document for form, document in documents.items()})


@pytest.mark.parametrize("form", FORMS)
def test_a_good_document_passes_as_it_is(documents: dict[str, Document], ids: list[str], form: str) -> None:
    assert gate.check(documents[form], ids) is documents[form]


@pytest.mark.parametrize(
    ("form", "breaking"),
    [(form, byte) for form in FORMS for byte in (b"\x10", b"\xff")]
    + [("rss", b"&nope;"), ("atom", b"&nope;"), ("rss", b"<"), ("atom", b"<"), ("json", b'"'), ("json", b"\\x")],
)
def test_a_broken_document_stops(documents: dict[str, Document], ids: list[str], form: str, breaking: bytes) -> None:
    document = documents[form]
    at = document.head.index(b"Fergen")
    with pytest.raises(Red, match="cannot be read"):
        gate.check(replace(document, head=document.head[:at] + breaking + document.head[at:]), ids)


@pytest.mark.parametrize("form", FORMS)
def test_a_document_that_shows_something_else_stops(documents: dict[str, Document], ids: list[str], form: str) -> None:
    for others in (ids[:1], ids[::-1], [*ids, "more"]):
        with pytest.raises(Red, match="entries"):
            gate.check(documents[form], others)


def test_a_document_without_entries_where_some_belong_stops(ids: list[str]) -> None:
    with pytest.raises(Red, match="entries"):
        gate.check(Document("x.json", "", b'{"n":', b"}"), ids)


def test_nothing_is_fetched_or_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    doctype = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()
    document = Document("x.rss", "", doctype + b"<rss><channel><item><guid>&e;</guid></item></channel>", b"</rss>")
    with pytest.raises(Red, match="entries"):
        gate.check(document, ["s3cret"])
