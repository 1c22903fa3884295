"""A newspaper with every kind of feed, and a record of what its readers ask and are answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import feedparser

from tests.servers.meddling import forwarded
from tests.servers.scripted import RESET, Request, Scripted
from tests.system.newsroom import Newsroom, wait_for

SETTINGS = """
public_url: {public_url}
publications: [{{id: daily, name: The Daily, language: en, url: "https://daily.example/"}}]
feeds:
  - {{id: latest, publication: daily, title: All news, moved_from: [/rss.xml]}}
  - {{id: whole, publication: daily, entries: 5, archive: true}}
  - {{id: wire, publication: daily, private: true}}
partners: [{{id: radio, name: Radio, feeds: [daily/wire], rate: 6000, until: 2099-01-01T00:00:00Z}}]
"""


class Fetched(NamedTuple):
    """One request and the status of its answer."""

    path: str
    status: int
    headers: dict[str, str]


class Site:
    """`wireroom up`, at `url` behind a proxy that writes down what passes."""

    def __init__(self, room: Newsroom, proxy: Scripted) -> None:
        self.room = room
        self.url = f"http://127.0.0.1:{proxy.port}"
        self.fetched: list[Fetched] = []

    def feed(self, form: str) -> str:
        """The address of the newest articles in a format."""
        return f"{self.url}/feeds/daily/latest.{form}"

    def key(self) -> str:
        """A new key of the partner, for `wire`."""
        return str(json.loads(self.room.run("keys", "create", "--partner", "radio", "--json"))["key"])

    def shows(self, *titles: str, feed: str = "latest") -> None:
        """Wait until readers get these articles, newest first, in each format."""
        for form in ("rss", "atom", "json"):
            address = f"{self.url}/feeds/daily/{feed}.{form}"
            wait_for(lambda address=address: list(titles) == _titles(address))  # type: ignore[misc]

    @contextmanager
    def watched(self, beginning: str = "/") -> Iterator[list[Fetched]]:
        """What is fetched in the block, of paths that begin so; the list is filled when the block ends."""
        found: list[Fetched] = []
        before = len(self.fetched)
        yield found
        found += [each for each in self.fetched[before:] if each.path.startswith(beginning)]


def _titles(address: str) -> list[str]:
    """Of what is at an address now, in the order in which it stands there."""
    try:
        with urlopen(address) as answer:
            body = answer.read()
    except HTTPError:
        return []
    if address.endswith(".json"):
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body).entries]


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """One that serves; nothing is published yet."""
    upstream = 0

    def answer(request: Request) -> bytes:
        try:
            said = forwarded(request, upstream)
        except (OSError, HTTPException):
            return RESET
        found.fetched.append(Fetched(request.path, int(said[9:12]), request.headers))
        return said

    with Scripted(answer) as proxy:
        room = Newsroom(folder)
        found = Site(room, proxy)
        (folder / "wireroom.yaml").write_text(SETTINGS.format(public_url=f"{found.url}/"))
        with room.up() as address:
            upstream = urlsplit(address).port or 0
            yield found
