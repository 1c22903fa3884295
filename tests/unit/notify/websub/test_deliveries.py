"""Every subscriber gets the newest state of its topic."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from tests.servers.scripted import RESET, reply
from tests.unit.notify.desk import Desk
from tests.unit.notify.websub.newsroom import KEY, SETTINGS, TOPIC, Callback, document
from wireroom.clock import DAY, HOUR, MINUTE, SECOND
from wireroom.config import Settings
from wireroom.errors import RetryAfter
from wireroom.notify.websub import deliveries as module
from wireroom.notify.websub.deliveries import Deliveries
from wireroom.notify.websub.request import Request
from wireroom.notify.websub.subscriptions import Shard, Subscriptions
from wireroom.store import Stored
from wireroom.store.memory import MemoryStore


class Rig(Desk):
    """Deliveries that are driven turn by turn."""

    def __init__(self, settings: Settings = SETTINGS, store: MemoryStore | None = None) -> None:
        super().__init__(store=store)
        self.settings = settings
        self.held = Subscriptions(self.store)
        self.started: list[Deliveries] = []
        self.start()

    def start(self) -> None:
        """As a process that was just started."""
        self.started.append(Deliveries(self.store, self.settings, self.announcements, self.clock))

    def subscribe(self, callback: str, secret: str | None = None, lease: int = 10 * DAY) -> None:
        self.held.apply(Request("subscribe", TOPIC, KEY, callback, lease, secret), self.clock.now())

    def bring_first(self, partner: Callback, lease: int = 10 * DAY) -> None:
        """Let it subscribe, and bring it the first generation."""
        self.subscribe(partner.url, lease=lease)
        self.until(lambda: self.delivered() == [1])

    def change(self, generation: int, text: str = "") -> None:
        self.publish(KEY, generation, document(generation, text))

    def until(self, look: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not look():
            assert time.monotonic() < deadline, "waited in vain"
            self.turn()
            time.sleep(0.01)

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.started[-1]._looked_at = self.started[-1]._wrote_at = 0.0
            self.started[-1].turn()

    def settle(self) -> None:
        """Until all that was begun is written."""
        self.turn()
        self.until(lambda: not self.started[-1]._busy)
        self.turn()

    def subscriptions(self) -> Shard:
        return {ident: each for name in self.held.names() for ident, each in self.held.read(name).items()}

    def delivered(self) -> list[int]:
        return sorted(each.delivered for each in self.subscriptions().values())


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    for each in made.started:
        each.close()


def test_what_is_there_is_brought_to_a_new_subscriber_and_then_each_change(rig: Rig) -> None:
    rig.change(1, "one")
    with Callback() as partner:
        rig.bring_first(partner)
        rig.change(2, "two")
        rig.until(lambda: rig.delivered() == [2])
        rig.settle()
    assert [request.body for request in partner.brought] == [document(1, "one"), document(2, "two")]
    request = partner.brought[0]
    assert request.path == "/in?id=7"
    assert request.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert request.headers["link"] == f'<https://feeds.example/hub>; rel="hub", <{TOPIC}>; rel="self"'
    assert "x-hub-signature" not in request.headers


def test_the_receiver_verifies_the_signature(rig: Rig) -> None:
    rig.change(1, "æøå")
    with Callback() as partner:
        rig.subscribe(partner.url, secret="hemmelig")
        rig.until(lambda: partner.brought)
    method, _, signature = partner.brought[0].headers["x-hub-signature"].partition("=")
    assert method == "sha256"
    assert hmac.compare_digest(hmac.new(b"hemmelig", partner.brought[0].body, hashlib.sha256).hexdigest(), signature)


def test_an_announcement_of_what_was_brought_brings_nothing(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner)
        rig.change(1)
        rig.settle()
    assert len(partner.brought) == 1


def test_a_renewal_brings_nothing_again(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner)
        rig.subscribe(partner.url)
        rig.settle()
    assert len(partner.brought) == 1


def test_other_documents_concern_nobody(rig: Rig) -> None:
    with Callback() as partner:
        rig.subscribe(partner.url)
        rig.publish("feeds/daily/latest.atom", 1, document(1))
        rig.publish("articles/daily/a.json", 1)
        rig.settle()
    assert partner.brought == []


def test_a_restart_forgets_nothing(rig: Rig) -> None:
    rig.change(1)
    with Callback(taken=RESET) as partner:
        rig.subscribe(partner.url)
        rig.until(lambda: [each.failures for each in rig.subscriptions().values()] == [1])
        partner.taken = reply(204)
        rig.start()
        rig.settle()
        assert rig.delivered() == [0]  # it is not due yet
        rig.clock.time += MINUTE
        rig.until(lambda: rig.delivered() == [1])


def test_what_changed_while_nobody_delivered_is_found(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner)
        rig.started[-1].close()
        rig.change(2)
        rig.start()
        rig.until(lambda: rig.delivered() == [2])


def test_a_log_that_was_made_anew_is_read_from_its_beginning(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner)
        rig.started[-1]._cursor = {0: 999}
        rig.write(KEY, document(2))
        rig.until(lambda: rig.delivered() == [2])


def test_who_was_away_gets_the_newest_state_alone(rig: Rig) -> None:
    with Callback(taken=reply(503)) as partner:
        rig.subscribe(partner.url)
        for generation in range(1, 6):
            rig.change(generation)
            rig.settle()
        partner.taken = reply(200)
        rig.clock.time += HOUR
        rig.until(lambda: rig.delivered() == [5])
        seen = [request.body for request in partner.brought]
    assert seen[-1] == document(5)
    assert len(seen) == 2


def test_gone_is_the_end(rig: Rig) -> None:
    rig.change(1)
    with Callback(taken=reply(410)) as partner:
        rig.subscribe(partner.url)
        rig.until(lambda: partner.brought and not rig.subscriptions())
    assert len(partner.brought) == 1


def test_a_redirect_is_a_failure_and_not_followed(rig: Rig) -> None:
    rig.change(1)
    with Callback() as other, Callback(taken=reply(307, Location=other.url)) as partner:
        rig.subscribe(partner.url)
        rig.until(lambda: [each.failures for each in rig.subscriptions().values()] == [1])
    assert other.requests == []


def test_a_lease_that_ran_out_brings_nothing(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner, lease=DAY)
        rig.clock.time += DAY - SECOND
        rig.change(2)
        rig.until(lambda: rig.delivered() == [2])
        rig.clock.time += SECOND
        rig.change(3)
        rig.settle()
    assert len(partner.brought) == 2


def test_an_address_that_became_private_is_not_asked(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner:
        rig.subscribe(partner.url)
        rig.settings = Settings.model_validate({**SETTINGS.model_dump(), "notify": {"hub": True}})
        rig.start()
        rig.until(lambda: [each.failures for each in rig.subscriptions().values()] == [1])
    assert partner.requests == []


def test_a_feed_that_is_no_longer_public_is_denied(rig: Rig) -> None:
    rig.change(1)
    with Callback(asked=lambda _: reply(500)) as partner:
        rig.subscribe(partner.url)
        rig.settings = SETTINGS.model_copy(update={"feeds": SETTINGS.feeds[1:]})
        rig.start()
        rig.until(lambda: partner.questions and not rig.subscriptions())
    (question,) = partner.questions
    assert (question["hub.mode"], question["hub.topic"]) == ("denied", TOPIC)
    assert question["hub.reason"]
    assert partner.brought == []


def test_a_slow_subscriber_delays_no_other(rig: Rig) -> None:
    ended = Event()
    rig.change(1)
    with Callback(taken=lambda _: reply(200) if ended.wait(30) else b"") as slow, Callback() as prompt:
        for number in range(300):
            rig.subscribe(f"{slow.url}&{number}")
        rig.subscribe(f"http://localhost:{prompt.port}/in")
        rig.until(lambda: prompt.brought)
        assert len(slow.brought) <= module._EACH
        rig.change(2)
        rig.until(lambda: len(prompt.brought) == 2)
        ended.set()
        rig.started[-1].close()


def test_who_was_prompt_does_not_wait_among_the_others(rig: Rig) -> None:
    with Callback() as partner:
        rig.subscribe(partner.url)
        rig.change(1)
        rig.until(lambda: rig.delivered() == [1])
        rig.started[-1]._others.submit = pytest.fail  # type: ignore[method-assign,assignment]
        rig.change(2)
        rig.until(lambda: rig.delivered() == [2])


class Away(MemoryStore):
    away = False

    def get(self, key: str) -> Stored | None:
        if self.away:
            raise RetryAfter("the store is away", 0.01)
        return super().get(key)


def test_while_the_store_is_away_nothing_is_lost() -> None:
    store = Away()
    rig = Rig(store=store)
    rig.change(1)
    with Callback() as partner:
        rig.bring_first(partner)
        store.away = True
        rig.turn(3)
        store.away = False
        rig.change(2)
        rig.until(lambda: partner.brought[-1].body == document(2))
        store.away = True
        rig.turn(3)
        store.away = False
        rig.until(lambda: rig.delivered() == [2])
    assert len(partner.brought) == 2
    rig.started[-1].close()


def test_a_bug_in_a_thread_ends_the_worker(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    rig.change(1)
    monkeypatch.setattr(rig.started[-1]._outbound, "send", broken)
    rig.subscribe("http://127.0.0.1:9999/")
    with pytest.raises(ZeroDivisionError):
        rig.settle()


def test_draining_ends_when_nothing_can_be_brought_now(rig: Rig) -> None:
    rig.change(1)
    with Callback() as partner, Callback(taken=reply(500)) as failing:
        rig.subscribe(partner.url)
        rig.subscribe(failing.url)
        rig.started[-1].run(lambda: False, drain=True)
    assert rig.delivered() == [0, 1]
