"""Pages and menus over HTTP."""

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator

import pytest

from tests.unit.serve.http import Answer, ask
from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom.asgi import Application
from wireroom.clock import SECOND, ManualClock
from wireroom.config import FeedSettings, Settings
from wireroom.errors import Red, RetryAfter
from wireroom.serve import create_app, pages
from wireroom.serve.documents import Documents
from wireroom.store import STATE, Stored
from wireroom.store.memory import MemoryStore

FEED = "/feeds/harbour-post/latest"
HTML = ("/", FEED)
MENUS = ("/feeds.opml", "/.well-known/feed-menu.json", "/robots.txt")


class Wavering(MemoryStore):
    """A store that is away when it is told to be, and counts what it is asked."""

    error: Exception | None = None
    asked = 0

    def get(self, key: str) -> Stored | None:
        self._ask()
        return super().get(key)

    def refresh(self, key: str, known: Stored) -> Stored | None:
        self._ask()
        return super().refresh(key, known)

    def keys(self, prefix: str) -> Iterator[str]:
        self._ask()
        return super().keys(prefix)

    def _ask(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error


@pytest.fixture
def store(clock: ManualClock) -> Wavering:
    store = Wavering(clock)
    fill(store)
    clock.time += 60 * SECOND
    return store


@pytest.mark.parametrize(
    ("path", "media_type", "seconds"),
    [
        ("/", "text/html", 1),
        (FEED, "text/html", 1),
        ("/feeds.opml", "text/x-opml", 300),
        ("/.well-known/feed-menu.json", "application/json", 300),
        ("/robots.txt", "text/plain", 3600),
    ],
)
def test_each_has_its_type_and_validators(app: Application, path: str, media_type: str, seconds: int) -> None:
    first = ask(app, path)
    assert (first.status, first.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")
    assert first.headers["cache-control"] == f"public, max-age={seconds}"
    assert first.headers["x-content-type-options"] == "nosniff"
    again = ask(app, path, {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    head = ask(app, path, method="HEAD")
    assert (head.body, head.headers) == (b"", first.headers)


@pytest.mark.parametrize("path", HTML)
def test_gzip_is_a_representation_of_its_own(app: Application, path: str) -> None:
    plain, packed = ask(app, path), ask(app, path, {"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("path", HTML)
def test_a_page_may_do_nothing_but_be_read(app: Application, path: str) -> None:
    for headers in ({}, {"If-None-Match": "*"}):
        policy = ask(app, path, headers).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "script" not in policy
    assert b"<script" not in ask(app, path).body


@pytest.mark.parametrize("path", [*HTML, *MENUS])
def test_within_a_second_nothing_is_asked_again(
    app: Application, store: Wavering, clock: ManualClock, path: str
) -> None:
    first, asked = ask(app, path), store.asked
    clock.time += SECOND - 1
    assert (ask(app, path).body, store.asked) == (first.body, asked)
    clock.time += 1
    ask(app, path)
    assert store.asked > asked


def test_what_changed_shows_a_second_later(store: Wavering, clock: ManualClock) -> None:
    feeds = (*SETTINGS.feeds, FeedSettings(id="sport", publication="fjordposten", formats=("atom",)))
    app = create_app(store, SETTINGS.model_copy(update={"feeds": feeds}), clock)
    first = ask(app, "/feeds.opml")
    store.put("feeds/fjordposten/sport.atom", b"<feed/>", None, STATE)
    clock.time += SECOND
    second = ask(app, "/feeds.opml", {"If-None-Match": first.headers["etag"]})
    assert second.status == 200
    assert b"sport.atom" in second.body
    assert ask(app, "/feeds/fjordposten/sport").status == 200


def test_what_did_not_change_keeps_its_dates(app: Application, clock: ManualClock) -> None:
    ask(app, "/feeds.opml")
    clock.time += 3 * SECOND  # a date is told once no other change can have it
    first = ask(app, "/feeds.opml")
    clock.time += 3 * SECOND
    assert ask(app, "/feeds.opml").headers == first.headers


@pytest.mark.parametrize("path", HTML)
def test_while_the_store_is_away_a_page_tells_what_there_was(
    app: Application, store: Wavering, clock: ManualClock, path: str
) -> None:
    assert b"role=" not in ask(app, path).body
    store.error = RetryAfter("away", 3)
    clock.time += 65 * SECOND
    late = ask(app, path)
    assert (late.status, late.headers["age"]) == (200, "65")
    assert b'what there was <time datetime="2026-01-01T12:01:00Z"' in late.body
    asked = store.asked
    ask(app, path)
    assert store.asked == asked
    store.error = None
    clock.time += SECOND
    back = ask(app, path)
    assert "age" not in back.headers
    assert b"role=" not in back.body


@pytest.mark.parametrize("error", [RetryAfter("the password is x", 2.5), Red("the password is x", "mend it")])
def test_with_nothing_to_show_it_says_so(clock: ManualClock, error: Exception) -> None:
    store = Wavering(clock)
    store.error = error
    app = create_app(store, SETTINGS, clock)
    for path in (*HTML, *MENUS):
        answer = ask(app, path)
        assert (answer.status, answer.headers["cache-control"]) == (503, "no-store")
        assert int(answer.headers["retry-after"]) > 0
        assert b"password" not in answer.body
        assert answer.headers["content-type"].startswith("text/html" if path in HTML else "text/plain")
    store.error = None
    assert ask(app, "/").status == 200


@pytest.mark.parametrize("path", ["/feeds/harbour-post/absent", "/feeds/nobody/latest", "/feeds/x/y"])
def test_where_there_is_no_feed_a_page_says_so_and_leads_on(app: Application, path: str) -> None:
    answer = ask(app, path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b'href="../../"' in answer.body
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/feeds",
        "/feeds/",
        "/feeds/harbour-post",
        "/feeds/harbour-post/latest/",
        "/feeds/../feeds.opml",
        "/feeds/harbour-post/../latest",
        "/feeds/%2e%2e/x",
        "/editions/feeds/harbour-post",
        "/private/feeds/harbour-post/latest",
        "/index.html",
        "/.well-known/",
        "/.well-known/feeds",
        "//",
    ],
)
def test_nothing_else_is_a_page(app: Application, path: str) -> None:
    answer = ask(app, path)
    assert (answer.status, answer.body) == (404, b"Not Found\n")


@pytest.mark.parametrize(
    "path", ["/feeds/<script>alert(1)</script>x/y", "/feeds/a/%22%3E%3Cb%3E", "/feeds/a/%00", "/feeds/a/%ff"]
)
def test_an_address_is_not_repeated(app: Application, path: str) -> None:
    assert b"<b>" not in ask(app, path).body
    assert ask(app, path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_page_can_only_be_read(app: Application, method: str) -> None:
    assert ask(app, "/", method=method).status == 405


@pytest.mark.parametrize("name", ["rss", "atom", "json", "xml"])
def test_a_feed_with_the_name_of_a_format_has_a_page(store: Wavering, clock: ManualClock, name: str) -> None:
    store.put(f"feeds/harbour-post/{name}.rss", b"<rss/>", None, STATE)
    answer = ask(create_app(store, Settings(), clock), f"/feeds/harbour-post/{name}")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_private_feed_is_named_nowhere(store: Wavering, clock: ManualClock) -> None:
    feeds = tuple(f.model_copy(update={"private": f.id in ("opinion", "shipping")}) for f in SETTINGS.feeds)
    app = create_app(store, SETTINGS.model_copy(update={"feeds": feeds}), clock)
    for path in ("/", *MENUS):
        body = ask(app, path).body
        assert b"pinion" not in body
        assert b"hipping" not in body
    assert ask(app, "/feeds/harbour-post/opinion").status == 404
    assert b"latest.rss" in ask(app, "/feeds.opml").body


def test_a_menu_can_be_read_from_everywhere(app: Application) -> None:
    answer = ask(app, "/.well-known/feed-menu.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(answer.body)["feed-menu"]


@pytest.mark.parametrize("path", HTML)
def test_a_store_that_does_not_answer_is_not_waited_for(
    store: Wavering, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.01)
    hanging = threading.Event()
    documents = Documents(Hanging(store, hanging), clock)
    page = pages.Pages(SETTINGS, store.keys, documents, clock)

    async def run() -> list[Answer]:
        answers = [await asked(page, path)]
        hanging.clear()
        clock.time += 70 * SECOND
        answers.append(await asked(page, path))
        hanging.set()
        return answers

    hanging.set()
    first, stale = asyncio.run(run())
    assert (first.status, stale.status) == (200, 200)
    assert "age" not in first.headers
    assert stale.headers["age"] == "70"


class Hanging(MemoryStore):
    """A store that does not answer while the event is not set."""

    def __init__(self, store: MemoryStore, answers: threading.Event) -> None:
        super().__init__()
        self._store = store
        self._answers = answers

    def get(self, key: str) -> Stored | None:
        self._answers.wait(30)
        return self._store.get(key)

    def refresh(self, key: str, known: Stored) -> Stored | None:
        self._answers.wait(30)
        return self._store.refresh(key, known)


async def asked(app: Application, path: str) -> Answer:
    answer = Answer()

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        if "status" in message:
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body = message["body"]

    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return answer
