"""IndexNow (indexnow.org/documentation): search engines are told of articles that came, changed or went.

A tombstone says no address, so each address that was told is kept, and told again when its article goes or moves.
"""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import TypeAdapter
from pydantic_core import to_json

from wireroom.clock import Clock
from wireroom.config_notify import IndexNowSettings
from wireroom.document import DocumentChanged
from wireroom.errors import Conflict
from wireroom.notify.documents import Said, article_of
from wireroom.notify.journal import FOLDER
from wireroom.notify.names import INDEXNOW
from wireroom.notify.outbound import Outbound
from wireroom.notify.outcome import DELIVERED, Outcome, Verdict, outcome
from wireroom.notify.subscriber import Told
from wireroom.store import STATE, Store

MOST = 10_000  # addresses in a call
_KEPT = 5_000  # articles whose addresses are in memory
_OF_ONE = 50  # addresses of one article, the newest ones
_URLS = TypeAdapter(tuple[str, ...])


class IndexNow:
    """A `Subscriber`: one host a call."""

    id = INDEXNOW
    most = MOST

    def __init__(self, settings: IndexNowSettings, store: Store, outbound: Outbound, clock: Clock) -> None:
        assert settings.key is not None
        self._key = settings.key
        self._endpoint = settings.endpoint
        self.definition = hashlib.sha256(to_json([settings.key, settings.endpoint])).hexdigest()[:16]
        self._told = ToldUrls(store)
        self._outbound = outbound
        self._clock = clock

    def wants(self, change: DocumentChanged) -> bool:
        """The articles' own documents."""
        return article_of(change.key) is not None

    def deliver(self, epoch: str, batch: Sequence[Told]) -> Outcome:
        """See `Subscriber`."""
        addresses: dict[str, None] = {}
        for told in batch:
            addresses.update(dict.fromkeys(self._told.of(told.notification.key, told.document)))
        for host, urls in calls(addresses):
            body = to_json({"host": host, "key": self._key, "urlList": urls})
            headers = {"Content-Type": "application/json; charset=utf-8"}
            answer = self._outbound.send("POST", self._endpoint, headers, body)
            result = outcome(answer.status, answer.headers, self._clock.now())
            if result.verdict is not Verdict.DELIVERED:
                return result._replace(reason=f"{host}: {result.reason}{_MEANT.get(answer.status, '')}")
        return DELIVERED


_MEANT: Mapping[int, str] = {
    403: ": it finds no such key at the site's /KEY.txt",
    422: ": the addresses are not of that host, or the key has a wrong form",
}


def calls(addresses: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Host and addresses of each call."""
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in addresses:
        by_host[urlsplit(url).netloc.lower()].append(url)
    for host, urls in by_host.items():
        for start in range(0, len(urls), MOST):
            yield host, urls[start : start + MOST]


class ToldUrls:
    """The addresses of each article that search engines were, or are about to be, told of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def of(self, key: str, document: Said) -> Sequence[str]:
        """What to tell of a change of an article's document; durable before it is told. Raises as a store does."""
        known = self._read(key)
        if not document.url:  # withdrawn, expired or withheld
            return known
        moved = [url for url in (*document.previous_urls, *known) if url != document.url]
        everything = tuple(dict.fromkeys([document.url, *moved]))[:_OF_ONE]
        if set(everything) == set(known):
            return [document.url]
        self._keep(key, everything)
        return everything

    def _read(self, key: str) -> tuple[str, ...]:
        if key not in self._known:
            stored = self._store.get(_place(key))
            self._remember(key, _URLS.validate_json(stored.body) if stored else ())
        return self._known[key]

    def _keep(self, key: str, urls: tuple[str, ...]) -> None:
        stored = self._store.get(_place(key))
        try:
            self._store.put(_place(key), to_json(urls), stored.etag if stored else None, STATE)
        except Conflict:
            self._known.pop(key, None)
            raise
        self._remember(key, urls)

    def _remember(self, key: str, urls: tuple[str, ...]) -> None:
        self._known[key] = urls
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)


def _place(key: str) -> str:
    return f"{FOLDER}/urls/{key.removeprefix('articles/')}"
