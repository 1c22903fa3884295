"""What can be subscribed to: the addresses of public feeds, and nothing else."""

import re
from urllib.parse import unquote

from wireroom.config import Settings
from wireroom.store.naming import is_key
from wireroom.uri import uri

MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
_KEY = re.compile(rf"feeds/(?P<publication>[a-z0-9-]+)/(?P<feed>[a-z0-9-]+)\.(?P<form>{'|'.join(MEDIA_TYPES)})")


class Topics:
    """The feeds of a configuration, by their addresses and by their keys in the store. `hub`: the hub's address."""

    def __init__(self, settings: Settings) -> None:
        self.hub = uri(settings.hub)
        self._base = settings.public_url
        self._bases = {each.id: each.public_url or self._base for each in settings.publications}
        self._declared = {
            f"feeds/{feed.publication}/{feed.id}.{form}"
            for feed in settings.feeds
            if not getattr(feed, "private", False)
            for form in feed.formats
        }
        self._discover = settings.discover

    def address(self, key: str) -> str:
        """Where a document is read: its `self` link."""
        return uri(f"{self._bases.get(key.split('/')[1], self._base).rstrip('/')}/{key}")

    def key_of(self, url: str) -> str | None:
        """The key of the feed that is read at a URL; None when that is none of ours."""
        plain = unquote(url)  # WebSub, 5.1.1: what need not be encoded may be
        key = "/".join(plain.split("/")[-3:])
        return key if self.is_topic(key) and unquote(self.address(key)) == plain else None

    def is_topic(self, key: str) -> bool:
        """Whether it is the key of a feed that anyone may read."""
        if not is_key(key) or not _KEY.fullmatch(key):
            return False
        return key in self._declared or (self._discover and not self._declared)


def media_type(key: str) -> str:
    """The content type of a topic."""
    return MEDIA_TYPES[key.rpartition(".")[2]]
