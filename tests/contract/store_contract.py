"""What every store must do, as one check each. A check takes an empty store and raises AssertionError.

`CONTRACT` is what workers rely on; `STRICT` is what only some S3 servers do, and the stores of one machine must.
"""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from wireroom.clock import MINUTE
from wireroom.errors import Conflict
from wireroom.store import Metadata, PolledStore, Stored

KEY = "feeds/harbour-post/latest.rss"
TYPE = Metadata("application/rss+xml; charset=utf-8", "public, max-age=60", "en", {"generation": "7"})

Check = Callable[[PolledStore], None]


def create_and_read(store: PolledStore) -> None:
    assert store.get(KEY) is None
    before = store.now()
    tag = store.put(KEY, "Ñandú\0".encode(), None, TYPE)
    held = read(store)
    assert (held.body, held.etag) == ("Ñandú\0".encode(), tag)
    assert before - MINUTE <= held.modified <= store.now() + MINUTE
    assert tag.startswith('"')
    assert tag.endswith('"')


def keep_an_empty_body(store: PolledStore) -> None:
    store.put(KEY, b"", None, TYPE)
    assert read(store).body == b""


def create_only_once(store: PolledStore) -> None:
    first = store.put(KEY, b"first", None, TYPE)
    assert conflicts(store, b"second", None)
    assert (read(store).body, read(store).etag) == (b"first", first)


def replace_what_was_read(store: PolledStore) -> None:
    first = store.put(KEY, b"first", None, TYPE)
    second = store.put(KEY, b"second", first, TYPE)
    assert first != second
    assert (read(store).body, read(store).etag) == (b"second", second)


def refuse_a_stale_state(store: PolledStore) -> None:
    first = store.put(KEY, b"first", None, TYPE)
    second = store.put(KEY, b"second", first, TYPE)
    assert conflicts(store, b"third", first)
    assert conflicts(store, b"third", '"no such state"')
    assert (read(store).body, read(store).etag) == (b"second", second)


def never_create_by_replacing(store: PolledStore) -> None:
    tag = store.put("feeds/harbour-post/other.rss", b"other", None, TYPE)
    assert conflicts(store, b"first", tag)
    assert store.get(KEY) is None


def every_change_has_its_etag(store: PolledStore) -> None:
    tags = [store.put(KEY, b"0", None, TYPE)]
    for number in range(1, 20):
        tags.append(store.put(KEY, b"%d" % number, tags[-1], TYPE))
    assert len(set(tags)) == 20


def refresh_what_is_known(store: PolledStore) -> None:
    first = store.put(KEY, b"first", None, TYPE)
    known = read(store)
    assert store.refresh(KEY, known) is known
    second = store.put(KEY, b"other", first, TYPE)
    found = store.refresh(KEY, known)
    assert found
    assert (found.body, found.etag) == (b"other", second)
    assert store.refresh(KEY, found) is found
    store.put(KEY, b"first", second, TYPE)
    again = store.refresh(KEY, found)
    assert again
    assert again.body == b"first"
    store.delete(KEY, again.etag)
    assert store.refresh(KEY, again) is None


def delete_what_was_read(store: PolledStore) -> None:
    tag = store.put(KEY, b"first", None, TYPE)
    store.delete(KEY, tag)
    assert store.get(KEY) is None
    assert list(store.keys("")) == []
    store.put(KEY, b"again", None, TYPE)


def refuse_to_delete_another_state(store: PolledStore) -> None:
    first = store.put(KEY, b"first", None, TYPE)
    store.put(KEY, b"second", first, TYPE)
    assert refuses_delete(store, KEY, first)
    assert read(store).body == b"second"


def refuse_to_delete_what_is_not_there(store: PolledStore) -> None:
    assert refuses_delete(store, KEY, store.put("feeds/harbour-post/other.rss", b"other", None, TYPE))


def list_keys_in_order(store: PolledStore) -> None:
    keys = ["articles/a.json", "articles/a/1.json", "articles/a/10.json", "articles/a-b.json", "articles/a-b/1.json"]
    keys += ["articles/ab.json", "articles/ab/~2E.json", "feeds/a/x.atom", "feeds/a/x.rss", "top"]
    for key in keys:
        store.put(key, key.encode(), None, TYPE)
    for prefix in ("", "articles/", "articles/a", "articles/a/", "articles/a/1", "feeds", "feeds/a/x.r", "absent/"):
        assert list(store.keys(prefix)) == sorted(key for key in keys if key.startswith(prefix)), prefix


def refuse_what_is_not_a_key(store: PolledStore) -> None:
    wrong = (
        "",
        "/",
        "/etc/hosts",
        "a//b",
        "a/",
        "../a",
        "a/../b",
        "a/..",
        ".",
        "a/.hidden/b",
        ".wireroom/x",
        "a\0b",
        "a\\b",
    )
    for key in (*wrong, "a b", "ä", "a\nb", "a" * 256, "/".join("a" * 600)):
        for use in (store.get, lambda key: store.put(key, b"", None, TYPE), lambda key: store.delete(key, '"x"')):
            try:
                use(key)
            except ValueError:
                continue
            raise AssertionError(f"{key!r} was taken for a key")


def one_writer_wins_a_creation(store: PolledStore) -> None:
    for round_ in range(5):
        winner = race(store, f"feeds/harbour-post/{round_}.rss", None)
        assert read(store, f"feeds/harbour-post/{round_}.rss").body == winner


def one_writer_wins_a_replacement(store: PolledStore) -> None:
    tag = store.put(KEY, b"first", None, TYPE)
    for _ in range(5):
        winner = race(store, KEY, tag)
        assert read(store).body == winner
        tag = read(store).etag


def one_writer_wins_a_deletion(store: PolledStore) -> None:
    for _ in range(5):
        tag = store.put(KEY, b"first", None, TYPE)
        assert sum(not refused for refused in at_once(lambda _: refuses_delete(store, KEY, tag))) == 1  # noqa: B023


def no_increment_is_lost(store: PolledStore) -> None:
    store.put(KEY, b"0", None, TYPE)
    assert all(at_once(lambda _: all(increment(store, KEY) for _ in range(10))))
    assert int(read(store).body) == 10 * WRITERS


def no_reader_sees_a_torn_body(store: PolledStore) -> None:
    read_while_written(store)


def a_body_is_read_with_its_own_etag(store: PolledStore) -> None:
    seen = {(held.body, held.etag) for held in read_while_written(store)}
    assert len(seen) == len({etag for _, etag in seen})


def read_while_written(store: PolledStore) -> list[Stored]:
    """What a reader sees while another replaces, never torn."""
    bodies = [letter * 300_000 for letter in (b"a", b"b", b"c")]
    tag = store.put(KEY, bodies[0], None, TYPE)
    seen: list[Stored | None] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(store.get(KEY))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for number in range(1, 60):
            tag = store.put(KEY, bodies[number % 3], tag, TYPE)
    finally:
        done.set()
        reader.join()
    assert seen
    assert all(held is not None and held.body in bodies for held in seen)
    return [held for held in seen if held]


CONTRACT: tuple[Check, ...] = (
    create_and_read,
    keep_an_empty_body,
    create_only_once,
    replace_what_was_read,
    refuse_a_stale_state,
    never_create_by_replacing,
    every_change_has_its_etag,
    refresh_what_is_known,
    delete_what_was_read,
    refuse_to_delete_another_state,
    list_keys_in_order,
    refuse_what_is_not_a_key,
    one_writer_wins_a_creation,
    one_writer_wins_a_replacement,
    no_increment_is_lost,
    no_reader_sees_a_torn_body,
)
STRICT: tuple[Check, ...] = (
    refuse_to_delete_what_is_not_there,
    one_writer_wins_a_deletion,
    a_body_is_read_with_its_own_etag,
)

WRITERS = 6


def read(store: PolledStore, key: str = KEY) -> Stored:
    held = store.get(key)
    assert held is not None, f"{key} is not there"
    return held


def conflicts(store: PolledStore, body: bytes, if_match: str | None, key: str = KEY) -> bool:
    try:
        store.put(key, body, if_match, TYPE)
    except Conflict as conflict:
        return conflict.key == key
    return False


def refuses_delete(store: PolledStore, key: str, if_match: str) -> bool:
    try:
        store.delete(key, if_match)
    except Conflict:
        return True
    return False


def at_once(act: Callable[[int], bool]) -> list[bool]:
    """Let all writers act at the same moment."""
    barrier = threading.Barrier(WRITERS)

    def start(number: int) -> bool:
        barrier.wait(10)
        return act(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(start, range(WRITERS)))


def race(store: PolledStore, key: str, if_match: str | None) -> bytes:
    """What the only winner wrote. All bodies differ: to write what was there changes no ETag."""
    bodies = [secrets.token_bytes(16) for _ in range(WRITERS)]
    won = at_once(lambda number: not conflicts(store, bodies[number], if_match, key))
    assert sum(won) == 1, f"{sum(won)} writers won"
    return bodies[won.index(True)]


def increment(store: PolledStore, key: str) -> bool:
    """Add one to a number by the protocol of readers and writers; gives up on a store that never lets it."""
    for _ in range(1000):
        held = read(store, key)
        if not conflicts(store, b"%d" % (int(held.body) + 1), held.etag, key):
            return True
    return False
