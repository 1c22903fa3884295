"""The event model: everything that is wrong is told at once, and who wins does not depend on the order of arrival."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.event_strategies import events
from tests.unit.events import put
from wireroom.clock import micros
from wireroom.errors import Fault, InvalidEvent, WireroomError
from wireroom.event import Article, ArticleEvent, Author, Image, Kind, Order, Related, Source
from wireroom.fields import MANY, article_key

EVENT: Mapping[str, Any] = {
    "event_id": "e-1",
    "kind": "PUBLISHED",
    "publication": "kabar",
    "article_id": "771",
    "revision": 3,
    "occurred_at": "2026-03-01T09:30:00Z",
    "url": "https://kabar.example/771",
    "published_at": "2026-03-01T09:30:00Z",
    "article": {
        "title": "Harga cabai turun",
        "modified_at": "2026-03-01T09:30:00Z",
        "authors": [{"name": "Sari Wulan", "url": "https://kabar.example/@sari"}],
        "images": [{"url": "https://kabar.example/cabai.jpg"}],
        "related": [{"title": "Pasar pagi", "url": "https://kabar.example/770"}],
        "source": {"name": "Radio Pasar"},
        "rights": {},
    },
}
WITHDRAWN = {**EVENT, "kind": "WITHDRAWN", "url": None, "article": None}
REMOVED = object()


def changed(path: str, value: object, event: Mapping[str, Any] = EVENT) -> dict[str, Any]:
    """The event with one value set or removed, `path` as in a Fault."""
    copy = deepcopy(dict(event))
    *steps, last = (int(step) if step.isdigit() else step for step in re.findall(r"\w+", path))
    target: Any = copy
    for step in steps:
        target = target[step]
    if value is REMOVED:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value
    return copy


def faults_of(event: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidEvent) as refused:
        ArticleEvent.parse(cast(Mapping[str, Any], event))
    return refused.value.faults


DATE = "a date and time of RFC 3339 with its time zone"
URL = "an absolute http or https URL"
WRONG: list[tuple[str, object, str]] = [
    ("kind", "published", "'PUBLISHED', 'UPDATED', 'CORRECTED' or 'WITHDRAWN'"),
    ("kind", "UNKNOWN", "'PUBLISHED', 'UPDATED', 'CORRECTED' or 'WITHDRAWN'"),
    ("publication", "Kabar", "1 to 64 of a-z, 0-9 and -"),
    ("publication", "-kabar", "1 to 64 of a-z, 0-9 and -"),
    ("publication", "k" * 65, "1 to 64 of a-z, 0-9 and -"),
    ("publication", "kabar\n", "1 to 64 of a-z, 0-9 and -"),
    ("event_id", "", "text that is not empty"),
    ("event_id", None, "text that is not empty"),
    ("article_id", "", "1 to 200 bytes"),
    ("article_id", 771, "1 to 200 bytes"),
    ("article_id", "a\0b", "1 to 200 bytes"),
    ("article_id", "a" * 201, "1 to 200 bytes"),
    ("article_id", "é" * 34, "1 to 200 bytes"),
    ("revision", 0, "a whole number from 1"),
    ("revision", 2**63, "a whole number from 1"),
    ("revision", "3", "a whole number from 1"),
    ("revision", 3.0, "a whole number from 1"),
    ("revision", True, "a whole number from 1"),
    ("occurred_at", "2026-03-01T09:30:00", DATE),
    ("occurred_at", "2026-03-01", DATE),
    ("occurred_at", "2026-13-01T09:30:00Z", DATE),
    ("occurred_at", "2026-03-01T09:30:00Z\n", DATE),
    ("occurred_at", "1772357400", DATE),
    ("occurred_at", 1772357400, DATE),
    ("occurred_at", datetime(2026, 3, 1, 9, 30), DATE),
    ("occurred_at", "0001-01-01T00:00:00+07:00", DATE),
    ("occurred_at", "9999-12-31T23:59:59-07:00", DATE),
    ("url", "/771", URL),
    ("url", "//kabar.example/771", URL),
    ("url", "ftp://kabar.example/771", URL),
    ("url", "https:///771", URL),
    ("url", "https://kabar.example/a b", URL),
    ("url", "https://kabar.example/771\n", URL),
    ("url", "https://user:secret@kabar.example/", URL),
    ("url", "https://kabar.example:65536/", URL),
    ("url", "https://kabar.example:٣/", URL),
    ("url", "https://[::1::2]/", URL),
    ("url", "https://[1]/", URL),
    ("url", "https://kabar.example\u2100/", URL),
    ("url", "https://kabar.example/<771>", URL),
    ("url", "javascript:alert(1)//https://kabar.example", URL),
    ("guid", "", "text that is not empty"),
    ("guid", "a\x1fb", "without control characters"),
    ("note", 5, "text"),
    ("note", "half a pair \ud83d", "without lone surrogates"),
    ("article", "text", "an object"),
    ("article.title", "", "text that is not empty"),
    ("article.title", " \n\u200b", "text that is not empty"),
    ("article.title", "lone \udc00", "text that is not empty"),
    ("article.body_html", ["<p>"], "text"),
    ("article.language", "xx", "a language tag of BCP 47"),
    ("article.language", "en_GB", "a language tag of BCP 47"),
    ("article.language", "", "a language tag of BCP 47"),
    ("article.language", "en-x" + "-a" * 40, "a language tag of BCP 47"),
    ("article.language", "en-" + "a" * 100_000, "a language tag of BCP 47"),
    ("article.authors", None, "a list"),
    ("article.authors", "Sari", "a list"),
    ("article.authors[0].name", "", "text that is not empty"),
    ("article.authors[0].name", "Sari (sari@kabar.example)", "no e-mail address"),
    ("article.authors[0].url", "mailto:sari@kabar.example", URL),
    ("article.authors[0].url", "https://kabar.example/?to=sari@kabar.example", "no e-mail address"),
    ("article.authors[0].url", "https://kabar.example/?to=sari%40kabar.example", "no e-mail address"),
    ("article.authors[1]", "Sari", "an object"),
    ("article.tags", [""] * (MANY + 1), "at most 1,000 items"),
    ("article.images", [{}] * (MANY + 1), "at most 1,000 items"),
    ("article.images[0].width", 0, "a whole number from 1"),
    ("article.images[0].height", 2**31, "a whole number from 1"),
    ("article.images[0].size_bytes", -1, "a whole number from 0"),
    ("article.images[0].media_type", "jpeg", "a media type"),
    ("article.images[0].url", "cabai.jpg", URL),
    ("article.related[0].title", "\t", "text that is not empty"),
    ("article.source.url", "kabar.example", URL),
    ("article.access", None, "'FREE', 'METERED', 'REGISTERED' or 'PAID'"),
    ("article.exclude", ["Feeds"], "1 to 64 of a-z, 0-9 and -"),
    ("article.extra", {"desk": 4}, "text"),
    ("article.extra", {str(number): "" for number in range(MANY + 1)}, "at most 1,000 items"),
    ("article.extra", [], "an object"),
]


@pytest.mark.parametrize(("path", "value", "expected"), WRONG, ids=lambda value: repr(value)[:40])
def test_a_wrong_value_is_told_with_its_path(path: str, value: object, expected: str) -> None:
    (fault,) = faults_of(changed(path, value))
    assert fault.path.startswith(path)
    assert expected in fault.expected
    assert fault.found.isprintable()
    assert len(fault.found) <= 81


RIGHT = [
    ("article_id", "a/../é ü"),
    ("article_id", "é" * 33),
    ("revision", 2**63 - 1),
    ("occurred_at", "2026-03-01t09:30:00.1234567z"),
    ("url", "HTTP://[2001:db8::1]:8080?q=[1]#é"),
    ("url", "https://berita.example/記事/👍"),
    ("url", "http://kabar.example:65535/a:b;c=d,e(f)'g'~!$&*+%20"),
    ("guid", "771 at http://old.example"),
    ("note", "tabs\tand\0worse: the sinks remove them"),
    ("article.title", "5 < 6 & 7 👍"),
    ("article.language", "zh-Hant-HK"),
    ("article.authors[0].name", "Sari @ Pasar"),
    ("article.authors[0].url", "https://social.example/@sari@other.example"),
    ("article.tags", ["x"] * MANY),
]


@pytest.mark.parametrize(("path", "value"), RIGHT, ids=repr)
def test_an_unusual_value_is_taken(path: str, value: object) -> None:
    assert ArticleEvent.parse(changed(path, value)) != ArticleEvent.parse(EVENT)


@pytest.mark.parametrize("path", ["kind", "publication", "article_id", "revision", "occurred_at", "published_at"])
def test_a_missing_value_is_told(path: str) -> None:
    assert faults_of(changed(path, REMOVED)) == (Fault(path, "nothing", "a value, it is required"),)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("artcle_id", "article_id"),
        ("article.embargoed_util", "embargoed_until"),
        ("article.authors[0].nam", "name"),
        ("article.images[0].alt_text", "alt"),
        ("article.related[0].titel", "title"),
        ("article.source.href", "one of name, url"),
        ("article.rights.usage_term", "usage_terms"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known(path: str, nearest: str) -> None:
    assert faults_of(changed(path, "x")) == (Fault(path, "an unknown key", nearest),)


def test_every_fault_is_told_at_once() -> None:
    event = {**EVENT, "revision": -1, "ulr": "x", "article": deepcopy(EVENT["article"])}
    del event["url"]
    event["article"] |= {"title": "", "tags": ["a", "", 3], "mood": 1, "expires_at": "soon"}
    event["article"]["images"][0] = {"url": "x", "width": "wide"}
    assert sorted(fault.path for fault in faults_of(event)) == [
        "article.expires_at",
        "article.images[0].url",
        "article.images[0].width",
        "article.mood",
        "article.tags[1]",
        "article.tags[2]",
        "article.title",
        "revision",
        "ulr",
        "url",
    ]


@pytest.mark.parametrize(
    ("event", "paths"),
    [
        ({**WITHDRAWN, "article": EVENT["article"]}, ["article"]),
        ({**WITHDRAWN, "article": {}}, ["article.title", "article.modified_at", "article"]),
        ({**EVENT, "article": None}, ["article"]),
        ({**EVENT, "kind": "CORRECTED", "url": None, "article": None}, ["article", "url"]),
        ({**EVENT, "kind": ["PUBLISHED"], "url": None}, ["kind"]),
    ],
)
def test_fields_that_contradict_each_other_are_told(event: Mapping[str, Any], paths: list[str]) -> None:
    assert [fault.path for fault in faults_of(event)] == paths


@pytest.mark.parametrize("event", [None, "event", [], 5])
def test_what_is_no_object_is_told(event: object) -> None:
    (fault,) = faults_of(event)
    assert (fault.path, fault.expected) == ("", "an object")


@pytest.mark.parametrize("key", [5, "\ud800", "k" * 10**6, "red \x1b[31m\n"])
def test_a_hostile_key_is_told_in_print(key: object) -> None:
    event: dict[Any, Any] = {**EVENT, key: 1}
    (fault,) = faults_of(event)
    assert str(fault).isprintable()
    assert len(str(fault)) < 400


@pytest.mark.parametrize("wrong", [{"revision": 0}, {"kind": "WITHDRAWN"}])
def test_size_is_told_beside_other_faults(wrong: Mapping[str, Any]) -> None:
    whole = changed("article.body_html", "ø" * 450_000)
    assert [fault.found for fault in faults_of({**whole, **wrong}) if not fault.path] == ["over 900000 bytes of text"]
    fitting = changed("article.body_html", "ø" * 440_000)
    assert all(fault.path for fault in faults_of({**fitting, **wrong}))


@pytest.mark.timeout(20)
def test_a_flood_of_faults_is_told_in_part() -> None:
    faults = faults_of({**EVENT, **{f"titl{number}": 1 for number in range(100_000)}})
    assert len(faults) == 1001
    assert faults[-1].found == "100000 faults"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["a" * 10**6 + "@", "a@" * 10**5, "a@" + "b." * 10**5, "%40" * 10**5])
def test_a_long_name_takes_no_long_time(name: str) -> None:
    assert ArticleEvent.parse(changed("article.authors[0].name", name)) is not None


@pytest.mark.parametrize(("path", "value", "_"), WRONG, ids=lambda value: repr(value)[:40])
def test_python_is_told_the_same_as_json(path: str, value: object, _: str) -> None:
    event = changed(path, value)
    with pytest.raises(InvalidEvent) as refused:
        ArticleEvent(**event)
    assert refused.value.faults == faults_of(event)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        (Author, {"name": "", "url": "x"}),
        (Image, {"url": "x", "width": 0}),
        (Related, {"title": "", "url": ""}),
        (Source, {"name": "", "url": ""}),
        (Article, {"title": "", "modified_at": datetime(2026, 3, 1)}),
    ],
)
def test_a_part_is_validated_on_its_own(part: type[Author], values: Mapping[str, Any]) -> None:
    with pytest.raises(WireroomError) as refused:
        part(**values)
    assert isinstance(refused.value, InvalidEvent)
    assert [fault.path for fault in refused.value.faults] == list(values)


def test_a_copy_is_validated() -> None:
    event = ArticleEvent.parse(EVENT)
    assert event.model_copy(update={"revision": 4}).revision == 4
    assert event.model_copy() == event
    with pytest.raises(InvalidEvent, match="revision"):
        event.model_copy(update={"revision": 0})
    with pytest.raises(InvalidEvent, match="article"):
        event.model_copy(update={"kind": Kind.WITHDRAWN})


def test_an_event_does_not_change() -> None:
    event = ArticleEvent.parse(EVENT)
    with pytest.raises(ValueError, match="frozen"):
        event.revision = 4  # type: ignore[misc]


def test_an_event_without_an_id_gets_one() -> None:
    anonymous = changed("event_id", REMOVED)
    assert ArticleEvent.parse(anonymous).event_id != ArticleEvent(**anonymous).event_id


@given(events)
def test_an_event_survives_json(event: ArticleEvent) -> None:
    assert ArticleEvent.parse(json.loads(event.model_dump_json())) == event


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_a_date_keeps_its_microseconds_in_any_zone(local: datetime, minutes: int) -> None:
    text = f"{local:%H:%M:%S.%f}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    event = ArticleEvent.parse({**EVENT, "occurred_at": f"{local.date()}T{text}"})
    assert event.occurred_at == (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)


# --- Keys


@given(st.text(st.characters(codec="utf-8")))
def test_an_article_key_is_plain_and_can_be_undone(article_id: str) -> None:
    key = article_key(article_id)
    assert re.fullmatch("([A-Za-z0-9_-]|~[0-9A-F]{2})*", key)
    assert unquote(key.replace("~", "%")) == article_id


def test_an_article_key_is_readable() -> None:
    assert article_key("2026/Héros_v-1~.") == "2026~2FH~C3~A9ros_v-1~7E~2E"


# --- Who wins, and when it shows


def at(hour: int) -> datetime:
    return datetime(2026, 3, 1, hour, tzinfo=UTC)


def order(**values: object) -> Order:
    return ArticleEvent.parse({**EVENT, **values}).order


def test_the_higher_revision_wins_then_withdrawal_then_time_then_id() -> None:
    withdrawn = ArticleEvent.parse(WITHDRAWN).order
    assert order(revision=4) > withdrawn > order(occurred_at=at(23), event_id="z")
    assert order(occurred_at=at(10)) > order(occurred_at=at(9), event_id="z")
    assert order(event_id="b") > order(event_id="a")


def test_the_minted_guid_follows_the_identity_alone() -> None:
    guid = ArticleEvent.parse(EVENT).minted_guid
    moved = {**EVENT, "url": "https://elsewhere.example/", "revision": 9, "guid": "adopted"}
    assert ArticleEvent.parse(moved).minted_guid == guid
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", guid)
    others = [{**EVENT, "publication": "kabar-2"}, {**EVENT, "article_id": "77"}]
    assert guid not in {ArticleEvent.parse(other).minted_guid for other in others}


def dated(**dates: datetime | None) -> ArticleEvent:
    article = Article(title="t", **{"modified_at": at(9), **dates})
    return ArticleEvent.parse({**EVENT, "published_at": at(9), "article": article})


def test_nothing_dated_in_the_future_is_visible() -> None:
    assert dated().visible_from == micros(at(9))
    assert dated(embargoed_until=at(8)).visible_from == micros(at(9))
    assert dated(embargoed_until=at(12)).visible_from == dated(embargoed_until=at(12)).first_visible == micros(at(12))
    assert dated(updated_at=at(13)).visible_from == micros(at(13))
    assert dated(modified_at=at(14)).visible_from == micros(at(14))
    assert ArticleEvent.parse(WITHDRAWN).visible_from == ArticleEvent.parse(WITHDRAWN).first_visible


def test_a_significant_change_is_never_before_the_first_visible_date() -> None:
    assert dated().significant_at == micros(at(9))
    assert dated(updated_at=at(11)).significant_at == micros(at(11))
    assert dated(updated_at=at(11), embargoed_until=at(12)).significant_at == micros(at(12))
    assert ArticleEvent.parse(WITHDRAWN).significant_at == micros(at(9)) + 30 * 60 * 10**6


def test_a_copy_works_out_its_own_order() -> None:
    event = put("a", 1)
    assert event.order.revision == 1
    assert event.model_copy(update={"revision": 2}).order.revision == 2


def test_an_article_expires_when_it_says_so_and_a_withdrawal_never() -> None:
    assert dated(expires_at=at(11)).expires == micros(at(11))
    assert dated().expires is None
    assert ArticleEvent.parse(WITHDRAWN).expires is None
