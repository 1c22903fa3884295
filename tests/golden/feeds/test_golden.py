"""Golden pairs: what went in is below, what must come out lies beside this file; then validators and readers."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from jsonschema import Draft7Validator
from lxml import etree

from tests.unit.newsroom import FJORDPOSTEN, HARBOUR, HOUR, NOON, Desk, published, schema, withdrawn
from wireroom.config import FeedSettings, Settings
from wireroom.document import Document
from wireroom.event import Author, Image, Source
from wireroom.feeds import FeedsSink

HERE = Path(__file__).parent
FORMS = ["rss", "atom", "json"]
SETTINGS = Settings(
    publications=(FJORDPOSTEN, HARBOUR),
    feeds=(
        FeedSettings(
            id="kysten",
            publication="fjordposten",
            publications=("fjordposten", "harbour"),
            title="Fjordposten – Kysten",
            description="Havn, ferge & fisk",
            exclude={"tags": ["Annonse"]},
        ),
    ),
    public_url="https://feeds.fjordposten.example/",
)
EVENTS = [
    published(
        "nb-1",
        revision=2,
        title="Skøyta er på land – mannskapet «i god behold»",
        at=NOON - 5 * HOUR,
        updated_at=NOON - HOUR,
        modified_at=NOON - HOUR,
        guid="https://gammel.fjordposten.example/?p=4711",
        summary="Tre personer ble tatt om bord i redningsskøyta & er uskadd.",
        body_html=(
            '<p>Skøyta tok inn vann ved <a href="/sted/reine">Reine</a>&nbsp;i natt.</p>'
            '<figure><img src="/bilder/skoyte.jpg" srcset="/bilder/skoyte-2.jpg 2x" onerror="x()">'
            "<figcaption>Kaia</figcaption></figure><script>track()</script><!-- desken -->"
        ),
        authors=[Author(name="Kari Lund", url="https://fjordposten.example/kari-lund"), Author(name="Ola Nes")],
        sections=["Sjø"],
        tags=["Redning", "Reine"],
        images=[
            Image(
                url="https://bilder.fjordposten.example/skøyte.jpg?b=1200&h=630",
                width=1200,
                height=630,
                media_type="image/jpeg",
                size_bytes=181_204,
                caption="Skøyta ved kaia i Reine.",
                credit="Ola Nes",
                alt="En rød skøyte ved en trekai",
            )
        ],
        source=Source(name="Redningsselskapet", url="https://redning.example/"),
    ),
    published(
        "17",
        publication="harbour",
        title="Ferry timetable: what's <new> & what isn't",
        at=NOON - 4 * HOUR,
        body_html="<p>Sailings resume at 06:30 ]]&gt; see the <em>notice</em>.",
        summary="Sailings resume.",
    ),
    published(
        "zh-1",
        title="峡湾渡轮本周恢复通航 🚢👨‍👩‍👧",
        language="zh-Hans",
        at=NOON - 3 * HOUR,
        url="https://fjordposten.example/新闻/1",
        summary="票价不变。",
        body_html="<p>渡轮每小时一班，票价不变。</p>",
        tags=["渡轮"],
        images=[Image(url="https://bilder.fjordposten.example/渡轮.jpg")],
    ),
    published(
        "ar-1",
        title="عودة العبّارات إلى الميناء \u200f(فيديو)",
        language="ar",
        at=NOON - 2 * HOUR + timedelta(microseconds=999_999),
        body_html='<p dir="rtl">تعود العبّارات إلى العمل اليوم.</p>',
        subtitle="بعد أسبوع من التوقف",
        access="PAID",
    ),
    published("ad", title="Kjøp billetter", tags=["annonse"]),
    published("gone", title="Feil sak", at=NOON - 6 * HOUR),
    withdrawn("gone", at=NOON - 6 * HOUR, occurred_at=NOON - HOUR, note="Saken var <ikke> riktig."),
    published("later", title="Sperret", embargoed_until=NOON + HOUR),
]


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    sink = FeedsSink(SETTINGS)
    desk = Desk(sink, sink.definitions("fjordposten")[0])
    return {key.rpartition(".")[2]: document for key, document in desk.read(*EVENTS, now=NOON).items()}


@pytest.mark.parametrize("form", FORMS)
def test_golden(documents: dict[str, Document], form: str) -> None:
    assert documents[form].body(41) == (HERE / f"kysten.{form}").read_bytes()


def test_atom_is_valid_by_relax_ng(documents: dict[str, Document]) -> None:
    validator = etree.RelaxNG(etree.parse(schema("atom", "atom-rfc4287.rng")))
    validator.assertValid(etree.fromstring(documents["atom"].body(1)))


def test_an_empty_atom_feed_is_valid_by_relax_ng() -> None:
    sink = FeedsSink(SETTINGS)
    empty = Desk(sink, sink.definitions("fjordposten")[0]).read(now=NOON)["feeds/fjordposten/kysten.atom"]
    etree.RelaxNG(etree.parse(schema("atom", "atom-rfc4287.rng"))).assertValid(etree.fromstring(empty.body(1)))


def test_json_is_valid_by_json_schema(documents: dict[str, Document]) -> None:
    validator = Draft7Validator(
        json.loads(schema("jsonfeed", "schema-v1.1.json").read_text()), format_checker=Draft7Validator.FORMAT_CHECKER
    )
    assert [error.message for error in validator.iter_errors(json.loads(documents["json"].body(1)))] == []


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_reader_finds_everything(documents: dict[str, Document], form: str) -> None:
    read = feedparser.parse(documents[form].body(1), response_headers={"content-type": documents[form].media_type})
    assert not read.bozo
    assert read.feed.title == "Fjordposten – Kysten"
    assert read.feed.language == "nb"
    titles = [entry.title for entry in read.entries]
    assert titles[1:3] == ["峡湾渡轮本周恢复通航 🚢👨‍👩‍👧", "Ferry timetable: what's <new> & what isn't"]
    story = _story(read, "https://gammel.fjordposten.example/?p=4711")
    assert story.authors[0].name == "Kari Lund"
    assert [tag.term for tag in story.tags] == ["Sjø", "Redning", "Reine"]
    assert story.published_parsed[:5] == (2026, 3, 2, 7, 0)
    assert story.media_content[0]["url"] == "https://bilder.fjordposten.example/sk%C3%B8yte.jpg?b=1200&h=630"
    assert story.media_credit[0]["content"] == "Ola Nes"
    [content] = [content.value for content in story.content if "html" in content.type]
    assert '<a href="https://fjordposten.example/sted/reine">Reine</a>' in content


def _story(read: Any, guid: str) -> Any:  # noqa: ANN401 -- feedparser has no types
    return next(entry for entry in read.entries if entry.id == guid)
