"""A section with an archive, and a reader that walks through all of it."""

import json

from tests.unit.worker.newsroom import Newsroom
from tests.unit.worker.toy import Section
from wireroom.edition import Window

ARCHIVED = Section("daily", "news", Window(entries=3, reserve=1, archive=True))
SELECTS_MORE = Section("daily", "news", Window(entries=3, reserve=1, archive=True), version=1)


def pages(room: Newsroom, name: str = "news") -> dict[str, dict[str, int]]:
    """What each page shows, by day."""
    prefix = f"toy/daily/{name}/"
    return {
        key.removeprefix(prefix).removesuffix(".json"): json.loads(stored.body)["shown"]
        for key, stored in room.documents().items()
        if key.startswith(prefix) and key.endswith(".json")
    }


def newest_page(room: Newsroom, name: str = "news") -> str | None:
    """The page that the section links to."""
    stored = room.store.get(f"editions/toy/daily/{name}.json")
    found: str | None = json.loads(stored.body).get("newest_page") if stored else None
    return found


def walk(room: Newsroom, name: str = "news") -> dict[str, int]:
    """What a reader finds who begins at the section and follows the links back to the first page."""
    found, day, walked = {}, newest_page(room, name), []
    while day:
        walked.append(day)
        found.update({ident.partition("/")[2]: at for ident, at in pages(room, name)[day].items()})
        stored = room.store.get(f"toy/daily/{name}/{day}.ids")
        assert stored
        *_, day, after = json.loads(stored.body)["shown"]
        assert after == (walked[-2] if len(walked) > 1 else None), "the next page is the one that it came from"
    assert walked == sorted(pages(room, name), reverse=True), "every page is in the chain"
    return {**found, **room.shown(name)}
