"""Another process at the same log: `python -m tests.contract.sqlite_child ROLE FILE NAME` answers on its output."""

import sys
from collections.abc import Callable
from itertools import count
from random import Random
from threading import Lock, Thread

from wireroom.errors import Fenced
from wireroom.log import ARTICLES, Commit, Message, sqlite
from wireroom.log.sqlite import SQLiteLog


def writer(log: SQLiteLog, name: str) -> None:
    """Fifty appends, once everybody may begin."""
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(50):
        log.append(ARTICLES, [Message(name, b"%d" % number)])


def tireless(log: SQLiteLog, name: str) -> None:
    """Two threads append until the process is killed, and tell of every acknowledged message."""
    output = Lock()

    def write(thread: int) -> None:
        random = Random(thread)
        for number in count():
            batch = [
                Message(name, random.randbytes(random.choice((10, 6_000, 40_000)))) for _ in range(random.randint(1, 4))
            ]
            positions = log.append(ARTICLES, batch)
            with output:
                for position, message in zip(positions, batch, strict=True):
                    print(position.offset, message.value[:8].hex(), len(message.value), number, flush=True)

    for thread in (1, 2):
        Thread(target=write, args=(thread,)).start()


def owner(log: SQLiteLog, name: str) -> None:
    """Owns the topic, and commits when it is told to."""
    member = log.join("feeds", [ARTICLES])
    print(len(member.poll(0, 100)), flush=True)
    for line in sys.stdin:
        try:
            member.commit({log.partition_of(ARTICLES, ""): Commit(int(line), name)})
            print("committed", flush=True)
        except Fenced:
            print("fenced", flush=True)


ROLES: dict[str, Callable[[SQLiteLog, str], None]] = {"writer": writer, "tireless": tireless, "owner": owner}

if __name__ == "__main__":
    role, file, name = sys.argv[1:]
    sqlite.CHECKPOINT = 20  # pages, so that a kill often meets a checkpoint
    ROLES[role](SQLiteLog(file), name)
