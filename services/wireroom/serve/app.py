"""The web server as an application: documents by key, everything else as pages."""

from starlette.types import ASGIApp

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.serve.documents import Documents
from wireroom.serve.front import Front
from wireroom.serve.pages import Pages
from wireroom.store import PolledStore


def create_app(store: PolledStore, settings: Settings, clock: Clock | None = None) -> ASGIApp:
    """The ASGI application that serves a store's public documents."""
    clock = clock or SystemClock()
    documents = Documents(store, clock)
    controls = {f"feeds/{feed.publication}/{feed.id}": feed.cache_control for feed in settings.feeds}
    return Front(documents, controls, clock, Pages(settings, store.keys, documents, clock))
