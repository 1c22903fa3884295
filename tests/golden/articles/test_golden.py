"""Golden pairs: what went in is below, what must come out lies beside this file."""

import json
from pathlib import Path

import pytest

from tests.unit.articles.shelf import SINK, Shelf
from tests.unit.newsroom import HOUR, NOON, Desk, published, withdrawn
from wireroom.event import ArticleEvent, Author, Image, Related, Rights, Source

HERE = Path(__file__).parent
NORWEGIAN = published(
    "nb-1",
    2,
    at=NOON - 5 * HOUR,
    title="Fiskeskøyte berget i Vestfjorden – mannskapet «i god behold»",
    subtitle="Slepes til Svolvær",
    summary="Redningsskøyta var framme etter førti minutter.",
    body_html='<p>Vinden økte på, sier <a href="/personer/liv">Liv Dahl</a>.</p><ul><li>To om bord</li></ul>',
    authors=[Author(name="Kari Lund", url="https://fjordposten.example/ansatte/kari"), Author(name="Odd Vik")],
    sections=["Sjøfart"],
    tags=["redning", "fiske & fangst"],
    images=[
        Image(
            url="https://bilder.fjordposten.example/skøyte.jpg?b=1200&h=630",
            width=1200,
            height=630,
            media_type="image/jpeg",
            caption="Skøyta ved kai",
            credit="Liv Dahl",
            alt="En blå skøyte",
        )
    ],
    related=[Related(title="Stormvarsel for Lofoten", url="https://fjordposten.example/varsel")],
    source=Source(name="Kystradioen"),
    rights=Rights(copyright_holder="Fjordposten", usage_terms="Gjengis etter avtale"),
    note="Antallet om bord er rettet fra tre til to.",
    updated_at=NOON - HOUR,
    modified_at=NOON - HOUR,
    occurred_at=NOON - HOUR,
)
ARABIC = published(
    "ar/1",
    at=NOON - 2 * HOUR,
    title="عودة العبّارات إلى الميناء",
    language="ar",
    body_html='<p dir="rtl">عادت الرحلات صباح اليوم.</p>',
    guid="https://old.example/?p=1",
    expires_at=NOON + 24 * HOUR,
)
CHINESE = published(
    "zh-1",
    at=NOON - 3 * HOUR,
    title="峡湾渡轮本周恢复通航 🚢",
    language="zh-Hans",
    url="https://fjordposten.example/新闻/1",
    summary="航运公司说每天四班。",
    body_html="<p>只有订户能读到这里。</p>",
    access="PAID",
)
SHOWN = {"norwegian": NORWEGIAN, "arabic": ARABIC, "chinese-paid": CHINESE}
GONE = {
    "withdrawn": withdrawn("gone", 3, note="Saken bygget på en misforståelse."),
    "withheld": published("gone", 3, title="Ny vinkling", embargoed_until=NOON + HOUR),
    "expired": published("gone", 3, title="Dagens tilbud", expires_at=NOON - HOUR, at=NOON - 2 * HOUR),
}


def written(*events: ArticleEvent) -> str:
    shelf = Shelf()
    shelf.take(*events, now=NOON)
    assert shelf.current
    return pretty(shelf.current.body)


def pretty(body: bytes) -> str:
    """Golden files are for people: the order of properties counts, white space does not."""
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2) + "\n"


def golden(name: str) -> str:
    return (HERE / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHOWN)
def test_shown(name: str) -> None:
    assert written(SHOWN[name]) == golden(name)


@pytest.mark.parametrize("name", GONE)
def test_gone(name: str) -> None:
    assert written(published("gone"), GONE[name]) == golden(name)


def test_listing() -> None:
    desk = Desk(SINK, SINK.definitions("fjordposten")[0])
    events = [*SHOWN.values(), published("gone"), *GONE.values(), published("later", embargoed_until=NOON + HOUR)]
    [document] = desk.read(*events, now=NOON).values()
    assert pretty(document.body(41)) == golden("listing")
