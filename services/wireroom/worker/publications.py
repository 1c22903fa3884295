"""The publications that this worker may publish for: those of the settings, or each one that turns up."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic_core import to_json

from wireroom.config import Publication, Settings
from wireroom.errors import Conflict, Fault, OutcomeUnknown, Reject, RetryAfter
from wireroom.event import ArticleEvent
from wireroom.store import STATE, Store

PREFIX = "editions/publications/"


class Publications(Mapping[str, Publication]):
    """Publications by id. Those discovered are kept, create-only, in the store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._discover = settings.discover
        self._store = store
        self._known = {publication.id: publication for publication in settings.publications}

    def __getitem__(self, ident: str) -> Publication:
        return self._known[ident]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def load(self) -> None:
        """Read those that were discovered before."""
        if self._discover:
            for key in self._store.keys(PREFIX):
                if key.removeprefix(PREFIX).removesuffix(".json") not in self._known:
                    self._read(key)

    def admit(self, event: ArticleEvent) -> None:
        """Let an event's publication in. Raises Reject for one that the settings do not name."""
        if event.publication in self._known:
            return
        if not self._discover:
            raise Reject(
                "unknown-publication",
                [Fault("publication", repr(event.publication), f"one of {', '.join(self._known)}")],
            )
        if event.article is not None and event.url is not None:
            self._create(event.publication, event.article.language or "und", event.url)

    def _create(self, ident: str, language: str, url: str) -> None:
        parts = urlsplit(url)
        found = Publication(id=ident, name=ident, language=language, url=f"{parts.scheme}://{parts.netloc}/")
        key = f"{PREFIX}{ident}.json"
        try:
            self._store.put(key, to_json(found), None, STATE)
        except (Conflict, OutcomeUnknown) as error:
            self._read(key)
            if ident not in self._known:
                raise RetryAfter(f"{key} could not be written", 0) from error
        else:
            self._known[ident] = found

    def _read(self, key: str) -> None:
        if stored := self._store.get(key):
            publication = Publication.model_validate_json(stored.body)
            self._known[publication.id] = publication
