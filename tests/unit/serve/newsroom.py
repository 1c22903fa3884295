"""A store as the sinks leave it: two publications with feeds, sitemaps, listings and article documents."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from wireroom.config import FeedSettings, Publication, Settings
from wireroom.store import STATE, Store

SETTINGS = Settings(
    public_url="https://feeds.example/",
    publications=(
        Publication(id="harbour-post", name="The Harbour Post", language="en", url="https://harbourpost.example/"),
        Publication(id="fjordposten", name="Fjordposten", language="no", url="https://fjordposten.example/"),
        Publication(id="al-mina", name="صحيفة الميناء", language="ar", url="https://almina.example/"),
    ),
    feeds=(
        FeedSettings(id="latest", publication="harbour-post", title="All news"),
        FeedSettings(id="shipping", publication="harbour-post", title="Shipping & trade", formats=("rss", "atom")),
        FeedSettings(id="opinion", publication="harbour-post", title="Opinion", cache_control="public, max-age=300"),
        FeedSettings(id="siste", publication="fjordposten", title="Siste nytt", formats=("rss",)),
        FeedSettings(id="latest", publication="al-mina", title="آخر الأخبار"),
    ),
)
HEADLINES = {
    "harbour-post": (
        "Night ferry to the outer islands returns after eleven years",
        "Council votes 31–30 to keep the fish market where it is",
        "Dredging finds a nineteenth-century coal barge, intact",
        "“We heard it before we saw it”: the storm, hour by hour",
        "Crane drivers accept pay offer; terminal reopens on Thursday",
        "A school for lighthouse keepers, and who applies <to it> now",
    ),
    "fjordposten": (
        "Brua åpner for trafikk før jul, sier fylket",
        "Rekordmange søkte om plass på fiskerilinja",
        "Slik blir den nye hurtigbåtruta mellom øyene",
    ),
    "al-mina": ("الميناء يستقبل أول سفينة تعمل بالهيدروجين", "إعادة افتتاح السوق القديم بعد أعمال الترميم"),
}


def fill(store: Store, now: datetime | None = None) -> None:
    """Publish everything; `now` is the time of the newest article."""
    now = now or datetime.now(UTC)
    for feed in SETTINGS.feeds:
        for ending in feed.formats:
            store.put(
                f"feeds/{feed.publication}/{feed.id}.{ending}", document(feed.publication, ending, now), None, STATE
            )
    for publication, titles in HEADLINES.items():
        store.put(f"sitemaps/{publication}/news.xml", b"<sitemapindex/>", None, STATE)
        items = [item(publication, number, title, now) for number, title in enumerate(titles)]
        store.put(f"articles/{publication}.json", dumps({"title": publication, "items": items}), None, STATE)
        for number in range(len(titles)):
            store.put(
                f"articles/{publication}/{number}.json", dumps({"pubStatus": "usable", "version": "1"}), None, STATE
            )
    store.put("editions/feeds/harbour-post/latest.json", b"{}", None, STATE)


def document(publication: str, ending: str, now: datetime) -> bytes:
    """A feed with all articles of its publication; its RSS is something else, 1,400 bytes long."""
    items = [item(publication, number, title, now) for number, title in enumerate(HEADLINES[publication])]
    if ending == "json":
        return dumps({"title": publication, "items": items})
    if ending == "rss":
        return b"<feed/>" * 200
    entry = "<entry><title>{}</title><link rel='alternate' href='{}'/></entry>"
    entries = "".join(entry.format(escape(each["title"]), each["url"]) for each in items)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode()


def item(publication: str, number: int, title: str, now: datetime) -> dict[str, Any]:
    return {
        "id": f"urn:{publication}:{number}",
        "url": f"https://{publication}.example/{number}",
        "title": title,
        "date_published": (now - timedelta(minutes=4 + 37 * number * number)).isoformat(),
        "_wireroom": {"document": f"https://feeds.example/articles/{publication}/{number}.json", "revision": 1},
    }


def dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
