"""Our own WebSub hub, from outside: subscribers that listen, and processes that are killed."""

import hashlib
import hmac
import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.servers.scripted import reply
from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for
from tests.unit.notify.websub.newsroom import Callback

CONFIGURATION = """
publications: [{id: daily, name: Daily, language: en, url: "https://daily.example/"}]
feeds: [{id: latest, publication: daily, formats: [rss, json]}]
notify:
  hub: true
  allow: [127.0.0.0/8]
"""


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    (tmp_path / "wireroom.yaml").write_text(CONFIGURATION)
    return Newsroom(tmp_path)


@pytest.fixture
def partner() -> Iterator[Callback]:
    with Callback() as subscriber:
        yield subscriber


def discover(address: str) -> tuple[str, str]:
    """Hub and topic, as the feed names them and its header Link does too (WebSub, 4)."""
    with urllib.request.urlopen(f"{address}feeds/daily/latest.rss") as answer:
        body, link = answer.read().decode(), answer.headers["Link"]
    links = {
        match["rel"]: match["href"]
        for match in re.finditer(r'<atom:link href="(?P<href>[^"]+)" rel="(?P<rel>\w+)"', body)
    }
    assert link == f'<{links["hub"]}>; rel="hub", <{links["self"]}>; rel="self"'
    return links["hub"], links["self"]


def ask(hub: str, **parameters: str) -> int:
    """The status that a request gets."""
    form = urlencode({f"hub.{name}": value for name, value in parameters.items()}).encode()
    try:
        with urllib.request.urlopen(hub, form, timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def has(partner: Callback, title: str) -> bool:
    return any(title.encode() in request.body for request in partner.brought)


def test_subscribe_receive_and_unsubscribe(newsroom: Newsroom, partner: Callback) -> None:
    with newsroom.up() as address:
        newsroom.publish(article("a", title="The first"))
        wait_for(lambda: newsroom.document("feeds/daily/latest.rss"))
        hub, topic = discover(address)
        assert (hub, topic) == (f"{address}hub", f"{address}feeds/daily/latest.rss")
        assert ask(hub, mode="subscribe", topic=topic, callback=partner.url, secret="hemmelig") == 202
        wait_for(lambda: has(partner, "The first"))  # what it may have missed between reading and subscribing
        newsroom.publish(article("b", title="The second"))
        wait_for(lambda: has(partner, "The second"))
        newest = partner.brought[-1]
        assert newest.headers["link"] == f'<{hub}>; rel="hub", <{topic}>; rel="self"'
        assert "hub: well; 1 subscriptions of 1 hosts, 0 failing" in newsroom.run("status")
        expected = hmac.new(b"hemmelig", newest.body, hashlib.sha256).hexdigest()
        assert newest.headers["x-hub-signature"] == f"sha256={expected}"
        assert newest.body.decode() == newsroom.document("feeds/daily/latest.rss")
        assert ask(hub, mode="unsubscribe", topic=topic, callback=partner.url) == 202
        wait_for(lambda: "unsubscribe" in [question["hub.mode"] for question in partner.questions])
        with Callback() as other:
            assert ask(hub, mode="subscribe", topic=topic, callback=other.url) == 202
            wait_for(lambda: has(other, "The second"))
            newsroom.publish(article("c", title="The third"))
            wait_for(lambda: has(other, "The third"))
        assert not has(partner, "The third")
    assert "in?id=7" not in newsroom.output()  # callbacks are secrets of the subscribers
    assert "hemmelig" not in newsroom.output()


def test_what_the_hub_refuses(newsroom: Newsroom, partner: Callback) -> None:
    with newsroom.up() as address:
        newsroom.publish(article("a"))
        wait_for(lambda: newsroom.document("feeds/daily/latest.rss"))
        hub, topic = discover(address)
        good = {"mode": "subscribe", "topic": topic, "callback": partner.url}
        for bad in (
            {"topic": "https://other.example/feed"},
            {"topic": f"{address}articles/daily.json"},
            {"topic": f"{address}editions/_websub/00.json"},
            {"mode": "publish"},
            {"callback": "file:///etc/passwd"},
            {"callback": "http://127.1/"},
            {"callback": "https://10.0.0.1/"},
            {"callback": "https://[::ffff:169.254.169.254]/latest/meta-data"},
            {"secret": "s" * 200},
        ):
            assert ask(hub, **{**good, **bad}) == 400
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(f"{address}editions/_websub/00.json")
    assert partner.requests == []
    assert not list((newsroom.folder / "data/store/editions").glob("_websub/*"))


def test_killed_while_a_subscriber_is_away(newsroom: Newsroom, partner: Callback) -> None:
    (newsroom.folder / "wireroom.yaml").write_text(CONFIGURATION + 'public_url: "http://feeds.example/"\n')
    topic = "http://feeds.example/feeds/daily/latest.rss"
    process = newsroom.start("up", "--port", "0")
    try:
        address = wait_for(newsroom.address)
        newsroom.publish(article("a", title="The first"))
        wait_for(lambda: newsroom.document("feeds/daily/latest.rss"))
        assert ask(f"{address}hub", mode="subscribe", topic=topic, callback=partner.url) == 202
        wait_for(lambda: has(partner, "The first"))
        partner.taken = reply(503)
        newsroom.publish(article("b", title="The second"))
        wait_for(lambda: has(partner, "The second"))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    partner.requests.clear()
    partner.taken = reply(204)
    with newsroom.running("worker", "notify"):
        wait_for(lambda: has(partner, "The second"))


def test_each_part_in_a_process_of_its_own(newsroom: Newsroom, partner: Callback) -> None:
    newsroom.publish(article("a", title="The first"))
    newsroom.run("up", "--drain")
    topic = "http://127.0.0.1:8080/feeds/daily/latest.rss"
    with newsroom.running("hub", "--port", "0"):
        hub = wait_for(newsroom.address)
        assert hub.endswith("/hub")
        assert ask(hub, mode="subscribe", topic=topic, callback=partner.url) == 202
        wait_for(lambda: list((newsroom.folder / "data/store/editions").glob("_websub/*.json")))
    assert not partner.brought
    newsroom.run("worker", "notify", "--drain")
    assert has(partner, "The first")


def test_without_a_hub_there_is_none(tmp_path: Path) -> None:
    assert "notify.hub" in Newsroom(tmp_path).run("hub", expect=78)
