"""Where readers can ask to be told of changes (WebSub, 4)."""

from typing import Any

import pytest

from tests.unit.feeds.reading import Documents, attributes, feed
from tests.unit.newsroom import FJORDPOSTEN, NOON, Desk, published
from wireroom.config import FeedSettings, Settings
from wireroom.config_notify import NotifySettings
from wireroom.feeds import FeedsSink

OWN, OTHER = "https://feeds.example/hub", "https://hub.example/"


def documents(**notify: Any) -> Documents:  # noqa: ANN401 -- whatever the section can have
    settings = Settings(
        publications=(FJORDPOSTEN,),
        feeds=(FeedSettings(id="siste", publication="fjordposten"),),
        public_url="https://feeds.example/",
        notify=NotifySettings(**notify),
    )
    sink = FeedsSink(settings)
    return Desk(sink, sink.definitions("fjordposten")[0]).read(published(), now=NOON)


def hubs(found: Documents, form: str) -> list[str]:
    path = {"rss": "channel/a:link[@rel='hub']", "atom": "a:link[@rel='hub']"}[form]
    return [link["href"] for link in attributes(found, form, path)]


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_xml_names_the_hubs(form: str) -> None:
    assert hubs(documents(hub=True, hubs=(OTHER,)), form) == [OWN, OTHER]
    assert hubs(documents(hubs=(OTHER,)), form) == [OTHER]
    assert hubs(documents(), form) == []


def test_json_names_the_hubs() -> None:
    found = feed(documents(hub=True, hubs=(OTHER,)))
    assert found["hubs"] == [{"type": "WebSub", "url": OWN}, {"type": "WebSub", "url": OTHER}]
    assert "hubs" not in feed(documents())


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_there_is_just_one_self_link(form: str) -> None:
    path = {"rss": "channel/a:link[@rel='self']", "atom": "a:link[@rel='self']"}[form]
    (link,) = attributes(documents(hub=True), form, path)
    assert link["href"] == f"https://feeds.example/feeds/fjordposten/siste.{form}"
