from urllib.parse import parse_qs

from tests.servers.scripted import Scripted, reply
from tests.unit.notify.desk import Desk, changed, work
from wireroom.clock import HOUR
from wireroom.config import Settings
from wireroom.notify.names import ids
from wireroom.notify.subscriber import Subscriber
from wireroom.notify.subscribers import subscribers


def settings(*hubs: str) -> Settings:
    notify = {"hubs": hubs, "allow": ["127.0.0.0/8"]}
    return Settings.model_validate({"public_url": "https://feeds.example/", "notify": notify})


def hub(server: Scripted, desk: Desk) -> Subscriber:
    (found,) = subscribers(settings(f"http://127.0.0.1:{server.port}/hub"), desk.store, desk.clock)
    return found


def pinged(server: Scripted) -> list[str]:
    found = [parse_qs(request.body.decode()) for request in server.requests]
    assert all(each["hub.mode"] == ["publish"] for each in found)
    return [url for each in found for url in each["hub.url"]]


def test_each_feed_once_for_all_its_changes() -> None:
    desk = Desk()
    with Scripted(reply(204)) as server:
        subscriber = hub(server, desk)
        work(desk.delivery(subscriber))
        for generation in (1, 2, 3):
            desk.publish("feeds/daily/latest.rss", generation)
            desk.publish("feeds/daily/latest.json", generation)
        work(desk.delivery(subscriber))
        assert pinged(server) == [
            "https://feeds.example/feeds/daily/latest.rss",
            "https://feeds.example/feeds/daily/latest.json",
        ]


def test_private_feeds_and_pages_of_archives_are_nobody_s_business() -> None:
    with Scripted(reply(204)) as server:
        subscriber = hub(server, Desk())
        pages = ("feeds/daily/latest/2026-11-24.rss", "private/feeds/daily/latest/2026-11-24.rss")
        keys = ("feeds/daily/latest.rss", "private/feeds/daily/latest.rss", "articles/daily/a.json", *pages)
        assert [key for key in keys if subscriber.wants(changed(key, 1))] == ["feeds/daily/latest.rss"]


def test_a_hub_that_is_unwell_is_pinged_again() -> None:
    desk = Desk()
    with Scripted(reply(503)) as server:
        subscriber = hub(server, desk)
        work(desk.delivery(subscriber))
        desk.publish("feeds/daily/latest.rss", 1)
        work(desk.delivery(subscriber))
        server.answer = reply(200)
        desk.clock.time += HOUR
        work(desk.delivery(subscriber))
        assert len(pinged(server)) == 2


def test_a_secret_in_the_address_of_a_hub_is_not_in_its_name() -> None:
    named = ids(settings("https://Hub.example/CANARY?x=CANARY", "https://hub.example/other"))
    assert all(name.startswith("hubs/hub.example-") for name in named)
    assert len(set(named)) == 2
    assert "CANARY" not in str(named)
