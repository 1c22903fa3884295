"""The hub's endpoint."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import NamedTuple

import pytest

from tests.servers.scripted import RESET, reply
from tests.servers.scripted import Request as Asked
from tests.unit.notify.websub.newsroom import KEY, SETTINGS, TOPIC, Callback, form, query
from wireroom.asgi import Message
from wireroom.clock import DAY, ManualClock
from wireroom.errors import RetryAfter
from wireroom.notify.websub import app
from wireroom.notify.websub.app import FORM, PER_HOST, Hub
from wireroom.notify.websub.request import MOST_BYTES, Request
from wireroom.notify.websub.subscriptions import Shard, Subscriptions
from wireroom.notify.websub.verification import Verdict
from wireroom.store import Metadata, Stored
from wireroom.store.memory import MemoryStore

NOW = 1000 * DAY


class Told(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


class Rig:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = ManualClock(NOW)
        self.hub = Hub(self.store, SETTINGS, self.clock)

    def ask(self, body: bytes = b"", method: str = "POST", **scope: object) -> Told:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        around = {
            "type": "http",
            "method": method,
            "path": "/hub",
            "client": ("192.0.2.1", 5000),
            "headers": [(b"content-type", FORM.encode())],
        }
        asyncio.run(self.hub({**around, **scope}, receive, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Told(sent[0]["status"], headers, sent[1]["body"].decode())

    def subscriptions(self) -> Shard:
        held = Subscriptions(self.store)
        return {ident: each for name in held.names() for ident, each in held.read(name).items()}


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.hub.close()


def wait_for(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_who_confirms_is_subscribed(rig: Rig) -> None:
    with Callback() as partner:
        told = rig.ask(form(callback=partner.url, lease_seconds="86400", secret="s3cret"))
        assert (told.status, told.headers["content-type"]) == (202, "text/plain; charset=utf-8")
        wait_for(rig.subscriptions)
    (found,) = rig.subscriptions().values()
    assert (found.key, found.callback, found.secret, found.expires) == (KEY, partner.url, "s3cret", NOW + DAY)


def test_who_unsubscribes_is_asked_too(rig: Rig) -> None:
    with Callback() as partner:
        rig.ask(form(callback=partner.url))
        wait_for(rig.subscriptions)
        rig.ask(form(callback=partner.url, mode="unsubscribe"))
        wait_for(lambda: not rig.subscriptions())
    assert [question["hub.mode"] for question in partner.questions] == ["subscribe", "unsubscribe"]


def test_who_does_not_confirm_changes_nothing(rig: Rig) -> None:
    with Callback() as partner:
        rig.ask(form(callback=partner.url, secret="mine"))
        wait_for(rig.subscriptions)
        before = rig.subscriptions()
        partner.asked = lambda _: reply(404)
        rig.ask(form(callback=partner.url, mode="unsubscribe"))
        rig.ask(form(callback=partner.url, secret="another's"))
        wait_for(lambda: not rig.hub._pending)
        assert rig.subscriptions() == before


def test_no_answer_is_asked_for_once_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_AGAIN", 0.01)
    with Callback() as partner:
        answers = iter([RESET])
        partner.asked = lambda asked: next(answers, reply(200, query(asked)["hub.challenge"].encode()))
        rig.ask(form(callback=partner.url))
        wait_for(rig.subscriptions)
        partner.asked = lambda _: RESET
        rig.ask(form(callback=partner.url, mode="unsubscribe"))
        wait_for(lambda: not rig.hub._pending)
        assert len(partner.requests) == 4
    assert rig.subscriptions()


def test_the_later_of_two_that_are_confirmed_counts(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_AGAIN", 0.2)
    with Callback() as partner:

        def away(question: object) -> bytes:
            """The first is asked about again when the second is confirmed already."""
            partner.asked = confirm
            rig.ask(form(callback=partner.url, secret="second"))
            return reply(503)

        confirm, partner.asked = partner.asked, away
        rig.ask(form(callback=partner.url, secret="first"))
        wait_for(lambda: not rig.hub._pending)
        (found,) = rig.subscriptions().values()
    assert found.secret == "second"
    assert len(partner.questions) == 3
    assert rig.hub._confirmed == {}


def test_a_request_that_nobody_confirms_takes_nothing_from_one_that_is(rig: Rig) -> None:
    with Callback() as partner:

        def first(question: Asked) -> bytes:
            partner.asked = lambda _: reply(404)
            rig.ask(form(callback=partner.url, secret="a stranger's"))
            return confirm(question)

        confirm, partner.asked = partner.asked, first
        rig.ask(form(callback=partner.url, secret="mine"))
        wait_for(lambda: not rig.hub._pending)
        (found,) = rig.subscriptions().values()
    assert found.secret == "mine"


def test_a_slow_callback_does_not_hold_up_another(rig: Rig) -> None:
    with Callback() as slow, Callback() as prompt:
        ended = Event()
        slow.asked = lambda _: reply(404) if ended.wait(20) else RESET
        for number in range(80):
            rig.ask(form(callback=f"{slow.url}&{number}"), client=(f"192.0.2.{number}", 1))
        rig.ask(form(callback=f"http://localhost:{prompt.port}/in"))
        wait_for(rig.subscriptions)
        assert len(slow.requests) <= 1
        rig.hub.close()
        ended.set()


@pytest.mark.parametrize(
    ("status", "scope"),
    [
        (404, {"path": "/hub/"}),
        (405, {"method": "GET"}),
        (405, {"method": "PUT"}),
        (415, {"headers": []}),
        (415, {"headers": [(b"content-type", b"application/json")]}),
        (413, {"body": b"a" * (MOST_BYTES + 1)}),
        (400, {"body": b""}),
    ],
)
def test_what_is_refused(rig: Rig, status: int, scope: Mapping[str, object]) -> None:
    given = {"body": form(), **scope}
    told = rig.ask(**given)  # type: ignore[arg-type]
    assert told.status == status
    assert told.headers.get("allow") == ("POST" if status == 405 else None)
    assert not rig.hub._pending


def test_faults_are_told_in_lines(rig: Rig) -> None:
    lines = rig.ask(form(mode="", callback="https://127.1/")).text.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["hub.mode", "hub.callback"]


def test_the_content_type_may_name_its_charset(rig: Rig) -> None:
    headers = [(b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=UTF-8")]
    with Callback() as partner:
        assert rig.ask(form(callback=partner.url), headers=headers).status == 202


def test_one_address_may_not_ask_for_ever(rig: Rig) -> None:
    statuses = [rig.ask(b"").status for _ in range(150)]
    assert statuses.count(400) >= 100
    assert statuses[-1] == 429
    assert rig.ask(b"", client=("192.0.2.2", 1)).status == 400


def test_one_host_may_not_be_named_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "verify", lambda *_: Verdict(False, "no"))
    told = [rig.ask(form(), client=(f"192.0.2.{number}", 1)) for number in range(150)]
    assert [each.status for each in told[:100]] == [202] * 100
    assert told[-1].status == 429
    assert int(told[-1].headers["retry-after"]) >= 1
    assert rig.ask(form(callback="https://other.example/"), client=("192.0.2.200", 1)).status == 202


def test_a_host_has_a_thousand_subscriptions_at_most(rig: Rig) -> None:
    held = Subscriptions(rig.store)
    asked = Request("subscribe", TOPIC, KEY, "", DAY, None)
    full = {}
    for number in range(PER_HOST):
        one = asked._replace(callback=f"https://partner.example/{number}")
        full[one.id] = one
    name = _fill(held, list(full.values()))
    assert len(held.read(name)) == PER_HOST
    assert rig.ask(form()).status == 403
    assert rig.ask(form(callback="https://partner.example/7")).status == 202  # a renewal
    assert rig.ask(form(callback="https://partner.example/7", mode="unsubscribe")).status == 202
    assert rig.ask(form(callback="https://other.example/")).status == 202
    rig.clock.time += DAY
    assert rig.ask(form()).status == 202


def test_a_callback_that_will_never_be_asked_is_refused_at_once(rig: Rig) -> None:
    assert rig.ask(form(callback="https://10.0.0.1/")).status == 400
    assert "a public address" in rig.ask(form(callback="https://10.0.0.1/")).text


def test_the_hub_is_full(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PER_SHARD", 1)
    held = Subscriptions(rig.store)
    held.apply(Request("subscribe", TOPIC, KEY, "https://partner.example/1", DAY, None), NOW)
    told = rig.ask(form())
    assert (told.status, told.headers["retry-after"]) == (503, "3600")
    assert rig.ask(form(callback="https://partner.example/1")).status == 202


def test_what_waits_to_be_verified_is_counted(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PER_HOST", 1)
    with Callback() as partner:
        ended = Event()
        partner.asked = lambda _: reply(404) if ended.wait(20) else RESET
        assert rig.ask(form(callback=partner.url)).status == 202
        assert rig.ask(form(callback=f"{partner.url}&2")).status == 403
        ended.set()


def _fill(held: Subscriptions, requests: list[Request]) -> str:
    held.apply(requests[0], NOW)
    (name,) = held.names()
    one = next(iter(held.read(name).values()))
    held.change(name, lambda _: {each.id: one.model_copy(update={"callback": each.callback}) for each in requests})
    return name


class Away(MemoryStore):
    """A store that is away for some questions."""

    away = 0

    def get(self, key: str) -> Stored | None:
        if self.away:
            self.away -= 1
            raise RetryAfter("the store is away", 0.01)
        return super().get(key)

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        self.get(key)
        return super().put(key, body, if_match, metadata)


def test_while_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.store = store = Away()
    rig.hub = Hub(store, SETTINGS, rig.clock)
    store.away = 1
    told = rig.ask(form())
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    with Callback() as partner:

        def confirmed(asked: object) -> bytes:
            """What was confirmed is kept in the end."""
            store.away = 1
            return confirm(asked)  # type: ignore[arg-type]

        confirm, partner.asked = partner.asked, confirmed
        assert rig.ask(form(callback=partner.url)).status == 202
        wait_for(lambda: not rig.hub._pending)
    assert rig.subscriptions()
    rig.hub.close()
