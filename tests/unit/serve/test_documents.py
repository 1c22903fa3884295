"""Documents as they are served."""

import gzip

import pytest

from wireroom.clock import SECOND, ManualClock
from wireroom.errors import RetryAfter
from wireroom.serve import documents as module
from wireroom.serve.documents import Documents, is_public, media_type
from wireroom.store import STATE, Stored
from wireroom.store.memory import MemoryStore

UTF8 = "; charset=utf-8"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("feeds/p/latest.rss", "application/rss+xml"),
        ("feeds/p/latest.atom", "application/atom+xml"),
        ("feeds/p/latest.json", "application/feed+json"),
        ("sitemaps/p/news.xml", "application/xml"),
        ("sitemaps/p/news-12.xml", "application/xml"),
        ("articles/p.json", "application/feed+json"),
        ("articles/p/a~2Eb.json", "application/json"),
    ],
)
def test_the_type_follows_from_the_key(key: str, expected: str) -> None:
    assert media_type(key) == expected + UTF8


@pytest.mark.parametrize(
    "key",
    [
        "", "feeds", "feeds/", "feeds/p", "feeds/p/latest", "feeds/p/.new-12", "feeds/.hidden/x.rss", "/feeds/p/x.rss",
        "feeds/../editions/x.json", "feeds//x.rss", "editions/feeds/p/latest.json", "private/feeds/p/x.rss",
        "Feeds/p/x.rss", "_probe/x.json", ".wireroom/locks/1.json", "feeds/p/x.rss\0",
        "feeds\\p\\x.rss", "feeds/p/x.html",
    ],
)  # fmt: skip
def test_nothing_else_is_public(key: str) -> None:
    assert not is_public(key)


class Counting(MemoryStore):
    """Counts how often it is asked, and may be away."""

    reads = 0
    away = False

    def get(self, key: str) -> Stored | None:
        self.reads += 1
        if self.away:
            raise RetryAfter("away")
        return super().get(key)


class Far(Counting):
    near = False


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_767_268_800 * SECOND)


def test_a_change_shows_within_50_ms_and_the_store_is_not_asked_each_time(clock: ManualClock) -> None:
    store = Counting(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", b"one", None, STATE)
    for _ in range(10):
        assert body(documents, "feeds/p/x.rss") == b"one"
    assert store.reads == 1
    store.put("feeds/p/x.rss", b"two", tag, STATE)
    clock.time += 50_000
    assert body(documents, "feeds/p/x.rss") == b"two"
    store.delete("feeds/p/x.rss", documents.read("feeds/p/x.rss").stored.etag)  # type: ignore[union-attr]
    clock.time += 50_000
    assert documents.read("feeds/p/x.rss") is None


def test_a_store_that_is_far_is_asked_once_a_second(clock: ManualClock) -> None:
    store = Far(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", b"one", None, STATE)
    assert body(documents, "feeds/p/x.rss") == b"one"
    store.put("feeds/p/x.rss", b"two", tag, STATE)
    clock.time += SECOND - 1
    assert body(documents, "feeds/p/x.rss") == b"one"
    clock.time += 1
    assert body(documents, "feeds/p/x.rss") == b"two"


def test_what_is_not_there_is_not_asked_for_each_time(clock: ManualClock) -> None:
    store = Far(clock)
    documents = Documents(store, clock)
    for _ in range(3):
        assert documents.read("feeds/p/x.rss") is None
    assert store.reads == 1
    store.put("feeds/p/x.rss", b"one", None, STATE)
    clock.time += SECOND
    assert body(documents, "feeds/p/x.rss") == b"one"


def test_what_is_held_is_served_while_the_store_is_away(clock: ManualClock) -> None:
    store = Far(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", b"one", None, STATE)
    documents.read("feeds/p/x.rss")
    store.away, seen = True, clock.time
    for _ in range(3):
        clock.time += 60 * SECOND
        served = documents.read("feeds/p/x.rss")
        assert served
        assert (served.stored.body, served.read_at) == (b"one", seen)
    with pytest.raises(RetryAfter):
        documents.read("feeds/p/y.rss")
    store.away = False
    store.put("feeds/p/x.rss", b"two", tag, STATE)
    clock.time += SECOND
    assert body(documents, "feeds/p/x.rss") == b"two"


def test_a_body_is_compressed_once_and_the_same_each_time(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    documents = Documents(store, clock)
    store.put("feeds/p/x.rss", b"<item/>" * 100, None, STATE)
    first = documents.read("feeds/p/x.rss")
    assert first
    packed = first.gzipped
    clock.time += SECOND
    again = documents.read("feeds/p/x.rss")
    assert again
    assert again.gzipped is packed
    assert packed
    assert gzip.decompress(packed) == b"<item/>" * 100
    assert packed[4:8] == bytes(4), "the time of compression is in it"
    assert Documents(store, clock).read("feeds/p/x.rss").gzipped == packed  # type: ignore[union-attr]


def test_what_compression_would_enlarge_is_left_alone(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    store.put("feeds/p/x.rss", b"<rss/>", None, STATE)
    served = Documents(store, clock).read("feeds/p/x.rss")
    assert served
    assert served.encoded(gzip_accepted=True) == (b"<rss/>", served.stored.etag, False)


def test_the_cache_stays_within_its_room(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOM", 100_000)
    store = Counting(clock)
    documents = Documents(store, clock)
    for number in range(30):
        store.put(f"feeds/p/{number}.rss", b"%02d" % number * 5_000, None, STATE)
        documents.read(f"feeds/p/{number}.rss")
    kept = sum(held_without_asking(store, documents, f"feeds/p/{number}.rss") for number in range(29, -1, -1))
    assert kept == 4


def test_revisions_of_one_document_push_no_other_out(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOM", 100_000)
    store = Counting(clock)
    documents = Documents(store, clock)
    store.put("feeds/p/quiet.rss", b"quiet", None, STATE)
    documents.read("feeds/p/quiet.rss")
    start, tag = clock.time, None
    for number in range(30):
        tag = store.put("feeds/p/busy.rss", b"%02d" % number * 5_000, tag, STATE)
        clock.time += 20_000
        documents.read("feeds/p/busy.rss")
    clock.time = start
    assert held_without_asking(store, documents, "feeds/p/quiet.rss")


def held_without_asking(store: Counting, documents: Documents, key: str) -> bool:
    before = store.reads
    documents.read(key)
    return store.reads == before


@pytest.mark.parametrize(
    ("text", "withdrawn"),
    [
        (b'{"pubStatus":"canceled"}', True),
        (b'{"pubStatus": "canceled", "note": 1}', True),
        (b'{"pubStatus":"usable"}', False),
        (b'{"pubStatus":"usable","headline":"\\"pubStatus\\":\\"canceled\\""}', False),
        (b'{"pubStatus":"usable","associations":[{"pubStatus":"canceled"}]}', False),
        (b'{"pubStatus":"withheld"}', False),
    ],
)
def test_only_a_tombstone_counts_as_withdrawn(text: bytes, withdrawn: bool, clock: ManualClock) -> None:
    store = MemoryStore(clock)
    store.put("articles/p/a.json", text, None, STATE)
    served = Documents(store, clock).read("articles/p/a.json")
    assert served
    assert served.withdrawn is withdrawn


def body(documents: Documents, key: str) -> bytes | None:
    served = documents.read(key)
    return served.stored.body if served else None


def test_what_a_feed_left_when_it_became_private_is_not_there(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    for key in ("feeds/p/wire.rss", "feeds/p/wire/1.atom", "feeds/p/wires.rss", "private/feeds/p/wire.rss"):
        store.put(key, b"<rss/>", None, STATE)
    documents = Documents(store, clock, ("feeds/p/wire.", "feeds/p/wire/"))
    assert list(documents.keys("")) == ["feeds/p/wires.rss"]
    assert documents.read("feeds/p/wire.rss") is None
    assert documents.read("feeds/p/wire/1.atom") is None
    assert documents.read("private/feeds/p/wire.rss") is not None
