"""The web server's routes: documents by key, robots.txt, and the catalogue at `/`."""

from contextlib import ExitStack

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.errors import WireroomError
from wireroom.serve.answers import SAFE, Answer
from wireroom.serve.catalogue import catalogue, sitemaps
from wireroom.serve.documents import Documents
from wireroom.serve.front import Front, unwell
from wireroom.serve.page import POLICY, page
from wireroom.serve.private import PrivateFeeds
from wireroom.store import PolledStore

_SAFE = {name.decode(): value.decode() for name, value in SAFE}


def create_app(
    store: PolledStore, settings: Settings, clock: Clock | None = None, ending: ExitStack | None = None
) -> ASGIApp:
    """The ASGI application that serves a store's documents. What it does at its end is left in `ending`."""
    clock = clock or SystemClock()
    hidden = [f"feeds/{feed.publication}/{feed.id}" for feed in settings.feeds if feed.private]
    documents = Documents(store, clock, tuple(f"{stem}{mark}" for stem in hidden for mark in "./"))
    controls = {f"feeds/{feed.publication}/{feed.id}": feed.cache_control for feed in settings.feeds}

    def front(request: Request) -> Response:
        body = page(catalogue(settings, documents.keys, documents.read), clock.now())
        return Response(body, headers={**_SAFE, **POLICY, "Cache-Control": "no-cache"}, media_type="text/html")

    def robots(request: Request) -> Response:
        lines = ["User-agent: *", "Allow: /", *(f"Sitemap: {url}" for url in sitemaps(settings, documents.keys))]
        return PlainTextResponse("\n".join(lines) + "\n", headers={**_SAFE, "Cache-Control": "public, max-age=3600"})

    routes = [Route("/", front), Route("/robots.txt", robots)]
    app: ASGIApp = Starlette(routes=routes, exception_handlers={HTTPException: _refuse, WireroomError: _unwell})
    if hidden:
        app = private = PrivateFeeds(store, settings, clock, lambda *asked: site.document(*asked), app)
        (ending or ExitStack()).callback(private.close)
    site = Front(documents, controls, clock, app)
    return site


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**_SAFE, **(error.headers or {})}
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers)


async def _unwell(request: Request, error: Exception) -> Response:
    return _response(unwell(error))


def _response(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)
