"""The web server's routes: documents by key, robots.txt, and the catalogue at `/`."""

import math
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wireroom.clock import Clock, SystemClock
from wireroom.config import Settings
from wireroom.errors import RetryAfter, WireroomError
from wireroom.serve.catalogue import catalogue, sitemaps
from wireroom.serve.conditions import accepts_gzip, http_date, last_modified, not_modified
from wireroom.serve.documents import Documents, Served, media_type
from wireroom.serve.page import POLICY, page
from wireroom.store import Store

_SAFE = {"X-Content-Type-Options": "nosniff"}


def create_app(store: Store, settings: Settings, clock: Clock | None = None) -> Starlette:
    """The ASGI application that serves a store's public documents."""
    clock = clock or SystemClock()
    documents = Documents(store, clock)
    controls = {f"feeds/{feed.publication}/{feed.id}": feed.cache_control for feed in settings.feeds}

    def front(request: Request) -> Response:
        body = page(catalogue(settings, store.keys, documents.read), clock.now())
        return Response(body, headers={**_SAFE, **POLICY, "Cache-Control": "no-cache"}, media_type="text/html")

    def robots(request: Request) -> Response:
        lines = ["User-agent: *", "Allow: /", *(f"Sitemap: {url}" for url in sitemaps(settings, store.keys))]
        return PlainTextResponse("\n".join(lines) + "\n", headers={**_SAFE, "Cache-Control": "public, max-age=3600"})

    def document(request: Request) -> Response:
        key = request.path_params["key"]
        if (served := documents.read(key)) is None:
            raise HTTPException(404)
        return _answer(key, served, request.headers, controls.get(key.rpartition(".")[0], "public, max-age=60"))

    routes = [Route("/", front), Route("/robots.txt", robots), Route("/{key:path}", document)]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refuse, WireroomError: _unwell})


def _answer(key: str, served: Served, asked: Mapping[str, str], cache_control: str) -> Response:
    body, etag, packed = served.encoded(accepts_gzip(asked.get("accept-encoding", "")))
    modified = served.stored.modified
    headers = {
        **_SAFE,
        "ETag": etag,
        "Last-Modified": http_date(last_modified(modified, served.read_at)),
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
    }
    if not served.withdrawn and not_modified(asked, etag, modified):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    headers["Content-Type"] = media_type(key) or ""
    return Response(body, 410 if served.withdrawn else 200, headers)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, {**_SAFE, **(error.headers or {})})


async def _unwell(request: Request, error: Exception) -> Response:
    seconds = error.seconds if isinstance(error, RetryAfter) else 60
    headers = {**_SAFE, "Retry-After": str(math.ceil(seconds)), "Cache-Control": "no-store"}
    return PlainTextResponse("The store cannot be read now.\n", 503, headers)
