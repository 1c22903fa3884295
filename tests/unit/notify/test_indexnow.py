import json
from collections.abc import Sequence

from tests.servers.scripted import Request, Scripted, reply
from tests.unit.notify.desk import Desk, article_document, changed, work
from wireroom.clock import HOUR
from wireroom.config import Settings
from wireroom.notify.indexnow import MOST, calls
from wireroom.notify.journal import Journal
from wireroom.notify.subscriber import Subscriber
from wireroom.notify.subscribers import subscribers

A, B = "articles/daily/a.json", "articles/weekly/b.json"


def indexnow(server: Scripted, desk: Desk) -> Subscriber:
    given = {"indexnow": {"key": "abcdef0123", "endpoint": f"http://127.0.0.1:{server.port}/indexnow"}}
    settings = Settings.model_validate({"notify": {**given, "allow": ["127.0.0.0/8"]}})
    (found,) = subscribers(settings, desk.store, desk.clock)
    return found


def told(server: Scripted) -> list[tuple[str, list[str]]]:
    found = [json.loads(request.body) for request in server.requests]
    assert all(each["key"] == "abcdef0123" for each in found)
    return [(each["host"], each["urlList"]) for each in found]


def after(desk: Desk, subscriber: Subscriber, *steps: tuple[str, int, bytes]) -> None:
    """What is told of documents that change one after the other."""
    work(desk.delivery(subscriber))
    for key, generation, body in steps:
        desk.publish(key, generation, body)
        work(desk.delivery(subscriber))


def test_added_updated_moved_and_withdrawn() -> None:
    desk = Desk()
    with Scripted(reply(202)) as server:
        after(
            desk,
            indexnow(server, desk),
            (A, 1, article_document(1, url="https://daily.example/a")),
            (A, 2, article_document(2, url="https://daily.example/a")),
            (A, 3, article_document(3, url="https://daily.example/moved")),
            (A, 4, article_document(4, "canceled")),
        )
        before, now = "https://daily.example/a", "https://daily.example/moved"
        assert told(server) == [
            ("daily.example", [before]),
            ("daily.example", [before]),
            ("daily.example", [now, before]),
            ("daily.example", [now, before]),
        ]


def test_former_addresses_that_the_event_names() -> None:
    desk = Desk()
    with Scripted(reply(200)) as server:
        after(desk, indexnow(server, desk), (A, 1, article_document(1, previous=["https://old.example/a"])))
        assert told(server) == [
            ("daily.example", ["https://daily.example/a"]),
            ("old.example", ["https://old.example/a"]),
        ]


def test_what_nobody_was_told_of_goes_in_silence() -> None:
    desk = Desk()
    with Scripted(reply(200)) as server:
        after(desk, indexnow(server, desk), (A, 1, article_document(1, "canceled")), ("articles/daily.json", 1, b"{}"))
        assert told(server) == []


def test_changes_that_wait_go_in_one_call_a_host() -> None:
    desk = Desk()
    with Scripted(reply(200)) as server:
        subscriber = indexnow(server, desk)
        work(desk.delivery(subscriber))
        for number in range(5):
            desk.publish(f"articles/daily/{number}.json", 1, article_document(1, url=f"https://d.example/{number}"))
        desk.publish(B, 1, article_document(1, url="https://weekly.example/b"))
        work(desk.delivery(subscriber))
        assert told(server) == [
            ("d.example", [f"https://d.example/{number}" for number in range(5)]),
            ("weekly.example", ["https://weekly.example/b"]),
        ]


def test_too_many_requests_wait_as_long_as_was_asked() -> None:
    answers = [reply(429, Retry_After="3600"), reply(200)]
    desk = Desk()

    def answer(request: Request) -> bytes:
        return answers.pop(0)

    with Scripted(answer) as server:
        subscriber = indexnow(server, desk)
        after(desk, subscriber, (A, 1, article_document(1)))
        desk.clock.time += HOUR - 1
        work(desk.delivery(subscriber))
        assert len(server.requests) == 1
        desk.clock.time += 1
        work(desk.delivery(subscriber))
        assert len(server.requests) == 2


def test_a_key_that_is_not_found_says_where_it_belongs() -> None:
    desk = Desk()
    with Scripted(reply(403)) as server:
        subscriber = indexnow(server, desk)
        after(desk, subscriber, (A, 1, article_document(1)))
    state = Journal(desk.store, subscriber.id).read()
    assert state
    assert state.reason == "daily.example: it answered 403: it finds no such key at the site's /KEY.txt"


def test_a_call_has_one_host_and_ten_thousand_addresses_at_most() -> None:
    many = [f"https://a.example/{number}" for number in range(MOST + 1)]
    found: Sequence[tuple[str, list[str]]] = list(calls([*many, "https://B.example/x", "https://b.example:8443/y"]))
    assert [(host, len(urls)) for host, urls in found] == [
        ("a.example", MOST),
        ("a.example", 1),
        ("b.example", 1),
        ("b.example:8443", 1),
    ]


def test_addresses_are_remembered_by_the_store() -> None:
    desk = Desk()
    with Scripted(reply(200)) as server:
        after(desk, indexnow(server, desk), (A, 1, article_document(1)))
        after(desk, indexnow(server, desk), (A, 2, article_document(2, "withheld")))
        assert told(server)[1] == ("daily.example", ["https://daily.example/a"])


def test_only_articles_own_documents_are_looked_at() -> None:
    with Scripted(reply(200)) as server:
        subscriber = indexnow(server, Desk())
        keys = (A, "articles/daily.json", "feeds/daily/latest.rss", "sitemaps/daily/news.xml")
        assert [key for key in keys if subscriber.wants(changed(key, 1))] == [A]
