"""The web server's routes: documents by key, robots.txt, and the catalogue at `/`."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.errors import WireroomError
from wireroom.serve.answers import SAFE, Answer
from wireroom.serve.catalogue import catalogue, sitemaps
from wireroom.serve.documents import Documents
from wireroom.serve.front import Front, unwell
from wireroom.serve.lifetimes import Lifetimes
from wireroom.serve.links import Links
from wireroom.serve.page import POLICY, page
from wireroom.serve.recent import Recent
from wireroom.store import PolledStore

_SAFE = {name.decode(): value.decode() for name, value in SAFE}


def create_app(store: PolledStore, settings: Settings, clock: Clock | None = None) -> Front:
    """The ASGI application that serves a store's public documents."""
    clock = clock or SystemClock()
    documents = Documents(store, clock)

    shown = Recent(lambda: page(catalogue(settings, store.keys, documents.read), clock.now()), clock)

    async def front(request: Request) -> Response:
        return Response(
            await shown.get(), headers={**_SAFE, **POLICY, "Cache-Control": "no-cache"}, media_type="text/html"
        )

    def robots(request: Request) -> Response:
        lines = ["User-agent: *", "Allow: /", *(f"Sitemap: {url}" for url in sitemaps(settings, store.keys))]
        return PlainTextResponse("\n".join(lines) + "\n", headers={**_SAFE, "Cache-Control": "public, max-age=3600"})

    def proof(request: Request) -> Response:
        """IndexNow: that the key is ours."""
        return PlainTextResponse(settings.notify.indexnow.key or "", headers=_SAFE)

    routes = [Route("/", front), Route("/robots.txt", robots)]
    if settings.notify.indexnow.key:
        routes.append(Route(f"/{settings.notify.indexnow.key}.txt", proof))
    return Front(
        documents,
        _lifetimes(settings),
        dict(_moved(settings)),
        Links(settings),
        clock,
        Starlette(routes=routes, exception_handlers={HTTPException: _refuse, WireroomError: _unwell}),
    )


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


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**_SAFE, **(error.headers or {})}
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers)


async def _unwell(request: Request, error: Exception) -> Response:
    return _response(unwell(error))


def _response(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)
