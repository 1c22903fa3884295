"""What a webhook's receiver may do wrong, over real connections: it is waited for, given up or ended as documented."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest

from tests.servers.scripted import RESET, SILENCE, Request, Scripted, reply
from tests.unit.notify.desk import NOON, Desk, work
from wireroom.clock import HOUR, SECOND
from wireroom.config import Settings
from wireroom.log import DEAD_LETTERS
from wireroom.notify import outbound
from wireroom.notify.delivery import Delivery
from wireroom.notify.journal import Journal, State
from wireroom.notify.outcome import TRIES
from wireroom.notify.subscriber import Subscriber
from wireroom.notify.subscribers import subscribers

CANARY = "CANARY-CANARY-CANARY-CANARY"
RSS = "feeds/daily/latest.rss"
Answer = bytes | Callable[[Request], bytes]


class Receiver:
    """A webhook at a server that misbehaves until it is told to behave."""

    def __init__(self, answer: Answer) -> None:
        self.server = Scripted(answer)
        self.desk = Desk()
        self.settings = Settings.model_validate(
            {
                "notify": {
                    "allow": ["127.0.0.0/8"],
                    "webhooks": [
                        {
                            "id": "partner",
                            "url": f"http://127.0.0.1:{self.server.port}/hook/{CANARY}",
                            "feeds": ["daily/latest"],
                            "secret": CANARY,
                        }
                    ],
                }
            }
        )
        work(self.delivery())

    def delivery(self) -> Delivery:
        """As a process that was just started has it."""
        return self.desk.delivery(self.subscriber())

    @lru_cache(maxsize=1)  # noqa: B019  # a TLS context takes long to make
    def subscriber(self) -> Subscriber:
        (subscriber,) = subscribers(self.settings, self.desk.store, self.desk.clock)
        return subscriber

    def after(self, wait: int = HOUR) -> State:
        """Its state once it was tried after some microseconds."""
        self.desk.clock.time += wait
        work(self.delivery())
        state = Journal(self.desk.store, "webhooks/partner").read()
        assert state
        return state

    @property
    def sequences(self) -> list[int]:
        return [json.loads(request.body)["data"]["sequence"] for request in self.server.requests]


@pytest.fixture
def receiver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(outbound.Outbound.send, "__kwdefaults__", {"seconds": 1.0, "most": 0})
    receiver = Receiver(request.param)
    with receiver.server:
        receiver.desk.publish(RSS, 1)
        receiver.desk.publish(RSS, 2)
        yield receiver


WAITED_FOR = {
    "reset": RESET,
    "silence": SILENCE,
    "nothing": b"",
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "429": reply(429),
    "503": reply(503),
}
REFUSED = {
    "500": reply(500),
    "404": reply(404),
    "redirect": reply(307, Location="http://127.0.0.1:1/"),
    "redirect to itself": reply(301, Location="/hook"),
}


@pytest.mark.parametrize("receiver", WAITED_FOR.values(), ids=WAITED_FOR, indirect=True)
def test_what_is_waited_for(receiver: Receiver) -> None:
    for _ in range(3):
        state = receiver.after()
    assert (state.failures, state.tries, state.sent, state.ended) == (3, 0, 0, False)
    receiver.server.answer = reply(204)
    state = receiver.after()
    assert (state.failures, state.sent, state.reason) == (0, 2, "")
    assert receiver.sequences[-2:] == [1, 2]
    assert set(receiver.sequences[:-2]) <= {1}


@pytest.mark.parametrize("receiver", REFUSED.values(), ids=REFUSED, indirect=True)
def test_what_is_given_up_in_the_end(receiver: Receiver) -> None:
    for _ in range(TRIES - 1):
        state = receiver.after()
    assert (state.tries, state.sent) == (TRIES - 1, 0)
    receiver.server.answer = lambda request: reply(204 if b'"sequence":2' in request.body else 500)
    state = receiver.after()
    state = receiver.after()
    assert (state.sent, state.failures) == (2, 0)
    (letter,) = receiver.desk.log.read(receiver.desk.log.partitions(DEAD_LETTERS)[0], 0, 10)
    assert CANARY.encode() not in letter.value + b"".join(letter.headers.values())
    assert {request.path for request in receiver.server.requests} == {f"/hook/{CANARY}"}


@pytest.mark.parametrize("receiver", [reply(410)], ids=["410"], indirect=True)
def test_what_ends_it(receiver: Receiver) -> None:
    for _ in range(3):
        state = receiver.after()
    assert state.ended
    assert receiver.sequences == [1]


@pytest.mark.parametrize("receiver", [reply(429, Retry_After="7200")], ids=["429"], indirect=True)
def test_how_long_it_is_left_alone(receiver: Receiver) -> None:
    receiver.after(0)
    receiver.after(HOUR)
    assert receiver.sequences == [1]
    receiver.server.answer = reply(200)
    receiver.after(HOUR)
    assert receiver.sequences == [1, 1, 2]


@pytest.mark.parametrize("receiver", [RESET], ids=["reset"], indirect=True)
def test_nothing_secret_is_told(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.after()
    assert "webhooks/partner: 1: 127.0.0.1:" in caplog.text
    assert CANARY not in caplog.text
    for key in receiver.desk.store.keys(""):
        stored = receiver.desk.store.get(key)
        assert stored
        assert CANARY.encode() not in stored.body


@pytest.mark.parametrize("receiver", [reply(500)], ids=["500"], indirect=True)
def test_every_try_is_signed_for_its_own_time_and_has_the_same_id_and_body(receiver: Receiver) -> None:
    receiver.after(0)
    receiver.after(HOUR)
    one, other = receiver.server.requests
    assert one.body == other.body
    assert one.headers["webhook-id"] == other.headers["webhook-id"]
    times = [int(each.headers["webhook-timestamp"]) for each in (one, other)]
    assert times == [NOON // SECOND, (NOON + HOUR) // SECOND]
    for each in (one, other):
        content = f"{each.headers['webhook-id']}.{each.headers['webhook-timestamp']}.".encode() + each.body
        digest = base64.b64encode(hmac.new(CANARY.encode(), content, hashlib.sha256).digest())
        assert each.headers["webhook-signature"] == f"v1,{digest.decode()}"


@pytest.mark.parametrize("receiver", [reply(200)], ids=["private"], indirect=True)
def test_a_private_address_is_not_asked(receiver: Receiver) -> None:
    notify = receiver.settings.notify.model_copy(update={"allow": ()})
    receiver.settings = receiver.settings.model_copy(update={"notify": notify})
    receiver.subscriber.cache_clear()
    state = receiver.after()
    assert "expected https, or an address in notify.allow" in state.reason
    assert receiver.server.requests == []
