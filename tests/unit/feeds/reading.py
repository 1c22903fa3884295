"""Feeds for tests, and what a reader finds in their documents."""

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree

from tests.unit.newsroom import FJORDPOSTEN, HARBOUR, SETTINGS, Desk
from wireroom.config import FeedSettings, Settings
from wireroom.document import Document
from wireroom.feeds import FeedsSink

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "m": "http://search.yahoo.com/mrss/",
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
Documents = Mapping[str, Document]


def latest(publication: str = "fjordposten") -> Desk:
    """The feed that every publication has without a configuration."""
    sink = FeedsSink(SETTINGS)
    return Desk(sink, sink.definitions(publication)[0])


def declared(**feed: Any) -> Desk:  # noqa: ANN401 -- whatever a feed can have
    """A feed of a configuration file."""
    settings = FeedSettings(**{"id": "siste", "publication": "fjordposten", **feed})
    sink = FeedsSink(
        Settings(publications=(FJORDPOSTEN, HARBOUR), feeds=(settings,), public_url="https://feeds.example/")
    )
    return Desk(sink, sink.definitions((settings.publications or ("fjordposten",))[0])[0])


def body(documents: Documents, form: str) -> bytes:
    """The published bytes."""
    return next(document.body(7) for key, document in documents.items() if key.endswith(f".{form}"))


def tree(documents: Documents, form: str) -> etree._Element:
    """RSS or Atom, parsed."""
    return etree.fromstring(body(documents, form))


def found(documents: Documents, form: str, path: str) -> list[str]:
    """The texts at a path."""
    return [node.text or "" for node in tree(documents, form).iterfind(path, NAMES)]


def attributes(documents: Documents, form: str, path: str) -> list[dict[str, str]]:
    """The attributes at a path."""
    nodes = tree(documents, form).iterfind(path, NAMES)
    return [{str(name): str(value) for name, value in node.attrib.items()} for node in nodes]


def feed(documents: Documents) -> dict[str, Any]:
    """JSON Feed, parsed."""
    parsed: dict[str, Any] = json.loads(body(documents, "json"))
    return parsed


def titles(documents: Documents) -> list[str]:
    """The titles shown, which must be the same in all formats."""
    lists = [
        found(documents, "rss", "channel/item/title"),
        found(documents, "atom", "a:entry/a:title"),
        [item["title"] for item in feed(documents)["items"]],
    ]
    assert lists[0] == lists[1] == lists[2]
    return lists[0]


def guids(documents: Documents) -> list[str]:
    """The identities shown, which must agree."""
    rss, ids = found(documents, "rss", "channel/item/guid"), [item["id"] for item in feed(documents)["items"]]
    assert rss == ids
    return rss


def dates(documents: Documents) -> list[tuple[str, str]]:
    """First publication and last significant change, which must agree."""
    atom = list(
        zip(found(documents, "atom", "a:entry/a:published"), found(documents, "atom", "a:entry/a:updated"), strict=True)
    )
    assert atom == [(item["date_published"], item["date_modified"]) for item in feed(documents)["items"]]
    return atom
