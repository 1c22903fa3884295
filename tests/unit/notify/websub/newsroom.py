"""A hub's surroundings: a publication with a public feed, and subscribers that listen on this machine."""

from collections.abc import Callable
from threading import Lock
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.servers.scripted import Request, Scripted, reply
from wireroom.config import FeedSettings, Publication, Settings
from wireroom.config_notify import NotifySettings

KEY = "feeds/daily/latest.rss"
BASE = "https://feeds.example"
TOPIC = f"{BASE}/{KEY}"
TAKEN = reply(204)
SETTINGS = Settings(
    publications=(
        Publication(id="daily", name="Daily", language="en", url="https://daily.example/"),
        Publication(
            id="local", name="Local", language="en", url="https://l.example/", public_url="https://l.example/n/"
        ),
    ),
    feeds=(
        FeedSettings(id="latest", publication="daily", formats=("rss", "atom")),
        FeedSettings(id="latest", publication="local", formats=("json",)),
    ),
    public_url=f"{BASE}/",
    notify=NotifySettings(hub=True, allow=("127.0.0.0/8", "::1/128")),
)


def form(**parameters: str | None) -> bytes:
    """A request as a subscriber sends it; `callback` stands for `hub.callback`."""
    given = {"mode": "subscribe", "topic": TOPIC, "callback": "https://partner.example/in", **parameters}
    return urlencode({f"hub.{name}": value for name, value in given.items() if value is not None}).encode()


def document(generation: int, text: str = "") -> bytes:
    return f"<rss>{text}<!-- wireroom:generation {generation} --></rss>".encode()


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))


class Callback(Scripted):
    """A subscriber that means it. `taken` answers what is brought; `asked` what it is asked."""

    def __init__(
        self,
        taken: Callable[[Request], bytes] | bytes = TAKEN,
        asked: Callable[[Request], bytes] = lambda request: reply(200, query(request)["hub.challenge"].encode()),
    ) -> None:
        super().__init__(self._answer)
        self.taken, self.asked = taken, asked
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?id=7"

    @property
    def questions(self) -> list[dict[str, str]]:
        return [query(request) for request in list(self.requests) if request.method == "GET"]

    @property
    def brought(self) -> list[Request]:
        return [request for request in list(self.requests) if request.method == "POST"]

    def _answer(self, request: Request) -> bytes:
        if request.method == "GET":
            return self.asked(request)
        return self.taken if isinstance(self.taken, bytes) else self.taken(request)
