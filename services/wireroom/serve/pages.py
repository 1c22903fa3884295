"""Pages for people and menus for programs, as plain ASGI: made at most once a second, and kept as bytes meanwhile."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, TypeVar

from wireroom import asgi
from wireroom.asgi import Receive, Scope, Send
from wireroom.clock import SECOND, Clock
from wireroom.config import Settings
from wireroom.errors import WireroomError
from wireroom.serve.answers import SAFE, Answer, Header, of_document, of_text
from wireroom.serve.catalogue import Feed, Keys, Section, catalogue, sitemaps
from wireroom.serve.catalogue_page import catalogue_page
from wireroom.serve.conditions import fields
from wireroom.serve.documents import Documents, Served
from wireroom.serve.feed_page import MOST, feed_page
from wireroom.serve.front import unwell
from wireroom.serve.headlines import contents
from wireroom.serve.menus import feed_menu, opml, robots
from wireroom.serve.page import POLICY, notice
from wireroom.store import Stored
from wireroom.store.naming import etag

PATIENCE = 1.0  # seconds after which a slow store is not waited for, if there is something to show
_FEED = re.compile(r"/feeds/([^/.]+)/([^/.]+)")
_NOT_ALLOWED = of_text(405, "Method Not Allowed", (b"allow", b"GET, HEAD"))
_NOT_FOUND = of_text(404, "Not Found")
T = TypeVar("T")


class Kind(NamedTuple):
    """What is told of pages of a kind beside their validators."""

    media_type: str
    cache_control: str
    headers: Sequence[Header] = ()

    def answer(self, status: int, body: bytes, *headers: Header) -> Answer:
        """One without validators."""
        told = (b"content-type", self.media_type.encode()), (b"content-length", b"%d" % len(body))
        return Answer(status, [*SAFE, *told, *self.headers, *headers], body)


_PAGE = Kind(
    "text/html; charset=utf-8",
    "public, max-age=1",
    [(name.lower().encode(), value.encode()) for name, value in POLICY.items()],
)
_PROOF = Kind("text/plain; charset=utf-8", "")  # for IndexNow: that the key is ours
_KINDS: Mapping[str, Kind] = {
    "/": _PAGE,
    "/feeds.opml": Kind("text/x-opml; charset=utf-8", "public, max-age=300"),
    "/.well-known/feed-menu.json": Kind(
        "application/json; charset=utf-8", "public, max-age=300", [(b"access-control-allow-origin", b"*")]
    ),
    "/robots.txt": Kind("text/plain; charset=utf-8", "public, max-age=3600"),
}


class Page(Served):
    """A page, which is served as a document is."""

    def __init__(self, path: str, kind: Kind, stored: Stored) -> None:
        super().__init__(path, stored)
        self.kind = kind

    @property
    def media_type(self) -> str:
        """Its content type."""
        return self.kind.media_type


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there was at `read_at`, and the pages made of it; `before` are those of the catalogue before.

    `asked_at` is later than `read_at` while the store does not answer. Both in microseconds since the epoch.
    """

    sections: tuple[Section, ...]
    read_at: int
    asked_at: int
    pages: dict[str, Page] = field(default_factory=dict)
    before: Mapping[str, Page] = field(default_factory=dict)

    def feed(self, path: str) -> Feed | None:
        """The feed with this page."""
        feeds = (feed for section in self.sections for feed in section.feeds)
        return next((feed for feed in feeds if feed.path == path[1:]), None)


class Pages:
    """Answers for every path that is not a document's."""

    def __init__(self, settings: Settings, keys: Keys, documents: Documents, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._documents = documents
        self._clock = clock
        self._held: Catalogue | None = None
        self._working: dict[str, asyncio.Task[object]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        answer = await self._answer(scope)
        await asgi.answer(scope, send, answer.status, answer.headers, answer.body)

    async def _answer(self, scope: Scope) -> Answer:
        path = scope["path"]
        if (key := self._settings.notify.indexnow.key) and path == f"/{key}.txt":
            return _PROOF.answer(200, key.encode())
        kind = _KINDS.get(path) or (_PAGE if _FEED.fullmatch(path) else None)
        if kind is None:
            return _NOT_FOUND
        if scope["method"] not in ("GET", "HEAD"):
            return _NOT_ALLOWED
        try:
            page = await self._page(path, kind)
        except WireroomError as error:
            return _unwell(error, path, kind)
        if page is None:
            return kind.answer(404, notice("No such feed", "There is no feed at this address.", _home(path)))
        told = [*SAFE, *kind.headers]
        return of_document(page, fields(scope["headers"]), kind.cache_control, self._clock.now(), told)

    async def _page(self, path: str, kind: Kind) -> Page | None:
        held = self._held
        if held is None or not 0 <= self._clock.now() - held.asked_at < SECOND:
            held = await self._catalogue(held)
        if page := held.pages.get(path):
            return page
        return await self._patiently(path, partial(self._make, held, path, kind), held.before.get(path))

    async def _catalogue(self, held: Catalogue | None) -> Catalogue:
        found = await self._patiently("", self._look, held)
        if found is held and held is not None:
            self._held = found = self._unanswered(held)
        return found

    async def _patiently(self, name: str, work: Callable[[], T], old: T | None) -> T:
        """What comes of `work`; what there was before, if there was anything, where the store does not answer."""
        working = asyncio.ensure_future(self._together(name, work))
        if old is None:
            return await working
        await asyncio.wait([working], timeout=PATIENCE)
        if not working.done() or isinstance(working.exception(), WireroomError):
            return old
        return working.result()

    async def _together(self, name: str, work: Callable[[], T]) -> T:
        """Do it in a thread, once for all who want it now."""
        if (task := self._working.get(name)) is None:
            task = self._working[name] = asyncio.create_task(asyncio.to_thread(work))
            task.add_done_callback(lambda _: self._working.pop(name))
        return await asyncio.shield(task)  # type: ignore[arg-type]  # what is worked on under a name has one type

    def _look(self) -> Catalogue:
        """What there is now; as old as the oldest document, because those are served while the store is away."""
        held, now = self._held, self._clock.now()
        ages = [now]

        def read(key: str) -> Served | None:
            served = self._documents.read(key)
            ages.extend([served.read_at] if served else [])
            return served

        sections = catalogue(self._settings, self._keys, read)
        before = held.pages or held.before if held else {}
        self._held = found = Catalogue(sections, min(ages), now, before=before)
        return found

    def _unanswered(self, held: Catalogue) -> Catalogue:
        return replace(held, asked_at=self._clock.now(), pages={}, before=held.pages or held.before)

    def _make(self, held: Catalogue, path: str, kind: Kind) -> Page | None:
        """A page as it is now: the old one, with its compressed form, where nothing in it changed."""
        now = self._clock.now()
        body = self._body(held, path, now)
        if body is None:
            return None
        old = held.before.get(path)
        page = old if old and old.stored.body == body else Page(path, kind, Stored(body, etag(body), now))
        page.read_at = held.read_at
        held.pages[path] = page
        return page

    def _body(self, held: Catalogue, path: str, now: int) -> bytes | None:
        if path == "/":
            return catalogue_page(held.sections, held.read_at, now)
        if path == "/feeds.opml":
            return opml(held.sections)
        if path == "/.well-known/feed-menu.json":
            return feed_menu(held.sections)
        if path == "/robots.txt":
            return robots(sitemaps(self._settings, held.sections))
        if (feed := held.feed(path)) is None:
            return None
        shown = contents(self._documents.read(feed.telling), MOST)
        return feed_page(feed, held.sections, shown, held.read_at, now)


def _home(path: str) -> str:
    return "../../" if _FEED.fullmatch(path) else "./"


def _unwell(error: Exception, path: str, kind: Kind) -> Answer:
    """In the words of a page to those who asked for one."""
    answer = unwell(error)
    if kind is not _PAGE:
        return answer
    told = [(name, value) for name, value in answer.headers if name in (b"retry-after", b"cache-control")]
    words = "The feeds cannot be read at the moment. Please try again in a minute."
    return kind.answer(answer.status, notice("Not available just now", words, _home(path)), *told)
