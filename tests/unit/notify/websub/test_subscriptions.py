"""Subscriptions in the store."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.notify.websub.newsroom import KEY, TOPIC
from wireroom.clock import DAY, HOUR
from wireroom.errors import Red
from wireroom.notify.websub.request import Request
from wireroom.notify.websub.subscriptions import SHARDS, Shard, Subscriptions, applied
from wireroom.store import STATE
from wireroom.store.memory import MemoryStore

NOW = 1000 * DAY


def request(
    mode: str = "subscribe", host: str = "partner.example", lease: int = DAY, secret: str | None = None
) -> Request:
    return Request(
        "unsubscribe" if mode == "unsubscribe" else "subscribe", TOPIC, KEY, f"https://{host}/in", lease, secret
    )


def everything(subscriptions: Subscriptions) -> Shard:
    return {ident: each for name in subscriptions.names() for ident, each in subscriptions.read(name).items()}


def test_what_was_confirmed_is_there_for_another_process() -> None:
    store = MemoryStore()
    Subscriptions(store).apply(request(secret="s3cret"), NOW)
    (found,) = everything(Subscriptions(store)).values()
    assert (found.key, found.topic, found.callback, found.secret) == (
        KEY,
        TOPIC,
        "https://partner.example/in",
        "s3cret",
    )
    assert (found.since, found.expires, found.delivered) == (NOW, NOW + DAY, 0)


def test_renewing_begins_the_lease_anew_and_keeps_what_was_brought() -> None:
    first = applied({}, request(secret="old"), NOW)
    failing = {
        ident: each.model_copy(update={"delivered": 7, "failures": 3, "failing_since": NOW, "due": NOW + HOUR})
        for ident, each in first.items()
    }
    (renewed,) = applied(failing, request(secret="new"), NOW + HOUR).values()
    assert (renewed.expires, renewed.secret, renewed.delivered) == (NOW + HOUR + DAY, "new", 7)
    assert (renewed.failures, renewed.failing_since, renewed.due) == (0, 0, 0)


def test_renewing_without_a_secret_ends_the_signing() -> None:
    first = applied({}, request(secret="old"), NOW)
    (renewed,) = applied(first, request(), NOW).values()
    assert renewed.secret is None


def test_unsubscribing() -> None:
    assert applied(applied({}, request(), NOW), request("unsubscribe"), NOW) == {}
    assert applied({}, request("unsubscribe"), NOW) == {}


def test_one_that_expired_is_a_new_one() -> None:
    first = applied({}, request(), NOW)
    had = {ident: each.model_copy(update={"delivered": 7}) for ident, each in first.items()}
    (again,) = applied(had, request(), NOW + DAY).values()
    assert again.delivered == 0


def test_what_expired_is_removed_with_the_next_write() -> None:
    first = applied({}, request(host="a.example"), NOW)
    assert len(applied(first, request(host="b.example"), NOW + DAY - 1)) == 2
    assert len(applied(first, request(host="b.example"), NOW + DAY)) == 1


def test_hosts_are_spread_and_one_host_lies_together() -> None:
    store = MemoryStore()
    for number in range(500):
        Subscriptions(store).apply(request(host=f"{number}.example"), NOW)
    assert len(list(store.keys("editions/_websub/"))) == SHARDS
    before = len(Subscriptions(store).of_host("1.example"))
    other = request(host="1.example")._replace(key="feeds/daily/latest.atom")
    Subscriptions(store).apply(other, NOW)
    assert len(Subscriptions(store).of_host("1.example")) == before + 1


def test_many_processes_at_once_lose_nothing() -> None:
    store = MemoryStore()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: Subscriptions(store).apply(request(host=f"{n}.example"), NOW), range(200)))
    assert len(everything(Subscriptions(store))) == 200


def test_what_another_process_wrote_is_seen() -> None:
    store = MemoryStore()
    mine, other = Subscriptions(store), Subscriptions(store)
    mine.apply(request(), NOW)
    assert len(mine.of_host("partner.example")) == 1
    other.apply(request("unsubscribe"), NOW)
    assert mine.of_host("partner.example") == {}


def test_nothing_is_written_when_nothing_changes() -> None:
    store = MemoryStore()
    Subscriptions(store).apply(request("unsubscribe"), NOW)
    assert list(store.keys("")) == []


def test_secrets_lie_where_nothing_is_served() -> None:
    store = MemoryStore()
    Subscriptions(store).apply(request(secret="s3cret"), NOW)
    (name,) = store.keys("")
    assert name.startswith("editions/_websub/")
    stored = store.get(name)
    assert stored
    assert json.loads(stored.body)["subscriptions"][0]["secret"] == "s3cret"


def test_what_cannot_be_read_is_for_a_person() -> None:
    store = MemoryStore()
    Subscriptions(store).apply(request(), NOW)
    (name,) = store.keys("")
    stored = store.get(name)
    assert stored
    store.put(name, b"{", stored.etag, STATE)
    with pytest.raises(Red, match="holds no subscriptions"):
        Subscriptions(store).of_host("partner.example")
