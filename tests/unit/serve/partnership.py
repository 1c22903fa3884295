"""A server with two private feeds and two partners, on a store in memory."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.unit.serve.http import Answer, ask
from wireroom.clock import SECOND, ManualClock
from wireroom.config import Settings
from wireroom.keys import Key, KeyList, mint
from wireroom.partners.keys import PARTNERS, scope_of
from wireroom.partners.records import Record
from wireroom.partners.segments import read
from wireroom.serve import create_app
from wireroom.serve.front import Front
from wireroom.store import STATE
from wireroom.store.memory import MemoryStore

START = 1_767_268_800 * SECOND
WIRE, DESK = "private/feeds/daily/wire", "private/feeds/daily/desk"
SETTINGS = Settings.model_validate(
    {
        "publications": [{"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/"}],
        "feeds": [
            {"id": "latest", "publication": "daily"},
            {"id": "wire", "publication": "daily", "private": True},
            {"id": "desk", "publication": "daily", "private": True, "cache_control": "private, max-age=60"},
        ],
        "partners": [
            {"id": "northern", "feeds": ["daily/wire"], "until": "2026-02-01T00:00:00Z"},
            {"id": "southern", "feeds": ["daily/desk", "daily/wire"], "rate": 6},
        ],
    }
)


def rss(generation: int, *guids: str) -> bytes:
    """A document as the feeds worker writes it, or nearly."""
    items = "".join(f'<item><title>{guid}</title><guid isPermaLink="false">{guid}</guid></item>' for guid in guids)
    return f"<rss><channel>{items}</channel><!-- wireroom:generation {generation} --></rss>".encode()


class Partnership:
    """The server, what is in its store, and who asks."""

    def __init__(self, site: Front, store: MemoryStore, clock: ManualClock) -> None:
        self.site, self.store, self.clock = site, store, clock
        self.list = KeyList(store, PARTNERS)

    def key(self, partner: str = "northern", expires_at: int | None = None) -> tuple[str, Key]:
        text, key = mint(scope_of(partner), "", self.clock.now(), expires_at)
        self.list.add(key)
        return text, key

    def put(self, key: str, body: bytes) -> str:
        """Replace a document, as its worker does."""
        current = self.store.get(key)
        etag = self.store.put(key, body, current.etag if current else None, STATE)
        self.clock.time += 2 * SECOND
        return etag

    def ask(self, path: str, key: str | None = None, method: str = "GET", **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.site, path, ({"Authorization": f"Bearer {key}"} if key else {}) | given, method)


@contextmanager
def partnership(settings: Settings = SETTINGS) -> Iterator[Partnership]:
    clock = ManualClock(START)
    store = MemoryStore(clock)
    with ExitStack() as ending:
        partners = Partnership(create_app(store, settings, clock, ending), store, clock)
        partners.put(f"{WIRE}.rss", rss(1, "urn:a"))
        partners.put(f"{DESK}.rss", rss(1, "urn:d"))
        partners.put("feeds/daily/latest.rss", rss(1, "urn:l"))
        partners.put("feeds/daily/wire.rss", rss(1, "urn:left-behind"))
        yield partners


def logged(partners: Partnership) -> Sequence[Record]:
    """What is in the store, once the server has ended."""
    return list(read(partners.store))


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
