"""Documents in the store: written conditionally and only forwards, announced once they are durable."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from wireroom.clock import SteadyClock
from wireroom.config import Publication
from wireroom.document import ArticleAt, Document, DocumentChanged, generation_of
from wireroom.errors import Conflict, OutcomeUnknown, RetryAfter
from wireroom.sink import Direct
from wireroom.store import Metadata, Store, Stored

ATTEMPTS = 20
_RECENT, _SMALL = 1_000, 32_000  # documents that are their own edition, kept in memory, and the bytes of one


class Found(NamedTuple):
    """The generation that the store holds now; `same`: it is this very document."""

    generation: int
    same: bool


class DocumentWriter:
    """Writes documents and collects what is to be announced on the log `documents`."""

    def __init__(self, store: Store, clock: SteadyClock, worker: str) -> None:
        self._store = store
        self._clock = clock
        self._worker = worker
        self._known: dict[str, tuple[int, str]] = {}  # key -> generation and ETag, as last written or verified here
        self._recent: OrderedDict[str, Stored] = OrderedDict()  # as last written here: most changes follow soon
        self._changes: list[DocumentChanged] = []
        self._shown: dict[str, tuple[ArticleAt, ...]] = {}  # what each document showed when it was last told

    def forget(self) -> None:
        """Trust nothing that was known: every document is verified again."""
        self._known.clear()
        self._recent.clear()
        self._shown.clear()

    def take_changes(self) -> list[DocumentChanged]:
        """What became durable since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def write(self, document: Document, generation: int) -> Found:
        """Bring `document` to `generation`, unless the store holds that generation or a later one."""
        known = self._known.get(document.key)
        if known and known[0] >= generation:
            return Found(known[0], same=True)
        if known and self._replace(document, generation, known[1]):
            return Found(generation, same=True)
        for _ in range(ATTEMPTS):
            current = self._store.get(document.key)
            if current and (found := generation_of(current.body)) >= generation:
                same = current.body == document.body(generation)
                if same:
                    self._done(document, generation, current.etag)
                return Found(found, same)
            if self._replace(document, generation, current.etag if current else None):
                return Found(generation, same=True)
        raise RetryAfter(f"too many writers at {document.key}")

    def merge(self, direct: Direct, publications: Mapping[str, Publication], archived: bool = False) -> None:
        """Write what `direct` makes of the present state, as of now: a document that is its own edition.

        `archived`: it is announced only where it replaces one, for an archive is no news to anybody.
        """
        key = direct.key
        current = self._recent.get(key)  # the others are new, most of them: create first, read when that fails
        for _ in range(ATTEMPTS):
            document = direct.merge(current, self._clock.now(), publications)
            if document is None and current is None:
                current = self._store.get(key)
                document = direct.merge(current, self._clock.now(), publications)
            if document is None:
                self._announce_again(direct, current, archived)
                return
            generation = generation_of(current.body) + 1 if current else 1
            if (etag := self._put(document, generation, current.etag if current else None)) is not None:
                self._keep(key, Stored(document.body(generation), etag, self._clock.now()))
                if current or not archived:
                    self._announce(key, generation, etag, document.media_type, document.articles)
                return
            current = self._store.get(key)
        raise RetryAfter(f"too many writers at {key}")

    def _replace(self, document: Document, generation: int, etag: str | None) -> bool:
        """Whether nobody else did, as far as is known."""
        if (new := self._put(document, generation, etag)) is None:
            return False
        self._done(document, generation, new)
        return True

    def _put(self, document: Document, generation: int, etag: str | None) -> str | None:
        """The new ETag; None when another state lies there now, or may."""
        try:
            return self._store.put(document.key, document.body(generation), etag, self._metadata(document, generation))
        except (Conflict, OutcomeUnknown):
            self._known.pop(document.key, None)
            return None

    def _keep(self, key: str, written: Stored) -> None:
        self._recent.pop(key, None)
        if len(written.body) <= _SMALL:
            self._recent[key] = written
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def _metadata(self, document: Document, generation: int) -> Metadata:
        user = {"generation": str(generation), "worker": self._worker}
        language = "" if document.language == "und" else document.language  # RFC 9110, 8.5: no tag says it better
        return Metadata(document.media_type, document.cache_control, language, user)

    def _done(self, document: Document, generation: int, etag: str) -> None:
        self._known[document.key] = (generation, etag)
        before = frozenset(self._shown.get(document.key, ()))
        new = tuple(article for article in document.articles if article not in before)
        self._shown[document.key] = document.articles
        self._announce(document.key, generation, etag, document.media_type, new)

    def _announce_again(self, direct: Direct, current: Stored | None, archived: bool) -> None:
        """Found as it should be: its writer may have died before it could tell."""
        if current is not None and ((generation := generation_of(current.body)) > 1 or not archived):
            self._announce(direct.key, generation, current.etag, direct.media_type, ())

    def _announce(self, key: str, generation: int, etag: str, media_type: str, articles: tuple[ArticleAt, ...]) -> None:
        now = self._clock.now()
        change = DocumentChanged(
            key=key,
            generation=generation,
            etag=etag,
            media_type=media_type,
            worker=self._worker,
            changed_at=now,
            articles=articles,
        )
        self._changes.append(change)
