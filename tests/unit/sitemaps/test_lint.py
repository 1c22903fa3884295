import pytest

from wireroom.document import Document
from wireroom.errors import Red
from wireroom.sitemaps.lint import gate

HEAD = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><!-- wireroom:generation '
URL = b"<url><loc>https://fjordposten.example/1</loc></url>"


def document(head: bytes, urls: bytes = b"") -> Document:
    return Document("sitemaps/fjordposten/news-1.xml", "application/xml", head, b" -->" + urls + b"</urlset>")


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_gate_lets_good_documents_through(count: int) -> None:
    assert gate(document(HEAD, URL * count))


@pytest.mark.parametrize(
    "bad",
    [
        document(HEAD, URL * 1001),
        document(HEAD, b"<url><loc>a & b</loc></url>"),
        document(HEAD, b"<url><loc>\x0b</loc></url>"),
        document(HEAD, b"<url>"),
        document(HEAD + b" -- "),
        document(HEAD, b"<loc>" + b" " * (50 * 1024 * 1024) + b"</loc>"),
        document(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + HEAD, b"&undeclared;"),
    ],
    ids=["1001 urls", "bare &", "control character", "unclosed", "broken comment", "over 50 MB", "unknown entity"],
)
def test_gate_refuses(bad: Document) -> None:
    with pytest.raises(Red, match=r"news-1\.xml was not published"):
        gate(bad)
