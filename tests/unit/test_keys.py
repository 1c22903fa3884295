"""Keys: what is kept of them, and when they are taken."""

from threading import Thread

import pytest

from tests.unit.events import NOW
from wireroom.clock import SECOND
from wireroom.errors import OutcomeUnknown, Red, RetryAfter
from wireroom.keys import Key, KeyList, Refusal, check, mint, public_part, redacted
from wireroom.store import STATE, Metadata
from wireroom.store.memory import MemoryStore


def minted(expires_at: int | None = None) -> tuple[str, Key]:
    return mint({"what": "ever"}, "a label", NOW, expires_at)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_keys_are_random_and_only_their_hash_is_kept(store: MemoryStore) -> None:
    text, key = minted()
    assert text != minted()[0]
    prefix, ident, secret = text.split("_")
    assert (prefix, ident, len(bytes.fromhex(secret))) == ("wr", key.id, 32)
    KeyList(store, "ingest").add(key)
    held = store.get("editions/_keys/ingest.json")
    assert held is not None
    assert ident.encode() in held.body
    assert secret.encode() not in held.body


def test_a_key_is_taken_from_its_making_until_it_expires() -> None:
    text, key = minted(expires_at=NOW + SECOND)
    keys = {key.id: key}
    assert check(text, keys, NOW) == key
    assert check(text, keys, NOW + SECOND - 1) == key
    assert check(text, keys, NOW + SECOND) is Refusal.EXPIRED
    assert check(text, {}, NOW) is Refusal.UNKNOWN
    assert check(text.upper(), keys, NOW) is Refusal.UNKNOWN
    assert check(text + "\n", keys, NOW) is Refusal.UNKNOWN


def test_who_has_a_wrong_secret_does_not_learn_what_became_of_the_key() -> None:
    _, key = minted(expires_at=NOW)
    other = f"wr_{key.id}_{'0' * 64}"
    assert check(other, {key.id: key}, NOW) is Refusal.UNKNOWN


def test_revoking_is_for_good(store: MemoryStore) -> None:
    keys, (text, key) = KeyList(store, "ingest"), minted()
    keys.add(key)
    assert keys.revoke(key.id, NOW)
    assert keys.revoke(key.id, NOW + SECOND)
    assert keys.read()[key.id].revoked_at == NOW
    assert check(text, keys.read(), NOW) is Refusal.REVOKED
    assert not keys.revoke("000000000000", NOW)


def test_kinds_do_not_meet(store: MemoryStore) -> None:
    KeyList(store, "ingest").add(minted()[1])
    assert KeyList(store, "feeds").read() == {}


def test_many_write_the_list_at_once(store: MemoryStore) -> None:
    keys = [minted()[1] for _ in range(8)]
    threads = [Thread(target=KeyList(store, "ingest").add, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert KeyList(store, "ingest").read() == {key.id: key for key in keys}


class Losing(MemoryStore):
    """Its first answer is lost, after the write or before it."""

    def __init__(self, after: bool) -> None:
        super().__init__()
        self.after, self.lost = after, False

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if self.lost:
            return super().put(key, body, if_match, metadata)
        self.lost = True
        if self.after:
            super().put(key, body, if_match, metadata)
        raise OutcomeUnknown("no answer")


@pytest.mark.parametrize("after", [True, False])
def test_an_answer_that_is_lost(after: bool) -> None:
    store, key = Losing(after), minted()[1]
    KeyList(store, "ingest").add(key)
    assert KeyList(store, "ingest").read() == {key.id: key}


class Unsure(MemoryStore):
    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        raise OutcomeUnknown("no answer")


def test_it_is_not_tried_for_ever() -> None:
    with pytest.raises(RetryAfter):
        KeyList(Unsure(), "ingest").add(minted()[1])


def test_what_is_no_list_of_keys_lets_nobody_in(store: MemoryStore) -> None:
    store.put("editions/_keys/ingest.json", b'{"keys": [{"id": 1}]}', None, STATE)
    with pytest.raises(Red, match="no list of keys"):
        KeyList(store, "ingest").read()


def test_secrets_are_left_out_of_what_is_told() -> None:
    text, key = minted()
    secret = text.rpartition("_")[2]
    for told in (text, f"x{text}y", text[:40], f"Bearer {text},{text}"):
        assert secret[:8] not in redacted(told)
        assert key.id in redacted(told)
    assert redacted("/v1/events") == "/v1/events"
    assert (public_part(f"Bearer {text}"), public_part("Bearer x")) == (key.id, "-")
