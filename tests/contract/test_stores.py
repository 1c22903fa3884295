"""Every store keeps the contract, and the contract (as well as the probe) tells a broken store from a good one."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.store_contract import CONTRACT, KEY, STRICT, TYPE, Check
from wireroom.errors import Conflict, Red
from wireroom.store import Metadata, PolledStore, Stored
from wireroom.store.directory import DirectoryStore
from wireroom.store.memory import MemoryStore
from wireroom.store.naming import etag
from wireroom.store.probe import probe

MakeStore = Callable[[Path], PolledStore]


def memory(folder: Path) -> PolledStore:
    return MemoryStore()


def where_files_need_names(folder: Path) -> PolledStore:
    store = DirectoryStore(folder)
    store._creates = False
    return store


GOOD: tuple[MakeStore, ...] = (memory, DirectoryStore, where_files_need_names)


@pytest.mark.parametrize("check", CONTRACT + STRICT, ids=lambda check: check.__name__)
@pytest.mark.parametrize("make", GOOD, ids=lambda make: make.__name__)
def test_the_store_keeps_the_contract(make: MakeStore, check: Check, tmp_path: Path) -> None:
    check(make(tmp_path / "store"))


@pytest.mark.parametrize("make", GOOD, ids=lambda make: make.__name__)
def test_the_probe_accepts_the_store_and_leaves_nothing_behind(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    probe(store)
    assert list(store.keys("")) == []


class IgnoresConditions(MemoryStore):
    """As rclone's and gofakes3's S3 servers do."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        held = self.get(key)
        return super().put(key, body, held.etag if held else None, metadata)


class IgnoresIfMatch(IgnoresConditions):
    """Keeps only create-only writes, and creates what it was to replace."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if if_match is None:
            return MemoryStore.put(self, key, body, None, metadata)
        return super().put(key, body, if_match, metadata)


class CreatesByReplacing(MemoryStore):
    """If-Match on what is not there creates it."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        return super().put(key, body, if_match if self.get(key) else None, metadata)


class ChecksThenWrites(MemoryStore):
    """As file-system gateways do that test the condition outside their lock."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        self.check(key, if_match)
        while True:
            held = self.get(key)
            try:
                return super().put(key, body, held.etag if held else None, metadata)
            except Conflict:
                continue

    def check(self, key: str, if_match: str | None) -> None:
        held = self.get(key)
        if if_match != (held.etag if held else None):
            raise Conflict(key)
        time.sleep(0.005)


class CreatesAtomicallyButReplacesNot(ChecksThenWrites):
    """As S3Proxy on a file system does."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if if_match is None:
            return MemoryStore.put(self, key, body, None, metadata)
        return super().put(key, body, if_match, metadata)


class ReplacesAtomicallyButCreatesNot(ChecksThenWrites):
    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if if_match is None:
            return super().put(key, body, None, metadata)
        return MemoryStore.put(self, key, body, if_match, metadata)


class LosesReplacements(MemoryStore):
    """Acknowledges what it did not keep."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if if_match is None:
            return super().put(key, body, None, metadata)
        if (held := self.get(key)) is None or held.etag != if_match:
            raise Conflict(key)
        return MemoryStore().put(key, body, None, metadata)


class ServesStaleReads(MemoryStore):
    """Eventually consistent: a cache stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self._cache: dict[str, Stored] = {}

    def get(self, key: str) -> Stored | None:
        held = super().get(key)
        return self._cache.setdefault(key, held) if held else None


class OneEtagForEverything(MemoryStore):
    """Its ETag is made of the key."""

    def get(self, key: str) -> Stored | None:
        held = super().get(key)
        return Stored(held.body, f'"{key}"', held.modified) if held else None

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        held = super().get(key)
        if if_match is not None and held is not None and if_match == f'"{key}"':
            if_match = held.etag
        super().put(key, body, if_match, metadata)
        return f'"{key}"'


class WritesInPlace(DirectoryStore):
    """Readers see the first half for a moment."""

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        held = self.get(key)
        if len(body) > 1000 and held and held.etag == if_match:
            path = self._path(key)
            with open(path, "wb", buffering=0) as file:
                file.write(body[: len(body) // 2])
                time.sleep(0.002)
                file.write(body[len(body) // 2 :])
            return etag(body)
        return super().put(key, body, if_match, metadata)


class ListsInItsOwnOrder(MemoryStore):
    def keys(self, prefix: str) -> "reversed[str]":
        return reversed(list(super().keys(prefix)))


class DeletesAnything(MemoryStore):
    def delete(self, key: str, if_match: str) -> None:
        if held := self.get(key):
            super().delete(key, held.etag)


class NeverLooksAgain(MemoryStore):
    def refresh(self, key: str, known: Stored) -> Stored | None:
        return known


REFUSED = {
    IgnoresConditions: "create-only writes",
    IgnoresIfMatch: "conditional replacement",
    CreatesByReplacing: "If-Match created",
    ChecksThenWrites: "atomic create-only writes",
    CreatesAtomicallyButReplacesNot: "atomic conditional replacement",
    ReplacesAtomicallyButCreatesNot: "atomic create-only writes",
    LosesReplacements: "reading what was written",
    ServesStaleReads: "reading what was written",
    OneEtagForEverything: "ETags that change",
}
BROKEN: tuple[type[MemoryStore], ...] = (*REFUSED, ListsInItsOwnOrder, DeletesAnything, NeverLooksAgain)


def breaches(store: Callable[[], PolledStore]) -> list[str]:
    """The checks that a store fails, each on a store of its own."""
    failed = []
    for check in CONTRACT + STRICT:
        try:
            check(store())
        except (AssertionError, Conflict):
            failed.append(check.__name__)
    return failed


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_catches_a_broken_store(broken: type[MemoryStore]) -> None:
    assert breaches(broken)


def test_the_contract_catches_torn_reads(tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(len(CONTRACT + STRICT)))
    assert breaches(lambda: WritesInPlace(next(folders))) == [
        "no_reader_sees_a_torn_body",
        "a_body_is_read_with_its_own_etag",
    ]


@pytest.mark.parametrize("broken", REFUSED, ids=lambda broken: broken.__name__)
def test_the_probe_refuses_a_broken_store_by_name(broken: type[MemoryStore]) -> None:
    store = broken()
    with pytest.raises(Red, match=REFUSED[broken]) as refused:
        probe(store)
    assert "atomic conditional writes" in refused.value.remedy
    assert not store.get(KEY)
    store.put(KEY, b"", None, TYPE)
