"""What the SQLite log does when its file, its disk or its library is not as it should be."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Thread

import apsw
import pytest

from wireroom.clock import ManualClock, SystemClock
from wireroom.errors import Fenced, Red, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, Commit, Message, Partition, Position, member
from wireroom.log import sqlite as module
from wireroom.log.member import LEASE
from wireroom.log.sqlite import SQLiteLog

HOME = Partition(ARTICLES, 0)


def articles(count: int, size: int = 6_000) -> list[Message]:
    return [Message("kabar", bytes([number % 256]) * size) for number in range(count)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.db"


@pytest.fixture
def log(file: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(file)
    yield log
    log.close()


def test_every_commit_is_synced(log: SQLiteLog) -> None:
    assert log._file._writer.pragma("synchronous") == 2  # FULL
    assert log._file._writer.pragma("journal_mode") == "wal"


def test_what_was_written_is_there_after_a_restart(file: Path) -> None:
    first = SQLiteLog(file)
    first.append(ARTICLES, articles(3))
    known = first.topic_id(ARTICLES)
    first.close()
    second = SQLiteLog(file)
    assert (second.end(HOME), second.topic_id(ARTICLES)) == (3, known)
    second.close()
    file.unlink()
    third = SQLiteLog(file)
    assert third.topic_id(ARTICLES) != known
    third.close()


def test_prefixes_keep_installations_apart(file: Path) -> None:
    one, two = SQLiteLog(file), SQLiteLog(file, prefix="staging.")
    one.append(ARTICLES, articles(1))
    one.join("feeds", [ARTICLES]).poll(0, 1)
    assert two.end(HOME) == 0
    heir = two.join("feeds", [ARTICLES])
    heir.poll(0, 1)
    assert HOME in heir.assignment()
    one.close()
    two.close()


@pytest.mark.timeout(20)
def test_an_append_wakes_the_same_process_at_once(log: SQLiteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "LOOK", 3600)
    monkeypatch.setattr(log._changes, "_version", lambda: 1)  # the watch sees nothing
    reader = log.join("feeds", [ARTICLES])
    reader.poll(0, 1)
    for _ in range(5):
        appending = Thread(target=log.append, args=(ARTICLES, articles(1)))
        appending.start()
        assert len(reader.poll(3600, 1)) == 1
        appending.join()


# -- the disk is full ------------------------------------------------------------------------------------------------


def test_no_room_is_told_and_passes(log: SQLiteLog) -> None:
    log.append(ARTICLES, articles(4))
    writer = log._file._writer
    writer.pragma("max_page_count", int(str(writer.pragma("page_count"))))
    with pytest.raises(RetryAfter, match="no room"):
        log.append(ARTICLES, articles(50))
    assert log.end(HOME) == 4
    writer.pragma("max_page_count", 1_000_000)
    assert [position.offset for position in log.append(ARTICLES, articles(2))] == [4, 5]
    assert [record.value[:1] for record in log.read(HOME, 0, 9)] == [b"\0", b"\1", b"\2", b"\3", b"\0", b"\1"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(log: SQLiteLog, accepted: list[Position]) -> None:
    while True:
        accepted += log.append(ARTICLES, articles(5))


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    log = SQLiteLog(small_disk / "log.db")
    accepted: list[Position] = []
    with pytest.raises(RetryAfter, match="no room"):
        fill(log, accepted)
    for _ in range(3):
        with pytest.raises(RetryAfter):
            log.append(ARTICLES, articles(5))
    assert log.end(HOME) == len(accepted) > 0
    ballast.unlink()
    accepted += log.append(ARTICLES, articles(5))
    assert [record.offset for record in log.read(HOME, 0, 999)] == [position.offset for position in accepted]
    log.close()
    assert apsw.Connection(str(small_disk / "log.db")).pragma("integrity_check") == "ok"


# -- power fails -----------------------------------------------------------------------------------------------------


def test_a_torn_end_of_the_wal_takes_nothing_acknowledged_with_it(file: Path, log: SQLiteLog, tmp_path: Path) -> None:
    """Everything before the end of the WAL at an acknowledgement was synced; what follows may be anything."""
    random = Random(4)
    wal = file.with_name("log.db-wal")
    for count in range(1, 12):
        size = wal.stat().st_size
        ended = log.end(HOME)
        log.append(ARTICLES, articles(random.randint(1, 3), random.choice((20, 9_000, 50_000))))
        whole = wal.read_bytes()
        cut = random.randint(size, len(whole) - 1)
        for number, torn in enumerate(
            (whole[:cut], whole[:cut] + bytes(5_000), whole[:cut] + random.randbytes(40_000))
        ):
            copy = tmp_path / f"{count}-{number}.db"
            shutil.copy(file, copy)
            copy.with_name(copy.name + "-wal").write_bytes(torn)
            after = SQLiteLog(copy)
            assert after.end(HOME) == ended
            assert after.read(HOME, 0, 99) == log.read(HOME, 0, ended)
            after.append(ARTICLES, articles(1))
            after.close()


# -- the file is not a log -------------------------------------------------------------------------------------------


def test_what_is_no_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("<rss version='2.0'></rss>" * 400)
    before = file.read_bytes()
    with pytest.raises(Red, match="no log"):
        SQLiteLog(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("statement", ["CREATE TABLE bookmarks (url TEXT)", "PRAGMA user_version = 2"])
def test_another_programs_database_is_refused_untouched(file: Path, statement: str) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()
    before = file.read_bytes()
    with pytest.raises(Red, match="no log of this version"):
        SQLiteLog(file)
    assert file.read_bytes()[28:] == before[28:]


def test_a_damaged_file_is_told(file: Path) -> None:
    log = SQLiteLog(file)
    log.append(ARTICLES, articles(40))
    log.close()
    damaged = bytearray(file.read_bytes())
    for start in range(module.PAGE, len(damaged), module.PAGE):
        damaged[start : start + 100] = b"\xee" * 100
    file.write_bytes(damaged)
    with pytest.raises(Red, match="damaged"):
        SQLiteLog(file).read(HOME, 0, 99)


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a file")
    with pytest.raises(Red, match="cannot be opened"):
        SQLiteLog(tmp_path / "plain" / "log.db")
    with pytest.raises(Red, match="cannot be opened"):
        SQLiteLog(tmp_path)


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_acknowledged_into_a_file_that_lost_its_name(file: Path, log: SQLiteLog, replaced: bool) -> None:
    log.append(ARTICLES, articles(1))
    file.rename(file.with_name("moved.db"))
    if replaced:
        file.touch()
    with pytest.raises(Red, match="moved, deleted or replaced"):
        log.append(ARTICLES, articles(1))
    file.unlink(missing_ok=True)
    file.with_name("moved.db").rename(file)
    assert log.append(ARTICLES, articles(1))[0].offset == 1


def test_a_reader_does_not_make_a_new_file(file: Path, log: SQLiteLog) -> None:
    log.append(ARTICLES, articles(1))
    log._file._idle.clear()
    file.rename(file.with_name("moved.db"))
    with pytest.raises(Red):
        log.read(HOME, 0, 1)
    assert not file.exists()
    file.with_name("moved.db").rename(file)


# -- the library, and other processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2"])
def test_a_library_that_can_corrupt_the_file_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    with pytest.raises(Red, match=r"install apsw 3\.51\.3 or later"):
        SQLiteLog(file)
    assert not file.exists()


def test_a_process_that_keeps_the_lock_is_told_of(file: Path, log: SQLiteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(ARTICLES, articles(1))
    log._file._writer.set_busy_timeout(10)
    other = apsw.Connection(str(file))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryAfter, match="locked"):
        log.append(ARTICLES, articles(1))
    assert log.read(HOME, 0, 9)[0].offset == 0  # reading goes on
    other.execute("ROLLBACK")
    assert log.append(ARTICLES, articles(1))[0].offset == 1
    other.close()


def test_a_poll_that_renews_nothing_writes_nothing(log: SQLiteLog) -> None:
    reader = log.join("feeds", [ARTICLES, BACKFILL])
    reader.poll(0, 1)
    before = log._file.version()
    for _ in range(20):
        reader.poll(0, 1)
    assert log._file.version() == before
    log.append(ARTICLES, articles(1))
    assert log._file.version() != before


def test_who_was_fenced_sees_it_at_the_next_poll_though_its_lease_seems_fresh(file: Path, log: SQLiteLog) -> None:
    member = log.join("feeds", [ARTICLES])
    member.poll(0, 1)
    ahead = SQLiteLog(file, clock=ManualClock(SystemClock().now() + 2 * LEASE))  # a clock that is wrong
    heir = ahead.join("feeds", [ARTICLES])
    heir.poll(0, 1)
    with pytest.raises(Fenced):
        member.commit({HOME: Commit(0)})
    member.poll(0, 1)
    assert member.assignment() == {}
    ahead.close()


def test_readers_do_not_keep_the_wal_from_being_emptied(file: Path, log: SQLiteLog) -> None:
    reader = log.join("feeds", [ARTICLES])
    for _ in range(60):
        log.append(ARTICLES, articles(20))
        reader.poll(0, 50)
    assert file.with_name("log.db-wal").stat().st_size < 2.5 * module.CHECKPOINT * module.PAGE
