"""Documents as they are served."""

import gzip
import random
from collections.abc import Callable

import brotli
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


def test_a_private_feed_has_a_type_and_is_not_public() -> None:
    assert media_type("private/feeds/p/x.rss") == "application/rss+xml" + UTF8
    for key in ("private/articles/p.json", "private/sitemaps/p/news.xml", "private/private/feeds/p/x.rss", "private/"):
        assert media_type(key) is None


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


UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress}


def test_a_body_is_compressed_once_and_the_same_each_time(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    documents = Documents(store, clock)
    store.put("feeds/p/x.rss", b"<item/>" * 100, None, STATE)
    first = documents.read("feeds/p/x.rss")
    clock.time += SECOND
    again = documents.read("feeds/p/x.rss")
    other = Documents(store, clock).read("feeds/p/x.rss")
    assert first
    assert again is first
    assert other
    forms = {name: first.forms.best(name.encode()) for name in (*UNPACK, "identity")}
    assert forms == {name: other.forms.best(name.encode()) for name in forms}, "the time of compression is in it"
    assert {name: UNPACK[name](forms[name][1].body) for name in UNPACK} == dict.fromkeys(UNPACK, b"<item/>" * 100)
    assert first.forms.best(b"br")[1] is forms["br"][1]
    assert len({form.etag for _, form in forms.values()}) == 3


def test_what_readers_took_of_a_state_is_made_of_the_next_ahead(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    documents = Documents(store, clock)
    tag = None
    for number, asked, ahead in ((1, b"gzip", False), (2, b"", True), (3, b"br", False)):
        tag = store.put("feeds/p/x.rss", b"%d" % number * 100, tag, STATE)
        clock.time += SECOND
        served = documents.read("feeds/p/x.rss")
        assert served
        assert (served.forms.made(b"gzip"), served.forms.made(b"br")) == (ahead, False)
        served.forms.best(asked)


def test_what_compression_would_enlarge_is_left_alone(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    store.put("feeds/p/x.rss", b"<rss/>", None, STATE)
    served = Documents(store, clock).read("feeds/p/x.rss")
    assert served
    assert served.forms.best(b"br, gzip") == ("identity", (b"<rss/>", served.etag))


class Mistaken(Far):
    """Gives the older ETag with a newer body, as a server may while an object is overwritten."""

    def get(self, key: str) -> Stored | None:
        found = super().get(key)
        return Stored(found.body, '"older"', found.modified) if found else None


def test_the_etag_is_that_of_the_bytes_whatever_the_store_says(clock: ManualClock) -> None:
    """Promise P26."""
    store = Mistaken(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", b"one", None, STATE)
    one = documents.read("feeds/p/x.rss")
    store.put("feeds/p/x.rss", b"two", tag, STATE)
    clock.time += SECOND
    two = documents.read("feeds/p/x.rss")
    assert one
    assert two
    assert (one.stored.body, two.stored.body, one.etag == two.etag) == (b"one", b"two", False)


def rss(*entries: str) -> bytes:
    items = "".join(f"<item><guid>{entry}</guid><title>{'x' * 200}</title></item>" for entry in entries)
    return f"<rss><channel>{items}</channel></rss>".encode()


def test_a_feed_knows_its_last_eight_states(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    documents = Documents(store, clock)
    tag, etags = None, []
    for number in range(30, 42):
        tag = store.put("feeds/p/x.rss", rss(*map(str, range(number, -1, -1))), tag, STATE)
        clock.time += SECOND
        served = documents.read("feeds/p/x.rss")
        etags.append(tag)
    assert served
    assert list(served.earlier) == etags[3:11]
    for known, new in ((10, ["41"]), (9, ["41", "40"])):
        part = served.since(etags[known])
        assert part
        assert part.best(b"") == ("identity", (rss(*new), served.etag))
    assert served.since(etags[9]) is served.since(etags[9]), "worked out once"


def test_a_delta_that_is_most_of_the_feed_is_not_worth_it(clock: ManualClock) -> None:
    store = MemoryStore(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", rss("a"), None, STATE)
    documents.read("feeds/p/x.rss")
    clock.time += SECOND
    store.put("feeds/p/x.rss", rss("d", "c", "b", "a"), tag, STATE)
    served = documents.read("feeds/p/x.rss")
    assert served
    assert served.since(tag) is None


class Overtaken(Far):
    """While its first answer is under way, `meanwhile` happens."""

    meanwhile: Callable[[], object] | None = None

    def refresh(self, key: str, known: Stored) -> Stored | None:
        answer = super().refresh(key, known)
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
        return answer


def test_an_answer_that_was_overtaken_brings_nothing_back(clock: ManualClock) -> None:
    store = Overtaken(clock)
    documents = Documents(store, clock)
    tag = store.put("feeds/p/x.rss", b"one", None, STATE)
    documents.read("feeds/p/x.rss")
    clock.time += SECOND

    def another_thread() -> None:
        store.put("feeds/p/x.rss", b"two", tag, STATE)
        assert body(documents, "feeds/p/x.rss") == b"two"

    store.meanwhile = another_thread
    assert body(documents, "feeds/p/x.rss") == b"two"
    assert body(documents, "feeds/p/x.rss") == b"two"


def test_the_cache_stays_within_its_room(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOM", 100_000)
    store = Counting(clock)
    documents = Documents(store, clock)
    for number in range(30):
        store.put(f"feeds/p/{number}.rss", random.Random(number).randbytes(10_000), None, STATE)
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
