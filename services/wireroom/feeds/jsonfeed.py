"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from collections.abc import Sequence
from typing import Any

from wireroom.feeds.channel import Channel, Item, rfc3339
from wireroom.feeds.fragments import Fragments, Pieces


def jsonfeed(channel: Channel, items: Sequence[Item], fragments: Fragments) -> Pieces:
    """The document; entries and the commas between them by turns.

    `_wireroom` holds what the format cannot say: the source, and the pictures with their credits.
    """
    start: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.address,
        "description": channel.description,
        "language": channel.language,
        "authors": [{"name": channel.publisher, "url": channel.home}],
    }
    if channel.hubs:
        start["hubs"] = [{"type": "WebSub", "url": hub} for hub in channel.hubs]
    entries = [part for item in items for part in (b",", fragments.get("json", item, _fragment))]
    return Pieces(_bytes(start)[:-1] + b',"items":[', (*entries[1:], b'],"_wireroom":{"generation":'), b"}}")


def _fragment(item: Item) -> bytes:
    content = item.content
    shown = {
        "id": item.guid,
        "url": content["url"],
        "title": content["title"],
        "content_html": item.body,
        "content_text": None if item.body else item.blurb,
        "summary": content.get("summary") if item.body else None,
        "image": next((image["url"] for image in content.get("images", ())), None),
        "date_published": rfc3339(content["published"]),
        "date_modified": rfc3339(content["updated"]),
        "authors": item.authors,
        "tags": item.categories,
        "language": item.language,
        "attachments": _attachments(item),
        "_wireroom": {name: content[name] for name in ("source", "images") if name in content},
    }
    return _bytes({key: value for key, value in shown.items() if value})


def _attachments(item: Item) -> list[dict[str, Any]]:
    """Pictures whose media type is known, for the format requires it."""
    names = {"url": "url", "type": "mime_type", "caption": "title", "length": "size_in_bytes"}
    return [
        {name: image[key] for key, name in names.items() if key in image}
        for image in item.content.get("images", ())
        if "type" in image
    ]


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
