"""The spool by itself, and what a crash leaves of it."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wireroom.client import spool as module
from wireroom.client.spool import FILE_BYTES, FILE_EVENTS, Spool
from wireroom.errors import ConfigurationError, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, SPOOL, Message, Partition, Position


def lines(*names: str) -> list[Message]:
    return [Message("", f'{{"event_id":"{name}"}}'.encode()) for name in names]


def waiting(spool: Spool) -> list[bytes]:
    """All that waits, in the order in which it will be sent; it is removed."""
    found = []
    while each := spool.oldest():
        found += [message.value for message in each.messages]
        spool.remove(each)
    return found


def values(*names: str) -> list[bytes]:
    return [message.value for message in lines(*names)]


def test_what_waits_keeps_its_order_and_its_topic(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert spool.empty
    spool.add(ARTICLES, lines("a", "b"))
    spool.add(BACKFILL, lines("c"))
    spool.add(ARTICLES, lines("d"))
    topics = []
    again = Spool(tmp_path / "spool")
    assert not again.empty
    while each := again.oldest():
        topics.append((each.topic, [message.value for message in each.messages]))
        again.remove(each)
    assert topics == [(ARTICLES, values("a", "b")), (BACKFILL, values("c")), (ARTICLES, values("d"))]
    assert again.empty


def test_a_position_says_where_it_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("a"))
    first, second = spool.add(ARTICLES, lines("b", "c"))
    assert first.spooled
    assert first == Position(Partition(SPOOL, 1), len(lines("a")[0].value) + 1)
    file = (tmp_path / "000000001.articles.ndjson").read_bytes()
    assert file[second.offset :] == values("c")[0] + b"\n"
    assert not Position(Partition(ARTICLES, 1), 7).spooled


def test_a_file_is_no_more_than_a_request(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for _ in range(3):
        spool.add(ARTICLES, lines(*map(str, range(FILE_EVENTS // 2))))
    large = Message("", b"x" * (FILE_BYTES // 3))
    for _ in range(3):
        spool.add(ARTICLES, [large])
    sizes = [len(path.read_bytes().splitlines()) for path in sorted(tmp_path.glob("*.ndjson"))]
    assert sizes == [FILE_EVENTS, FILE_EVENTS // 2 + 2, 1]
    assert len(waiting(spool)) == 3 * (FILE_EVENTS // 2) + 3


def test_what_comes_while_a_file_is_sent_is_not_removed_with_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("a"))
    sent = spool.oldest()
    assert sent
    spool.add(ARTICLES, lines("b"))
    spool.remove(sent)
    assert waiting(spool) == values("a", "b")


@pytest.mark.parametrize("rest", [b"x", b'{"event_id":"b', b"\0" * 20])
def test_a_line_cut_short_by_a_crash_was_promised_to_nobody(tmp_path: Path, rest: bytes) -> None:
    Spool(tmp_path).add(ARTICLES, lines("a"))
    with (tmp_path / "000000001.articles.ndjson").open("ab") as file:
        file.write(rest)
    spool = Spool(tmp_path)
    each = spool.oldest()
    assert each
    assert [message.value for message in each.messages] == values("a")
    spool.add(ARTICLES, lines("b"))
    assert waiting(spool) == values("a", "b")


def test_a_torn_line_that_is_replaced_by_one_as_long_is_not_taken_for_what_was_sent(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("a"))
    with (tmp_path / "000000001.articles.ndjson").open("ab") as file:
        file.write(b"x" * (len(lines("b")[0].value) + 1))
    sent = spool.oldest()
    assert sent
    spool.add(ARTICLES, lines("b"))
    spool.remove(sent)
    assert waiting(spool) == values("a", "b")


def test_a_full_spool_says_so_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 50)
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("a", "b"))
    with pytest.raises(RetryAfter, match=r"is full: 34 bytes of 50 wait there"):
        spool.add(ARTICLES, lines("c"))
    assert waiting(spool) == values("a", "b")
    spool.add(ARTICLES, lines("c"))
    assert waiting(spool) == values("c")


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("a"))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RetryAfter, match=r"nothing can be kept in .*No space"):
            spool.add(ARTICLES, lines("b"))
    spool.add(ARTICLES, lines("c"))
    kept = waiting(spool)
    assert (kept[0], kept[-1]) == (values("a")[0], values("c")[0])


def test_everything_is_synced_before_it_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    synced: list[tuple[str, int]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced.append((path.name, path.stat().st_size if path.is_file() else 0))

    monkeypatch.setattr(os, "fsync", watched)
    spool.add(ARTICLES, lines("a"))
    assert synced == [("000000001.articles.ndjson", 17), (tmp_path.name, 0)]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"spool: .*a folder that can be written"):
        Spool(tmp_path / "file")


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for name in ("2026.ndjson", "notes.txt", "000000001.articles.ndjson.orig"):
        (tmp_path / name).write_text("{}\n")
    spool.refuse(lines("r"))
    assert spool.empty
    assert spool.oldest() is None
    spool.refuse(lines("s"))
    assert (tmp_path / "refused.ndjson").read_bytes() == b"".join(value + b"\n" for value in values("r", "s"))


def test_one_sends_at_a_time(tmp_path: Path) -> None:
    with Spool(tmp_path).sending():
        with pytest.raises(RetryAfter, match="another process holds"), Spool(tmp_path).sending():
            pass
        Spool(tmp_path).add(ARTICLES, lines("a"))  # who has something to keep need not wait for it
    with Spool(tmp_path).sending():
        pass


def test_a_lock_that_stays_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    spool = Spool(tmp_path)
    with spool._locked("lock"), pytest.raises(RetryAfter, match="another process holds"):
        Spool(tmp_path).add(ARTICLES, lines("a"))


def test_threads_may_share_a_folder(tmp_path: Path) -> None:
    spools = [Spool(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        for position in threads.map(lambda at: spools[at % 4].add(ARTICLES, lines(str(at))), range(100)):
            assert position[0].spooled
    assert sorted(waiting(spools[0])) == sorted(values(*map(str, range(100))))


WRITER = """
import sys
from pathlib import Path
from wireroom.client.spool import Spool
from wireroom.log import Message
spool, name, at = Spool(Path(sys.argv[1])), sys.argv[2], 0
while True:
    at += 1
    spool.add("articles", [Message("", b'{"event_id":"%s-%d"}' % (name.encode(), at))])
    print(at, flush=True)
"""


def test_two_processes_that_are_killed_lose_nothing_that_they_were_promised(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in "pq"
    ]
    promised: dict[str, int] = {}
    for name, writer in zip("pq", writers, strict=True):
        assert writer.stdout
        for _ in range(20):
            promised[name] = int(writer.stdout.readline())
    for name, writer in zip("pq", writers, strict=True):
        writer.kill()
        assert writer.stdout
        promised[name] = max([promised[name], *(int(line) for line in writer.stdout.read().splitlines())])
        writer.stdout.close()
        writer.wait()
    spool = Spool(tmp_path)
    spool.add(ARTICLES, lines("last"))
    kept = waiting(spool)
    for name in "pq":
        mine = [value for value in kept if value.startswith(f'{{"event_id":"{name}-'.encode())]
        assert mine[: promised[name]] == values(*(f"{name}-{at}" for at in range(1, promised[name] + 1)))
    assert kept[-1] == values("last")[0]
