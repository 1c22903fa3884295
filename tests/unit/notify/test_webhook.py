import base64
import hashlib
import hmac
import json

import pytest

from tests.servers.scripted import Scripted, reply
from tests.unit.notify.desk import NOON, article_document, changed
from wireroom.clock import ManualClock
from wireroom.config import Settings
from wireroom.config_notify import WebhookSettings
from wireroom.notify.documents import Documents, Said
from wireroom.notify.journal import Notification
from wireroom.notify.outcome import Verdict
from wireroom.notify.subscriber import Told
from wireroom.notify.subscribers import subscribers
from wireroom.notify.webhook import Webhook, address, payload, signed
from wireroom.store import STATE
from wireroom.store.memory import MemoryStore

SECRET, OLD = "s" * 32, "whsec_" + base64.b64encode(b"o" * 24).decode()
AROUND = Settings.model_validate(
    {
        "publications": [
            {"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/"},
            {
                "id": "weekly",
                "name": "Weekly",
                "language": "en",
                "url": "https://weekly.example/",
                "public_url": "https://weekly.example/wire/",
            },
        ],
        "public_url": "https://feeds.example/base/",
        "notify": {"allow": ["127.0.0.0/8"]},
    }
)


def webhook(url: str = "https://partner.example/in", **more: object) -> Webhook:
    settings = WebhookSettings.model_validate({"id": "partner", "url": url, "secret": SECRET, **more})
    around = AROUND.model_copy(update={"notify": AROUND.notify.model_copy(update={"webhooks": (settings,)})})
    (found,) = subscribers(around, MemoryStore(), ManualClock(NOON))
    assert isinstance(found, Webhook)
    return found


def told(key: str, document: Said, articles: tuple[tuple[str, str, int], ...] = ()) -> Told:
    place = {"sequence": 7, "partition": 0, "offset": 3}
    return Told(Notification(**place, **changed(key, 4, articles=articles)._asdict()), document)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of their documentation: its id, time, body and secret."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [key])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_an_old_secret_signs_too() -> None:
    with Scripted(reply(204)) as server:
        subscriber = webhook(f"http://127.0.0.1:{server.port}/in", feeds=["daily/latest"], old_secret=OLD)
        assert subscriber.deliver("e1", [told("feeds/daily/latest.rss", Said(4))]).verdict is Verdict.DELIVERED
    (request,) = server.requests
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = [
        "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        for key in (SECRET.encode(), b"o" * 24)
    ]
    assert request.headers["webhook-signature"].split() == expected
    assert request.headers["webhook-id"] == "partner-e1-7"
    assert request.headers["content-type"] == "application/json"


def test_what_it_says_of_a_feed() -> None:
    found = json.loads(payload("partner", "e1", told("feeds/daily/latest.rss", Said(4), (("daily", "a", 2),)), "here"))
    assert found == {
        "type": "document.changed",
        "timestamp": "2026-03-02T12:00:00+00:00",
        "data": {
            "webhook": "partner",
            "epoch": "e1",
            "sequence": 7,
            "key": "feeds/daily/latest.rss",
            "address": "here",
            "generation": 4,
            "etag": '"feeds/daily/latest.rss@4"',
            "media_type": "application/json",
            "articles": [{"publication": "daily", "article_id": "a", "revision": 2, "withdrawn": False}],
        },
    }


def test_what_it_says_of_a_withdrawn_article() -> None:
    tombstone = told("articles/daily/a~20b.json", Said(5, "canceled", 9))
    found = json.loads(payload("partner", "e1", tombstone, "here"))
    assert found["type"] == "document.withdrawn"
    assert found["data"]["articles"] == [
        {"publication": "daily", "article_id": "a b", "revision": 9, "withdrawn": True}
    ]


def test_what_it_is_told_of() -> None:
    subscriber = webhook(feeds=["daily/latest"], publications=["weekly"])
    keys = [
        "feeds/daily/latest.rss",
        "feeds/daily/latest.json",
        "private/feeds/daily/latest.rss",
        "feeds/daily/latest/2026-11-24.atom",
        "private/feeds/daily/latest/2026-11-24.atom",
        "feeds/daily/latest-two.rss",
        "feeds/weekly/latest.rss",
        "articles/weekly/x.json",
        "articles/weekly.json",
        "articles/daily/x.json",
        "sitemaps/daily/news.xml",
    ]
    assert [key for key in keys if subscriber.wants(changed(key, 1))] == [
        "feeds/daily/latest.rss",
        "feeds/daily/latest.json",
        "private/feeds/daily/latest.rss",
        "articles/weekly/x.json",
    ]


def test_where_readers_find_a_document() -> None:
    assert address(AROUND, "feeds/daily/latest.rss") == "https://feeds.example/base/feeds/daily/latest.rss"
    assert address(AROUND, "articles/weekly.json") == "https://weekly.example/wire/articles/weekly.json"
    assert address(AROUND, "private/feeds/weekly/x.rss") == "https://weekly.example/wire/private/feeds/weekly/x.rss"


def test_a_new_secret_is_no_new_definition_and_a_new_address_is() -> None:
    plain = webhook(feeds=["daily/latest"])
    assert webhook(feeds=["daily/latest"], old_secret=OLD).definition == plain.definition
    assert webhook("https://other.example/", feeds=["daily/latest"]).definition != plain.definition
    assert webhook(feeds=["daily/other"]).definition != plain.definition


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"pubStatus":"usable"}', b'{"pubStatus":1,"version":"x","altIds":[7]}']
)
def test_what_is_no_document_of_ours_says_nothing(body: bytes) -> None:
    store = MemoryStore()
    store.put("articles/daily/x.json", body + b"<!-- wireroom:generation 3 -->", None, STATE)
    store.put("articles/daily/y.json", body, None, STATE)
    assert Documents(store).read("articles/daily/x.json", 3) == Said(3)
    assert Documents(store).read("articles/daily/y.json", 1) is None


def test_a_document_of_an_article_tells_its_address() -> None:
    key = "articles/daily/x.json"
    store = MemoryStore()
    store.put(key, article_document(3, previous=["https://daily.example/old"]), None, STATE)
    said = Documents(store).read(key, 3)
    assert said == Said(3, "usable", 3, "https://daily.example/a", ("https://daily.example/old",))
    assert Documents(store).read(key, 4) is None
    assert Documents(store).read("articles/daily/none.json", 1) is None
