"""What a reader gets over HTTP."""

import gzip
from collections.abc import Callable, Mapping
from random import Random

import brotli
import pytest

from tests.unit.serve.http import ask
from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom.asgi import Application
from wireroom.clock import SECOND, ManualClock
from wireroom.config import Settings
from wireroom.errors import Red, RetryAfter
from wireroom.serve import create_app
from wireroom.store import STATE, Stored
from wireroom.store.memory import MemoryStore

RSS = "/feeds/harbour-post/latest.rss"


def held(store: MemoryStore, key: str) -> Stored:
    found = store.get(key)
    assert found
    return found


def test_a_document_comes_with_its_validators(app: Application, store: MemoryStore) -> None:
    answer = ask(app, RSS)
    assert answer.status == 200
    assert answer.body == held(store, RSS[1:]).body
    assert answer.headers == {
        "content-type": "application/rss+xml; charset=utf-8",
        "content-length": str(len(answer.body)),
        "etag": held(store, RSS[1:]).etag,
        "last-modified": "Thu, 01 Jan 2026 12:00:01 GMT",
        "cache-control": "public, max-age=60, stale-while-revalidate=60",
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
    }


def test_a_feed_may_say_how_long_it_keeps(app: Application) -> None:
    assert ask(app, "/feeds/harbour-post/opinion.atom").headers["cache-control"] == "public, max-age=300"


UNPACK: Mapping[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize("name", UNPACK)
def test_each_coding_is_another_representation_with_its_own_etag(app: Application, name: str) -> None:
    plain, packed = ask(app, RSS), ask(app, RSS, {"Accept-Encoding": name})
    assert packed.headers["content-encoding"] == name
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert UNPACK[name](packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert ask(app, RSS, {"Accept-Encoding": name, "If-None-Match": packed.headers["etag"]}).status == 304
    assert ask(app, RSS, {"Accept-Encoding": name, "If-None-Match": plain.headers["etag"]}).status == 200
    assert ask(app, RSS, {"If-None-Match": packed.headers["etag"]}).status == 200


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_304_repeats_what_caches_need_and_has_no_body(app: Application, coding: str) -> None:
    first = ask(app, RSS, {"Accept-Encoding": coding})
    again = ask(app, RSS, {"Accept-Encoding": coding, "If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    of_the_body = {"content-type", "content-length", "content-encoding"}
    assert again.headers == {name: value for name, value in first.headers.items() if name not in of_the_body}


def test_a_date_alone_is_enough(app: Application) -> None:
    assert ask(app, RSS, {"If-Modified-Since": ask(app, RSS).headers["last-modified"]}).status == 304


def test_no_reader_keeps_an_old_body(app: Application, store: MemoryStore, clock: ManualClock) -> None:
    """Promise P26, for readers that know ETags, dates or both, over two changes within a second."""
    known: list[tuple[dict[str, str], bytes]] = []
    for number in range(12):
        clock.time += 150_000
        current = held(store, RSS[1:])
        store.put(RSS[1:], b"<rss>%d</rss>" % number, current.etag, STATE)
        clock.time += 100_000
        for headers, old in known:
            answer = ask(app, RSS, headers)
            assert answer.status == 200, headers
            assert answer.body != old
        answer = ask(app, RSS)
        by_tag = {"If-None-Match": answer.headers["etag"]}
        known.append((by_tag, answer.body))
        clock.time += 2 * SECOND * (number % 2)
        if date := ask(app, RSS).headers.get("last-modified"):
            by_date = {"If-Modified-Since": date}
            known += [(asked, answer.body) for asked in (by_date, by_tag | by_date)]
    assert len(known) == 12 + 2 * 6


def test_head_is_get_without_the_body(app: Application) -> None:
    assert ask(app, RSS, method="HEAD").headers == ask(app, RSS).headers
    assert ask(app, RSS, {"If-None-Match": ask(app, RSS).headers["etag"]}, "HEAD").status == 304


def test_a_withdrawn_article_is_gone_and_says_why(app: Application, store: MemoryStore, clock: ManualClock) -> None:
    key = "articles/harbour-post/1.json"
    usable = ask(app, f"/{key}")
    tombstone = b'{"uri":"urn:x","pubStatus":"canceled"}'
    store.put(key, tombstone, usable.headers["etag"], STATE)
    clock.time += SECOND
    answer = ask(app, f"/{key}", {"If-None-Match": usable.headers["etag"]})
    assert (usable.status, answer.status, answer.body) == (200, 410, tombstone)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert ask(app, f"/{key}", {"If-None-Match": answer.headers["etag"]}).status == 410


@pytest.mark.parametrize("key", ["feeds/harbour-post/latest.rss", "articles/harbour-post.json"])
def test_what_an_article_says_makes_no_tombstone_of_a_feed(app: Application, store: MemoryStore, key: str) -> None:
    held_body = b'{"pubStatus":"canceled"} <title>The "canceled" show</title>'
    store.put(key, held_body, held(store, key).etag, STATE)
    assert ask(app, f"/{key}").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/editions/feeds/harbour-post/latest.json",
        "/feeds/../editions/feeds/harbour-post/latest.json",
        "/feeds/%2e%2e/editions/feeds/harbour-post/latest.json",
        "/feeds/..%2feditions/feeds/harbour-post/latest.json",
        "//editions/feeds/harbour-post/latest.json",
        "/feeds/harbour-post/absent.rss",
        "/feeds/harbour-post/",
        "/.wireroom/locks/1",
        "/favicon.ico",
        "/feeds/%00.rss",
        "/feeds/%ff.rss",
        f"/feeds/{'a/' * 600}x.rss",
    ],
)
def test_nothing_but_public_documents_is_served(app: Application, path: str) -> None:
    answer = ask(app, path)
    assert (answer.status, answer.body) == (404, b"Not Found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(app: Application, method: str) -> None:
    answer = ask(app, RSS, method=method)
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


JSON = "/feeds/harbour-post/latest.json"


def test_scripts_of_other_sites_may_read_json_and_its_etag(app: Application) -> None:
    for path, headers in ((JSON, {}), (JSON, {"If-None-Match": "*"}), ("/articles/harbour-post/absent.json", {})):
        answer = ask(app, path, {"Origin": "https://reader.example", **headers})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in ask(app, RSS, {"Origin": "https://reader.example"}).headers


def test_scripts_of_other_sites_may_ask_with_an_etag(app: Application) -> None:
    asked = {"Origin": "https://x.example", "Access-Control-Request-Headers": "if-none-match"}
    answer = ask(app, JSON, {**asked, "Access-Control-Request-Method": "GET"}, "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"


def moved(*paths: str, formats: tuple[str, ...] = ("rss", "json")) -> Settings:
    feed = {"id": "latest", "publication": "harbour-post", "formats": formats, "moved_from": paths}
    return Settings.model_validate({"public_url": "https://feeds.example/news/", "feeds": [feed]})


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("/rss.xml", "rss"),
        ("/feed/", "rss"),
        ("/old.json", "json"),
        ("/old.atom", "rss"),
        ("/feeds/harbour-post/all.rss", "rss"),
        ("/nyheter/b%C3%A5t", "rss"),
    ],
)
def test_an_old_path_leads_to_the_feed(store: MemoryStore, clock: ManualClock, path: str, ending: str) -> None:
    store.put("feeds/harbour-post/all.rss", b"<rss/>", None, STATE)
    app = create_app(store, moved(path), clock)
    answer = ask(app, path)
    assert (answer.status, answer.headers["location"]) == (301, f"/news/feeds/harbour-post/latest.{ending}")
    assert "max-age" in answer.headers["cache-control"]
    assert ask(app, path, method="POST").status == 405
    assert ask(app, f"{path}x").status == 404


def feed(*entries: str) -> bytes:
    items = "".join(
        f"<item><guid>{entry[0]}</guid><title>{Random(entry).randbytes(150).hex()}</title></item>" for entry in entries
    )
    return f"<rss><channel>{items}<!-- wireroom:generation 7 --></channel></rss>".encode()


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_a_reader_may_have_what_is_new_alone(
    app: Application, store: MemoryStore, clock: ManualClock, coding: str
) -> None:
    """RFC 3229: the ETag is that of the whole feed."""
    old = list("xwvutsrqp")
    change(store, clock, feed("b", "a", *old))
    wanted = {"Accept-Encoding": coding}
    known = {**wanted, "A-IM": "feed", "If-None-Match": ask(app, RSS, wanted).headers["etag"]}
    change(store, clock, feed("c", "b2", "a", *old))
    part, whole = ask(app, RSS, known), ask(app, RSS, wanted)
    assert (part.status, part.headers["im"], part.headers["etag"]) == (226, "feed", whole.headers["etag"])
    assert UNPACK.get(coding, bytes)(part.body) == feed("c", "b2")
    assert part.headers["content-length"] == str(len(part.body))
    assert part.headers["cache-control"] == "no-store, im"
    assert {"A-IM", "If-None-Match"} < set(part.headers["vary"].split(", "))
    assert ask(app, RSS, {**known, "If-None-Match": part.headers["etag"]}).status == 304
    assert (whole.status, whole.headers.get("im")) == (200, None)


@pytest.mark.parametrize(("entries", "status"), [(3, 226), (4, 200)])
def test_a_withdrawal_from_a_feed_with_room_is_told_though_something_new_came(
    store: MemoryStore, clock: ManualClock, entries: int, status: int
) -> None:
    feeds = [each.model_copy(update={"entries": entries}) for each in SETTINGS.feeds]
    app = create_app(store, SETTINGS.model_copy(update={"feeds": tuple(feeds)}), clock)
    change(store, clock, feed("c", "b", "a"))
    known = {"A-IM": "feed", "If-None-Match": ask(app, RSS).headers["etag"]}
    change(store, clock, feed("d", "c", "b"))
    assert ask(app, RSS, known).status == status


@pytest.mark.parametrize("headers", [{"A-IM": "feed"}, {"A-IM": "feed;q=0"}, {"A-IM": "gzip"}, {}])
def test_whoever_does_not_say_what_it_has_or_wants_gets_the_whole(
    app: Application, store: MemoryStore, clock: ManualClock, headers: dict[str, str]
) -> None:
    change(store, clock, feed("b", "a"))
    known = {"If-None-Match": ask(app, RSS).headers["etag"]} if headers.get("A-IM") != "feed" else {}
    change(store, clock, feed("c", "b", "a"))
    assert ask(app, RSS, {**headers, **known}).status == 200


def change(store: MemoryStore, clock: ManualClock, body: bytes) -> None:
    store.put(RSS[1:], body, held(store, RSS[1:]).etag, STATE)
    clock.time += 10 * SECOND


def test_robots_are_shown_the_sitemaps(app: Application) -> None:
    lines = ask(app, "/robots.txt").body.decode().splitlines()
    assert lines[:2] == ["User-agent: *", "Allow: /"]
    assert lines[2:] == [
        f"Sitemap: https://feeds.example/sitemaps/{p}/news.xml" for p in ("harbour-post", "fjordposten", "al-mina")
    ]


@pytest.mark.parametrize(
    ("error", "seconds"), [(RetryAfter("cannot read", 2.5), "3"), (Red("permission denied", "let it read"), "60")]
)
def test_a_store_that_cannot_be_read_is_said_to_be(error: Exception, seconds: str, clock: ManualClock) -> None:
    answer = ask(create_app(Failing(error), SETTINGS, clock), RSS)
    assert (answer.status, answer.headers["retry-after"]) == (503, seconds)
    assert answer.headers["cache-control"] == "no-store"
    assert b"permission" not in answer.body


def test_a_document_is_served_while_the_store_is_away(clock: ManualClock) -> None:
    store = Leaving(clock)
    fill(store)
    app = create_app(store, SETTINGS, clock)
    first = ask(app, RSS)
    store.is_away = True
    clock.time += 4 * SECOND
    assert ask(app, RSS) == first
    clock.time += 90 * SECOND
    late = ask(app, RSS)
    assert (late.status, late.body, late.headers["age"]) == (200, first.body, "94")
    assert late.headers["warning"] == '110 - "Response is Stale"'
    again = ask(app, RSS, {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.headers["age"]) == (304, "94")


class Leaving(MemoryStore):
    is_away = False

    def refresh(self, key: str, known: Stored) -> Stored | None:
        if self.is_away:
            raise RetryAfter("away")
        return super().refresh(key, known)


class Failing(MemoryStore):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, key: str) -> Stored | None:
        raise self._error


def types(app: Application, *paths: str) -> list[str]:
    return [ask(app, path).headers["content-type"].partition(";")[0] for path in paths]


def test_each_document_has_its_type(app: Application) -> None:
    paths = (
        RSS,
        RSS[:-3] + "atom",
        RSS[:-3] + "json",
        "/sitemaps/harbour-post/news.xml",
        "/articles/harbour-post.json",
    )
    assert types(app, *paths, "/articles/harbour-post/0.json", "/") == [
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/xml",
        "application/feed+json",
        "application/json",
        "text/html",
    ]


@pytest.mark.parametrize(("archive", "status"), [(True, 200), (False, 404)])
def test_pages_of_an_archive_that_nobody_writes_any_more_are_not_there(
    store: MemoryStore, clock: ManualClock, archive: bool, status: int
) -> None:
    feeds = [feed.model_copy(update={"archive": archive}) for feed in SETTINGS.feeds]
    app = create_app(store, SETTINGS.model_copy(update={"feeds": tuple(feeds)}), clock)
    store.put("feeds/harbour-post/latest/2025-12-31.rss", b"<rss/>", None, STATE)
    assert ask(app, "/feeds/harbour-post/latest/2025-12-31.rss").status == status
    assert ask(app, RSS).status == 200
