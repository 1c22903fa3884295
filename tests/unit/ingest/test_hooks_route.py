"""What a system that signs its pushes is answered."""

import asyncio
import json

import pytest

from tests.golden.hooks.deliveries import CASES, RECEIVED, SETTINGS, signed
from tests.unit.ingest.asking import Answer, Desk, ask, asked, event, run
from wireroom.codec import decode
from wireroom.ingest.hooks import Delivery
from wireroom.log import DEAD_LETTERS

BY_NAME = {case.name: case for case in CASES}
PUBLISHED = BY_NAME["ghost-published"].delivery


@pytest.fixture
def desk() -> Desk:
    desk = Desk(hooks=SETTINGS.hooks)
    desk.clock.time = RECEIVED
    return desk


def push(desk: Desk, delivery: Delivery, path: str | None = None, method: str = "POST", **more: str) -> Answer:
    path = path or f"/v1/hooks/{delivery.cms}/{delivery.publication}/{delivery.event}".rstrip("/")
    headers = {name.replace("-", "_"): value for name, value in delivery.headers.items()}
    return asked(desk, None, delivery.body, path, method, **headers, **more)


@pytest.mark.parametrize(
    "name", ["ghost-published", "wordpress-published", "superdesk-text", "ninjs-3", "generic-wire"]
)
def test_what_is_signed_is_in_the_log_before_it_is_answered(desk: Desk, name: str) -> None:
    answer = push(desk, BY_NAME[name].delivery)
    assert (answer.status, answer.json["verdict"]) == (202, "accepted")
    [record] = desk.records()
    [told] = answer.json["events"]
    assert told == {"event_id": decode(record.value).event_id, "topic": "articles", "partition": 0, "offset": 0}


@pytest.mark.parametrize("headers", [{}, {"x-ghost-signature": "sha256=00, t=1"}])
def test_what_is_not_signed_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    answer = push(desk, PUBLISHED._replace(headers=headers))
    assert (answer.status, answer.problem) == (401, "unauthorized")
    assert answer.headers["www-authenticate"]
    assert not desk.records()


@pytest.mark.parametrize(
    "path", ["/v1/hooks/", "/v1/hooks/ghost", "/v1/hooks/ghost/nobody", "/v1/hooks/joomla/daily", "/v1/hooks/ghost//x"]
)
def test_an_address_without_a_hook(desk: Desk, path: str) -> None:
    assert push(desk, PUBLISHED, path).problem == "not-found"


def test_an_address_that_goes_on(desk: Desk) -> None:
    path = f"/v1/hooks/{PUBLISHED.cms}/{PUBLISHED.publication}/{PUBLISHED.event}/x"
    assert push(desk, PUBLISHED, path).problem == "not-found"


def test_another_method_and_a_packed_body(desk: Desk) -> None:
    assert push(desk, PUBLISHED, method="GET").problem == "method-not-allowed"
    assert push(desk, PUBLISHED, content_encoding="gzip").problem == "unsupported-media-type"


def test_what_cannot_be_mapped_is_kept_and_told(desk: Desk) -> None:
    broken = json.loads(PUBLISHED.body)
    broken["post"]["current"]["url"] = "nowhere"
    answer = push(desk, signed(PUBLISHED._replace(body=json.dumps(broken).encode())))
    assert (answer.status, answer.problem) == (422, "invalid-event")
    assert answer.json["errors"]
    [letter] = desk.records(DEAD_LETTERS)
    assert letter.value == json.dumps(broken).encode()
    assert not desk.records()


def test_who_has_no_secret_cannot_take_the_memory_of_who_has_a_key() -> None:
    desk = Desk(memory=40_000, hooks=SETTINGS.hooks)
    key, unsigned = desk.key("daily"), PUBLISHED._replace(headers={})
    path = f"/v1/hooks/{unsigned.cms}/{unsigned.publication}"
    hangs = asyncio.Event()

    async def receive() -> dict[str, object]:
        if hangs.is_set():
            await asyncio.Event().wait()
        hangs.set()
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

    async def send(message: object) -> None:
        pass

    async def several() -> list[Answer]:
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        slow = asyncio.create_task(desk.ingest(scope, receive, send))
        await hangs.wait()
        await asyncio.sleep(0)
        answers = [await ask(desk.ingest, None, b"x", path), await ask(desk.ingest, key, event(note="x" * 8_000))]
        slow.cancel()
        return answers

    hook, keyed = run(desk, several)
    assert (hook.status, keyed.status) == (503, 202)
