"""The web server as an application: documents by key, private feeds by partners' keys, everything else as pages."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

from wireroom.asgi import Application
from wireroom.clock import Clock, SystemClock
from wireroom.config import FeedSettings, Settings
from wireroom.serve.documents import Documents
from wireroom.serve.front import Front
from wireroom.serve.lifetimes import Lifetimes
from wireroom.serve.links import Links
from wireroom.serve.pages import Pages
from wireroom.serve.private import PrivateFeeds
from wireroom.store import PolledStore


def create_app(
    store: PolledStore, settings: Settings, clock: Clock | None = None, ending: ExitStack | None = None
) -> Front:
    """The ASGI application that serves a store's documents. What it does at its end is left in `ending`."""
    clock = clock or SystemClock()
    documents = Documents(store, clock, tuple(_hidden(settings)), _window(settings))
    app: Application = Pages(settings, documents.keys, documents, clock)
    if any(feed.private for feed in settings.feeds):
        app = private = PrivateFeeds(store, settings, clock, lambda: site, app)
        (ending or ExitStack()).callback(private.close)
    site = Front(documents, _lifetimes(settings), dict(_moved(settings)), Links(settings), clock, app)
    return site


def _hidden(settings: Settings) -> Iterator[str]:
    """What keys begin with that lie there from before: nobody takes a withdrawn article out of them any more."""
    for feed in settings.feeds:
        if feed.private:
            yield from (f"feeds/{feed.publication}/{feed.id}{mark}" for mark in "./")
        if not feed.archive:
            yield f"{feed.stem}/"


def _window(settings: Settings) -> Callable[[str], int]:
    """How many entries a document has before newer ones push any out: pages of an archive have no end."""
    declared = {feed.stem: feed.entries for feed in settings.feeds}
    other = FeedSettings(id="latest", publication="any").entries if settings.discover else sys.maxsize
    return lambda key: declared.get(key.rpartition(".")[0], other)


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
            yield old, f"{base}/{feed.stem}.{ending}"
