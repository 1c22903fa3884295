"""Answers at once, and what is served while the store takes its time."""

import asyncio
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.unit.serve.http import Answer, ask
from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom.clock import SECOND, ManualClock
from wireroom.config import Settings
from wireroom.errors import RetryAfter
from wireroom.serve import create_app
from wireroom.serve import front as module
from wireroom.serve.documents import PRIVATE
from wireroom.serve.front import Front
from wireroom.store import STATE, Stored
from wireroom.store.memory import MemoryStore

RSS = "/feeds/harbour-post/latest.rss"


def at_once(app: Front, path: str, headers: dict[str, str]) -> Answer | None:
    """As `ask`; the Date apart."""
    made = app.at_once(path.encode(), {name.lower().encode(): value.encode() for name, value in headers.items()})
    if made is None:
        return None
    first, *lines = made[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    told = dict(line.split(": ", 1) for line in lines)
    assert told.pop("date") == "Thu, 01 Jan 2026 12:01:00 GMT"
    return Answer(int(first.split(" ")[1]), told, made[1])


@pytest.mark.parametrize("path", [RSS, "/feeds/harbour-post/latest.json", "/articles/harbour-post/0.json"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "br;q=0, gzip"},
        {"If-None-Match": "*"},
        {"If-None-Match": '"x", W/"y"'},
        {"If-Modified-Since": "Thu, 01 Jan 2026 13:00:00 GMT"},
        {"A-IM": "feed", "If-None-Match": '"x"'},
        {"Origin": "https://reader.example"},
    ],
    ids=str,
)
def test_at_once_is_the_same_answer(app: Front, path: str, headers: dict[str, str]) -> None:
    answer = ask(app, path, headers)
    for _ in range(2):
        assert at_once(app, path, headers) == answer


def test_what_must_be_compressed_first_is_not_at_hand(app: Front) -> None:
    """That is work for a thread."""
    ask(app, RSS)
    assert at_once(app, RSS, {}) is not None
    assert at_once(app, RSS, {"Accept-Encoding": "br"}) is None
    ask(app, RSS, {"Accept-Encoding": "br"})
    assert at_once(app, RSS, {"Accept-Encoding": "br"}) is not None
    assert at_once(app, RSS, {"Accept-Encoding": "gzip"}) is None


def test_what_must_be_read_first_is_not_at_hand(app: Front, store: MemoryStore, clock: ManualClock) -> None:
    assert at_once(app, RSS, {}) is None
    ask(app, RSS)
    found = store.get(RSS[1:])
    assert found
    store.put(RSS[1:], b"new", found.etag, STATE)
    clock.time += 20_000
    assert at_once(app, RSS, {}) is None
    ask(app, RSS)
    answer = at_once(app, RSS, {})
    assert answer
    assert answer.body == b"new"


@pytest.mark.parametrize(
    "path", ["/", "/absent.rss", f"{RSS}?x", RSS.replace("feeds", "%66eeds"), f"/{RSS}", RSS[1:], ""]
)
def test_other_paths_are_left_to_the_routes(app: Front, path: str) -> None:
    ask(app, RSS)
    assert at_once(app, path, {}) is None


def test_a_private_document_is_never_given_at_once_nor_without_a_decision(app: Front, store: MemoryStore) -> None:
    key = f"{PRIVATE}feeds/harbour-post/inside.rss"
    store.put(key, b"<rss/>", None, STATE)
    decided = asyncio.run(app.document(key, {}, "private, no-store"))
    assert (decided.status, decided.body, dict(decided.headers)[b"cache-control"]) == (
        200,
        b"<rss/>",
        b"private, no-store",
    )
    assert at_once(app, f"/{key}", {}) is None
    assert ask(app, f"/{key}").status == 404


def test_an_old_path_leads_on_though_something_is_held_under_it(store: MemoryStore, clock: ManualClock) -> None:
    feed = {"id": "main", "publication": "harbour-post", "moved_from": [RSS]}
    app = create_app(store, Settings.model_validate({"feeds": [feed]}), clock)
    app._documents.read(RSS[1:])
    assert at_once(app, RSS, {}) is None
    assert ask(app, RSS).status == 301


class Slow(MemoryStore):
    """A store that is far, and answers when it is told to."""

    near = False

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0

    def get(self, key: str) -> Stored | None:
        self.asked += 1
        if not self.answers.wait(30):
            raise RetryAfter("it was never told to")
        return super().get(key)


@pytest.fixture
def slow(clock: ManualClock) -> Iterator[Slow]:
    store = Slow(clock)
    fill(store)
    yield store
    store.answers.set()


async def get(app: Front, key: str) -> int:
    return (await app.document(key, {})).status


def test_nobody_waits_for_a_slow_store_who_can_be_given_what_is_held(
    slow: Slow, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LATEST", 0.05)
    app = create_app(slow, SETTINGS, clock)

    async def readers() -> None:
        assert await get(app, RSS[1:]) == 200
        slow.answers.clear()
        slow.asked = 0
        clock.time += 10 * SECOND
        found = await asyncio.gather(*(app.document(RSS[1:], {}) for _ in range(50)))
        assert {answer.status for answer in found} == {200}
        assert {dict(answer.headers)[b"age"] for answer in found} == {b"10"}
        assert slow.asked == 1, "one question for all"
        slow.answers.set()
        while await app.document(RSS[1:], {}) == found[0]:
            await asyncio.sleep(0.01)
        assert b"age" not in dict((await app.document(RSS[1:], {})).headers)

    asyncio.run(readers())


def test_whoever_can_be_given_nothing_is_told_to_come_again(
    slow: Slow, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST", 0.05)
    app = create_app(slow, SETTINGS, clock)
    slow.answers.clear()

    async def readers() -> None:
        for _ in range(3):
            answer = await app.document(RSS[1:], {})
            assert (answer.status, dict(answer.headers)[b"retry-after"]) == (503, b"1")
        assert slow.asked == 1
        slow.answers.set()
        while await get(app, RSS[1:]) != 200:
            await asyncio.sleep(0.01)

    asyncio.run(readers())


def test_questions_to_a_slow_store_are_bounded(slow: Slow, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ASKED", 2)
    app = create_app(slow, SETTINGS, clock)
    slow.answers.clear()

    async def readers() -> list[int]:
        asking = [asyncio.create_task(get(app, f"feeds/harbour-post/{name}.rss")) for name in ("latest", "shipping")]
        await asyncio.sleep(0)
        refused = await get(app, "feeds/harbour-post/opinion.rss")
        slow.answers.set()
        return [refused, *await asyncio.gather(*asking), await get(app, "feeds/harbour-post/opinion.rss")]

    assert asyncio.run(readers()) == [503, 200, 200, 200]


@pytest.mark.parametrize("name", [b"accept-encoding", b"if-none-match", b"if-modified-since", b"a-im"])
def test_no_reader_fills_the_memory_with_what_it_asks(app: Front, name: bytes) -> None:
    ask(app, RSS)
    tracemalloc.start()
    try:
        for number in range(200):
            assert app.at_once(RSS.encode(), {name: b'"%d-%b"' % (number, b"x" * 60_000)})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2_000_000
