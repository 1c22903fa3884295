"""What documents in the store say: whether one can be read yet, and what an article's own says of it."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from pydantic_core import from_json

from wireroom.document import generation_of
from wireroom.store import Store

_KEPT = 2_000  # documents of which it is remembered what they said


class Said(NamedTuple):
    """A document. Of an article's own: its `pubStatus`, its revision, its address and the former ones."""

    generation: int
    status: str = ""
    revision: int = 0
    url: str = ""
    previous_urls: tuple[str, ...] = ()

    @property
    def withdrawn(self) -> bool:
        """Whether it is the tombstone of an article."""
        return self.status == "canceled"


class Documents:
    """Documents of a store as subscribers need them, each read once for all. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._said: OrderedDict[str, Said] = OrderedDict()
        self._lock = Lock()

    def read(self, key: str, generation: int) -> Said | None:
        """What a document says at this generation or a later one; None while it cannot be read. Raises RetryAfter."""
        with self._lock:
            held = self._said.get(key)
        if held is None or held.generation < generation:
            held = self._read(key)
        return held if held and held.generation >= generation else None

    def _read(self, key: str) -> Said | None:
        stored = self._store.get(key)
        if stored is None:
            return None
        said = _said(key, stored.body)
        with self._lock:
            self._said.pop(key, None)
            self._said[key] = said
            while len(self._said) > _KEPT:
                self._said.popitem(last=False)
        return said


def article_of(key: str) -> tuple[str, str] | None:
    """Publication and encoded id of the article whose own document a key names; None for another document."""
    folder, *names = key.split("/")
    return (names[0], names[1].removesuffix(".json")) if folder == "articles" and len(names) == 2 else None


def feed_of(key: str) -> str | None:
    """The feed that a key is a form of, as publication/feed; None for any other document, pages of archives too."""
    folder, *names = key.removeprefix("private/").split("/")
    return f"{names[0]}/{names[1].partition('.')[0]}" if folder == "feeds" and len(names) == 2 else None


def _said(key: str, body: bytes) -> Said:
    """What is no article of ours says no more than its generation."""
    generation = generation_of(body)
    if article_of(key) is not None:
        try:
            return _of_article(from_json(body), generation)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
    return Said(generation)


def _of_article(ninjs: Mapping[str, Any], generation: int) -> Said:
    previous = tuple(str(other["value"]) for other in ninjs.get("altIds", ()) if other["role"] == "previous-url")
    return Said(generation, str(ninjs["pubStatus"]), int(ninjs["version"]), _web(ninjs), previous)


def _web(ninjs: Mapping[str, Any]) -> str:
    return next((str(each["href"]) for each in ninjs.get("renditions", ()) if each.get("name") == "web"), "")
