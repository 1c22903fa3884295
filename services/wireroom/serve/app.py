"""The web server as an application: documents by key, everything else as pages."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.serve.documents import Documents
from wireroom.serve.front import Front
from wireroom.serve.lifetimes import Lifetimes
from wireroom.serve.links import Links
from wireroom.serve.pages import Pages
from wireroom.store import PolledStore


def create_app(store: PolledStore, settings: Settings, clock: Clock | None = None) -> Front:
    """The ASGI application that serves a store's public documents."""
    clock = clock or SystemClock()
    documents = Documents(store, clock)
    pages = Pages(settings, store.keys, documents, clock)
    return Front(documents, _lifetimes(settings), dict(_moved(settings)), Links(settings), clock, pages)


def _lifetimes(settings: Settings) -> Lifetimes:
    declared = {
        f"feeds/{feed.publication}/{feed.id}": feed.cache_control
        for feed in settings.feeds
        if "cache_control" in feed.model_fields_set
    }
    return Lifetimes(declared, settings.cache_seconds)


def _moved(settings: Settings) -> Iterator[tuple[str, str]]:
    """Old paths, and new ones below that of `public_url`: in the format that the ending names, else the first."""
    base = urlsplit(settings.public_url).path.rstrip("/")
    for feed in settings.feeds:
        for old in map(unquote, feed.moved_from):
            ending = next((form for form in feed.formats if old.endswith(f".{form}")), feed.formats[0])
            yield old, f"{base}/feeds/{feed.publication}/{feed.id}.{ending}"
