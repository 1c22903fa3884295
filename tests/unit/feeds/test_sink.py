from typing import Any

import pytest

from tests.unit.feeds.reading import body, declared, feed, found, latest, titles
from tests.unit.newsroom import FJORDPOSTEN, HARBOUR, HOUR, NOON, PUBLICATIONS, SETTINGS, published, withdrawn
from wireroom.clock import HOUR as HOUR_US
from wireroom.clock import MINUTE
from wireroom.config import FeedSettings, Settings
from wireroom.errors import Red
from wireroom.event import Author
from wireroom.feeds import FeedsSink
from wireroom.feeds.fragments import Fragments
from wireroom.sink import load_sink

PICTURED = {
    "sections": ["Sjø", "Havn"],
    "tags": ["Ferge"],
    "authors": [Author(name="Kari Lund")],
    "language": "en-GB",
    "access": "METERED",
}


def selects(event_fields: dict[str, Any], **settings: Any) -> bool:  # noqa: ANN401
    return declared(**settings).definition.selects(published(**event_fields))


@pytest.mark.parametrize(
    ("choice", "shared"),
    [
        ({}, True),
        ({"sections": ["Havn", "Kultur"]}, True),
        ({"sections": ["Kultur"]}, False),
        ({"tags": ["ferge"]}, True),
        ({"authors": ["Kari Lund"]}, True),
        ({"authors": ["Kari"]}, False),
        ({"languages": ["en"]}, True),
        ({"languages": ["en-GB"]}, True),
        ({"languages": ["en-US", "nb"]}, False),
        ({"access": ["FREE", "METERED"]}, True),
        ({"access": ["PAID"]}, False),
        ({"sections": ["Sjø"], "tags": ["Tog"]}, False),
        ({"sections": ["Sjø"], "tags": ["Ferge"]}, True),
        ({"sections": ["SJØ"]}, True),
    ],
)
def test_every_list_of_include_must_share_a_value(choice: dict[str, Any], shared: bool) -> None:
    assert selects(PICTURED, include=choice) is shared


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ({}, True),
        ({"sections": ["Kultur"]}, True),
        ({"sections": ["Kultur"], "tags": ["Ferge"]}, False),
        ({"access": ["METERED"]}, False),
        ({"languages": ["en-US"]}, True),
    ],
)
def test_one_shared_value_of_exclude_is_enough(choice: dict[str, Any], kept: bool) -> None:
    assert selects(PICTURED, exclude=choice) is kept


def test_composed_and_decomposed_letters_are_the_same_word() -> None:
    assert selects({"tags": ["A\u030alesund"]}, include={"tags": ["\u00c5lesund"]})
    assert selects({"tags": ["Mat &amp; vin"]}, include={"tags": ["Mat & vin"]})


def test_an_article_without_language_speaks_its_publication() -> None:
    assert selects({}, include={"languages": ["nb"]})
    assert not selects({"publication": "harbour"}, publications=["harbour"], include={"languages": ["nb"]})


@pytest.mark.parametrize(("name", "kept"), [("feeds", False), ("siste", False), ("sitemaps", True)])
def test_an_article_names_what_must_not_show_it(name: str, kept: bool) -> None:
    assert selects({"exclude": [name]}) is kept


def test_a_withdrawal_is_selected_by_nothing() -> None:
    assert not latest().definition.selects(withdrawn())


def test_without_a_configuration_every_publication_has_one_feed_in_all_formats() -> None:
    [definition] = FeedsSink(SETTINGS).definitions("fjordposten")
    assert (definition.publication, definition.name) == ("fjordposten", "latest")
    assert set(definition.sources) == {"fjordposten"}
    assert {key.rsplit(".")[-1] for key in latest().read(now=NOON)} == {"rss", "atom", "json"}


def test_with_one_an_event_touches_the_feeds_that_select_from_its_publication() -> None:
    feeds = (
        FeedSettings(id="own", publication="fjordposten"),
        FeedSettings(id="both", publication="harbour", publications=("harbour", "fjordposten")),
        FeedSettings(id="other", publication="harbour"),
    )
    sink = FeedsSink(Settings(publications=(FJORDPOSTEN, HARBOUR), feeds=feeds))
    assert [feed.name for feed in sink.definitions("fjordposten")] == ["own", "both"]
    assert [feed.publication for feed in sink.definitions("harbour")] == ["harbour", "harbour"]
    assert not sink.definitions("unknown")


def test_the_window() -> None:
    window = declared(entries=50, minutes=30).definition.window
    assert (window.entries, window.younger_than, window.reserve) == (50, 30 * MINUTE, 25)
    assert window.tombstones == 72 * HOUR_US
    small = declared(entries=5, formats=("rss", "json")).definition.window
    assert (small.reserve, small.tombstones) == (10, 0)


@pytest.mark.parametrize(
    "selecting",
    [
        {"publications": ("fjordposten", "harbour")},
        {"include": {"tags": ["x"]}},
        {"exclude": {"tags": ["x"]}},
        {"entries": 51},
        {"minutes": 1},
        {"content": "summary"},
    ],
)
def test_the_digest_covers_what_selects_and_what_is_kept(selecting: dict[str, Any]) -> None:
    assert declared(**selecting).definition.digest != declared().definition.digest


@pytest.mark.parametrize(
    "rendering",
    [
        {"title": "x"},
        {"description": "x"},
        {"formats": ("rss",)},
        {"paid": "full"},
        {"cache_control": "no-store"},
        {"publications": ("fjordposten",)},
        {"private": True},
    ],
)
def test_the_digest_does_not_cover_what_renders(rendering: dict[str, Any]) -> None:
    assert declared(**rendering).definition.digest == declared().definition.digest


def test_the_order_of_a_choice_selects_nothing_else() -> None:
    one, other = declared(include={"tags": ["a", "b"]}), declared(include={"tags": ["B", "a"]})
    assert one.definition.digest == other.definition.digest


def test_an_expired_article_leaves_a_tombstone() -> None:
    desk = latest()
    assert titles(desk.read(published(expires_at=NOON + HOUR), now=NOON))
    documents = desk.read(now=NOON + HOUR)
    assert titles(documents) == []
    assert found(documents, "atom", "at:deleted-entry/at:comment") == ["expired"]


def test_documents_tell_where_they_are_and_what_they_show() -> None:
    documents = declared(cache_control="no-cache", publications=("fjordposten", "harbour")).read(
        published(revision=4), published("dir/x", publication="harbour"), now=NOON
    )
    assert set(documents) == {f"feeds/fjordposten/siste.{form}" for form in ("rss", "atom", "json")}
    document = documents["feeds/fjordposten/siste.rss"]
    assert document.media_type == "application/rss+xml; charset=utf-8"
    assert document.cache_control == "no-cache"
    assert document.language == PUBLICATIONS["fjordposten"].language
    assert document.articles == (("harbour", "dir/x", 1), ("fjordposten", "17", 4))
    assert feed(documents)["feed_url"] == "https://feeds.example/feeds/fjordposten/siste.json"


def test_a_publication_may_have_an_address_of_its_own() -> None:
    address = feed(latest("harbour").read(now=NOON))["feed_url"]
    assert address == "https://harbour.example/wire/feeds/harbour/latest.json"


def test_an_article_in_the_feed_of_another_publication_names_its_own() -> None:
    desk = declared(publications=("harbour",))
    documents = desk.read(published(publication="harbour", language="nb"), now=NOON)
    assert feed(documents)["items"][0]["authors"] == [{"name": "Harbour & Quay"}]
    assert found(documents, "rss", "channel/item/dc:language") == []


def test_a_summary_feed_neither_shows_nor_keeps_a_body() -> None:
    desk = declared(content="summary")
    documents = desk.read(published(summary="Kort", body_html="<p>Alt</p>"), now=NOON)
    assert not [form for form in ("rss", "atom", "json") if b"Alt" in body(documents, form)]
    assert found(documents, "rss", "channel/item/description") == ["Kort"]
    assert [entry.content.keys() & {"body", "summary"} for entry in desk.edition.entries.values()] == [{"summary"}]


def test_the_same_edition_gives_the_same_bytes_whoever_renders_it() -> None:
    events = [published(f"{n}", at=NOON - n * HOUR, body_html=f"<p>{n}</p>") for n in range(5)]
    worker, other = latest(), latest()
    for event in reversed(events):
        worker.read(event, now=NOON)
    other.edition = worker.edition
    documents = worker.read(now=NOON)
    assert other.read(now=NOON) == documents
    assert latest().read(*events, now=NOON + HOUR) == documents


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_every_document_goes_through_the_gate(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(Fragments, "get", lambda *_: b"<broken")
    with pytest.raises(Red):
        declared(formats=(form,)).read(published(), now=NOON)


def test_the_entry_point_finds_it() -> None:
    assert isinstance(load_sink("feeds", SETTINGS), FeedsSink)


def test_a_private_feed_lies_apart_and_is_kept_by_no_cache() -> None:
    public, private = declared(private=False), declared(private=True)
    assert [key.removeprefix("private/") for key in private.read(now=NOON)] == list(public.read(now=NOON))
    for key, document in private.read(now=NOON).items():
        assert key.startswith("private/feeds/")
        assert document.cache_control == "private, no-store"
    assert found(private.read(now=NOON), "rss", "channel/link")
    assert "https://feeds.example/private/feeds/fjordposten/siste.rss" in body(private.read(now=NOON), "rss").decode()
