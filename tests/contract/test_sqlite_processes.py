"""The SQLite log between processes: they start together, write together, wake each other, and are killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from subprocess import PIPE

import apsw
import pytest

from wireroom.clock import ManualClock, SystemClock
from wireroom.log import ARTICLES, Commit, Partition, lease, member
from wireroom.log.member import LEASE
from wireroom.log.sqlite import SQLiteLog

ROOT = Path(__file__).parents[2]
HOME = Partition(ARTICLES, 0)


@contextmanager
def child(role: str, file: Path, name: str = "child") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.contract.sqlite_child", role, str(file), name]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def later(file: Path) -> SQLiteLog:
    """The log as of when every lease has run out."""
    return SQLiteLog(file, clock=ManualClock(SystemClock().now() + LEASE + 1_000_000))


def test_processes_that_start_and_write_together(tmp_path: Path) -> None:
    file = tmp_path / "new" / "log.db"
    names = ["w0", "w1", "w2"]
    with child("writer", file, "w0") as a, child("writer", file, "w1") as b, child("writer", file, "w2") as c:
        for each in (a, b, c):
            assert hear(each) == "ready"
        for each in (a, b, c):
            tell(each, "go")
        assert [each.wait() for each in (a, b, c)] == [0, 0, 0]
    log = SQLiteLog(file)
    records = log.read(HOME, 0, 999)
    assert [record.offset for record in records] == list(range(150))
    for name in names:
        assert [record.value for record in records if record.key == name] == [b"%d" % n for n in range(50)]
    log.close()


@pytest.mark.parametrize("seed", range(4))
def test_kill_9_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "log.db"
    random = Random(seed)
    acknowledged: dict[int, tuple[str, int]] = {}
    for _ in range(3):
        with child("tireless", file) as process:
            assert process.stdout is not None
            for _ in range(random.randint(1, 300)):
                acknowledge(acknowledged, hear(process))
            process.kill()
            for line in process.stdout:  # what it still had said
                if line.endswith("\n"):
                    acknowledge(acknowledged, line)
    log = SQLiteLog(file)
    found = log.read(HOME, 0, 100_000)
    assert [record.offset for record in found] == list(range(len(found)))
    assert acknowledged.items() <= {each.offset: (each.value[:8].hex(), len(each.value)) for each in found}.items()
    log.close()
    assert apsw.Connection(str(file)).pragma("integrity_check") == "ok"


def acknowledge(acknowledged: dict[int, tuple[str, int]], line: str) -> None:
    offset, start, length, _ = line.split()
    assert int(offset) not in acknowledged
    acknowledged[int(offset)] = (start, int(length))


@pytest.mark.timeout(30)
def test_a_waiting_reader_is_woken_by_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "LOOK", 3600)  # nothing else wakes it
    log = SQLiteLog(tmp_path / "log.db")
    reader = log.join("feeds", [ARTICLES])
    reader.poll(0, 1)
    with child("writer", tmp_path / "log.db") as process:
        assert hear(process) == "ready"
        tell(process, "go")
        found = [record for _ in range(50) for record in reader.poll(3600, 1)]
    assert [record.value for record in found] == [b"%d" % number for number in range(50)]
    log.close()


def test_what_a_living_process_owns_is_left_to_it_and_taken_over_when_it_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    log = SQLiteLog(file)
    waiting = log.join("feeds", [ARTICLES])
    with child("owner", file, "first") as process:
        assert hear(process) == "0"
        tell(process, "0")
        assert hear(process) == "committed"
        waiting.poll(0, 1)
        assert waiting.assignment() == {}
        process.kill()
        process.wait()
    waiting.poll(0, 1)  # at once: the lease need not run out
    assert waiting.assignment()[HOME].commit == Commit(0, "first")
    log.close()


def test_what_was_owned_elsewhere_is_taken_over_when_the_lease_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.db"
    with child("owner", file) as process:
        assert hear(process) == "0"
        process.kill()
        process.wait()
    monkeypatch.setattr(lease, "_machine", lambda: "another:1")  # where that process id may be anybody's
    for log, expected in ((SQLiteLog(file), []), (later(file), [HOME])):
        heir = log.join("feeds", [ARTICLES])
        heir.poll(0, 1)
        assert list(heir.assignment()) == expected
        log.close()


def test_a_process_that_was_replaced_is_fenced(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    with child("owner", file, "zombie") as zombie:
        assert hear(zombie) == "0"
        log = later(file)
        heir = log.join("feeds", [ARTICLES])
        heir.poll(0, 1)
        tell(zombie, "7")
        assert hear(zombie) == "fenced"
        assert log.committed("feeds", HOME) is None
        heir.commit({HOME: Commit(0, "heir")})
        log.close()
