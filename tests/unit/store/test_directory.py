"""What only a directory can get wrong: processes, durability, leftovers and a failing disk."""

import errno
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.store import STATE, directory, files
from wireroom.store.directory import DirectoryStore

KEY = "feeds/fjordposten/siste.rss"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "new" / "store")


def count_up(path: Path, times: int) -> None:
    store = DirectoryStore(path)
    while times:
        held = store.get(KEY)
        assert held
        try:
            store.put(KEY, b"%d" % (int(held.body) + 1), held.etag, STATE)
        except Conflict:
            continue
        times -= 1


def test_no_increment_is_lost_between_processes(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put(KEY, b"0", None, STATE)
    context = multiprocessing.get_context("spawn")
    counters = [context.Process(target=count_up, args=(tmp_path, 60)) for _ in range(3)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert [counter.exitcode for counter in counters] == [0, 0, 0]
    held = store.get(KEY)
    assert held
    assert int(held.body) == 180


WRITER = """
import sys
from wireroom.store import STATE
from wireroom.store.directory import DirectoryStore
store = DirectoryStore(sys.argv[1])
held = store.get("k")
tag, number = (held.etag, int(held.body[:9])) if held else (None, 0)
while True:
    number += 1
    tag = store.put("k", b"%09d" % number + b"x" * 50_000, tag, STATE)
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_was_told_is_there(tmp_path: Path) -> None:
    acknowledged = 0
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            lines = [writer.stdout.readline() for _ in range(20)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.readlines()
        store = DirectoryStore(tmp_path)
        held = store.get("k")
        assert held
        assert len(held.body) == 50_009
        shown = int(held.body[:9])
        assert int(lines[-1]) in (shown, shown - 1)
        assert shown > acknowledged
        acknowledged = shown
        assert list(store.keys("")) == ["k"]


def test_what_a_killed_writer_left_is_hidden_and_overwritten(store: DirectoryStore, tmp_path: Path) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    folder = (tmp_path / "new" / "store" / KEY).parent
    left = folder / f".new-{crc32(KEY.encode()) % 1024}"
    left.write_bytes(b"half of someth" * 100)
    assert list(store.keys("")) == [KEY]
    store.put(KEY, b"second", tag, STATE)
    assert [path.name for path in folder.iterdir()] == ["siste.rss"]
    assert (folder / "siste.rss").read_bytes() == b"second"


def test_file_and_folders_are_synced_in_order(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name must not be durable before its content, nor an acknowledgement come before its name."""
    steps: list[str] = []
    real_fsync, real_rename, real_link = os.fsync, os.rename, os.link

    def fsync(descriptor: int) -> None:
        file = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
        steps.append("sync nameless" if file.startswith("#") else "sync " + file.partition("-")[0])
        real_fsync(descriptor)

    def rename(old: str, new: str) -> None:
        steps.append("rename")
        real_rename(old, new)

    def link(old: str, new: str, *, src_dir_fd: int) -> None:
        steps.append("link")
        real_link(old, new, src_dir_fd=src_dir_fd)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "link", link)
    tag = store.put(KEY, b"first", None, STATE)
    assert steps == ["sync store", "sync feeds", "sync nameless", "link", "sync fjordposten"]
    steps.clear()
    tag = store.put(KEY, b"second", tag, STATE)
    assert steps == ["sync .new", "rename", "sync fjordposten"]
    steps.clear()
    store.delete(KEY, tag)
    assert steps == ["sync fjordposten"]
    steps.clear()
    another = DirectoryStore(tmp_path / "new" / "store")
    another._creates = False  # as where files need names
    another.put(KEY, b"again", None, STATE)
    assert steps[-5:] == ["sync store", "sync feeds", "sync .new", "rename", "sync fjordposten"], "others may not have"


def fail_with(code: int, nth: int = 1) -> Callable[..., int]:
    calls = iter(range(1, 1000))

    def fail(*args: object) -> int:
        if next(calls) >= nth:
            raise OSError(code, os.strerror(code))
        return 0

    return fail


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_an_unwell_disk_asks_for_patience_and_recovers(
    store: DirectoryStore, call: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail_with(code))
        with pytest.raises(RetryAfter, match=f"cannot write {KEY}: {os.strerror(code)}") as failure:
            store.put(KEY, b"second", tag, STATE)
    assert not isinstance(failure.value, OutcomeUnknown)
    held = store.get(KEY)
    assert held
    assert (held.body, held.etag) == (b"first", tag)
    assert list(store.keys("")) == [KEY]
    store.put(KEY, b"second", tag, STATE)


def test_a_failed_last_sync_leaves_the_outcome_unknown(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO, nth=2))
    with pytest.raises(OutcomeUnknown, match=KEY):
        store.put(KEY, b"second", tag, STATE)


def test_a_full_disk_gives_its_room_back(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with(errno.ENOSPC))
        with pytest.raises(RetryAfter):
            store.put(KEY, b"second" * 1000, tag, STATE)
    assert [path.name for path in (tmp_path / "new" / "store" / KEY).parent.iterdir()] == ["siste.rss"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_a_forbidden_directory_turns_red(store: DirectoryStore, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", fail_with(code))
    with pytest.raises(Red, match=f"cannot write {KEY}: {os.strerror(code)}"):
        store.put(KEY, b"first", None, STATE)
    with pytest.raises(Red, match=f"cannot read {KEY}"):
        store.get(KEY)


def test_what_nobody_foresaw_stays_what_it_is(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", fail_with(errno.EINVAL))
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        store.put(KEY, b"first", None, STATE)


def test_a_folder_that_was_removed_is_made_again(store: DirectoryStore, tmp_path: Path) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    store.delete(KEY, tag)
    (tmp_path / "new" / "store" / "feeds" / "fjordposten").rmdir()
    with pytest.raises(RetryAfter):
        store.put(KEY, b"second", None, STATE)
    store.put(KEY, b"second", None, STATE)


def test_a_suspended_writer_does_not_hang_the_others(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = store.put(KEY, b"first", None, STATE)
    lock = tmp_path / "new" / "store" / ".wireroom" / "locks" / str(crc32(KEY.encode()) % 1024)
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RetryAfter, match="locked"):
            store.put(KEY, b"second", tag, STATE)
    store.put(KEY, b"second", tag, STATE)


def test_the_time_of_an_object_is_when_it_was_written(store: DirectoryStore) -> None:
    before = time.time_ns() // 1000
    store.put(KEY, b"first", None, STATE)
    held = store.get(KEY)
    assert held
    assert before - 100_000 <= held.modified <= store.now()


def test_folders_and_foreign_files_are_no_objects(store: DirectoryStore, tmp_path: Path) -> None:
    store.put(KEY, b"first", None, STATE)
    (tmp_path / "new" / "store" / "feeds" / "notes (copy).txt").touch()
    assert store.get("feeds/fjordposten") is None
    assert store.get(KEY + "/below") is None
    assert list(store.keys("feeds/")) == [KEY]
    assert list(store.keys(KEY + "/")) == []
    with pytest.raises(ValueError, match="not a key"):
        store.keys("../")


def test_a_file_that_was_not_replaced_is_not_read_again(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(KEY, b"first", None, STATE)
    known = store.get(KEY)
    assert known
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", None)
        assert store.refresh(KEY, known) is known
        tag = store.put(KEY, b"other", known.etag, STATE)
        store.put(KEY, b"third", tag, STATE)
        with pytest.raises(Conflict):
            store.put(KEY, b"fourth", tag, STATE)
    found = store.refresh(KEY, known)
    assert found
    assert found.body == b"third"


def test_a_file_that_somebody_else_replaced_is_read(store: DirectoryStore, tmp_path: Path) -> None:
    """Also when the file system gives the number, the size and the time of the old one to the new one."""
    store.put(KEY, b"first", None, STATE)
    known = store.get(KEY)
    assert known
    path = tmp_path / "new" / "store" / KEY
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.unlink()
    for body in (b"other", b"third"):
        path.write_bytes(body)
        os.utime(path, ns=times)
        found = store.refresh(KEY, known)
        assert found
        assert found.body == body
        path.unlink()


def test_few_files_are_held_open(store: DirectoryStore) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(300):
        store.put(f"feeds/p/{number}.rss", b"x", None, STATE)
        store.get(f"feeds/p/{number}.rss")
    assert len(os.listdir("/proc/self/fd")) <= before + directory._MOST_KNOWN
