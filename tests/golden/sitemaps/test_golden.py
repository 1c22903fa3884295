"""Golden pairs: what went in is below, what must come out lies beside this file."""

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from tests.unit.newsroom import HOUR, NOON, SETTINGS, Desk, published, schema, withdrawn
from wireroom.document import Document
from wireroom.event import Author, Image
from wireroom.sitemaps import SitemapsSink

HERE = Path(__file__).parent
EVENTS = [
    published(
        "nb-1",
        title="Fiskeskøyte berget i Vestfjorden – mannskapet «i god behold»",
        at=NOON - 5 * HOUR,
    ),
    published(
        "nb-1",
        2,
        title="Skøyta er på land – Kari Lund",
        at=NOON - 5 * HOUR,
        updated_at=NOON - HOUR,
        modified_at=NOON - HOUR,
        authors=[Author(name="Kari Lund")],
        images=[
            Image(url="https://bilder.fjordposten.example/skøyte.jpg?b=1200&h=630"),
            Image(url="https://bilder.fjordposten.example/kai.jpg"),
        ],
    ),
    published(
        "en-1", title="Ferry timetable: what's <new> & what isn't | Fjordposten", language="en-GB", at=NOON - 4 * HOUR
    ),
    published(
        "zh-1",
        title="峡湾渡轮本周恢复通航 🚢",
        language="zh-Hans",
        at=NOON - 3 * HOUR,
        url="https://fjordposten.example/新闻/1",
    ),
    published(
        "ar-1", title="عودة العبّارات إلى الميناء", language="ar", at=NOON - 2 * HOUR + timedelta(microseconds=999_999)
    ),
    published("old", at=NOON - 49 * HOUR),
    published("gone", at=NOON - 6 * HOUR),
    withdrawn("gone", at=NOON - 6 * HOUR),
    published("later", embargoed_until=NOON + HOUR),
]


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    sink = SitemapsSink(SETTINGS)
    desk = Desk(sink, sink.definitions("fjordposten")[0])
    return {key.rsplit("/", 1)[1]: document for key, document in desk.read(*EVENTS, now=NOON).items()}


@pytest.mark.parametrize("name", ["news.xml", "news-1.xml"])
def test_golden(documents: dict[str, Document], name: str) -> None:
    assert documents[name].body(41).decode() == (HERE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "xsd"), [("news.xml", "siteindex.xsd"), ("news-1.xml", "all-offline.xsd")])
def test_valid_by_xml_schema(documents: dict[str, Document], name: str, xsd: str) -> None:
    etree.XMLSchema(file=str(schema("sitemap", xsd))).assertValid(etree.fromstring(documents[name].body(1)))


def test_a_full_child_is_valid_by_xml_schema() -> None:
    sink = SitemapsSink(SETTINGS)
    desk = Desk(sink, sink.definitions("fjordposten")[0])
    documents = desk.read(*(published(f"{n}") for n in range(1200)), now=NOON)
    validator = etree.XMLSchema(file=str(schema("sitemap", "all-offline.xsd")))
    for number in (1, 2):
        validator.assertValid(etree.fromstring(documents[f"sitemaps/fjordposten/news-{number}.xml"].body(1)))
