"""A log in one SQLite file that any number of threads and processes write and read at once.

Each topic has one partition. An append is durable when it returns: WAL with synchronous=FULL syncs the file at every
commit (https://sqlite.org/wal.html), and threads that append at once share a commit.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import apsw

from wireroom.clock import Clock, SystemClock
from wireroom.errors import Red, RetryAfter
from wireroom.log import Commit, Message, Partition, Position, Record, tables
from wireroom.log.changes import WatchedChanges
from wireroom.log.lease import Leases
from wireroom.log.member import Member
from wireroom.log.tables import FORMAT, SCHEMA, Query, Row, Topic
from wireroom.together import Together

SAFE_VERSION = (3, 51, 3)  # before it, two connections can corrupt a WAL (https://sqlite.org/wal.html#walresetbug)
BUSY = 1_000  # milliseconds to wait for another process's transaction; longer ones are waited for by trying again
PAGE = 32_768  # bytes: five articles to a page, and none overflows; twice as fast as the default of 4,096
CHECKPOINT = 250  # pages of WAL, 8 MB, after which a commit copies them into the file


class SQLiteLog:
    """A `Log` in the file `path`, made when it is not there. Raises Red when the file or the library cannot be used."""

    def __init__(self, path: str | Path, prefix: str = "wireroom.", clock: Clock | None = None) -> None:
        self._prefix = prefix
        self._clock = clock or SystemClock()
        self._file = File(Path(path))
        self._changes = WatchedChanges(self._file.version)
        self._topics: dict[str, Topic] = {}
        self._appends = Together(self._write)

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        """See `Log`."""
        if not messages:
            return []
        now = self._clock.now()
        rows = [(now, message.key, message.value, tables.pack(message.headers)) for message in messages]
        first = self._appends.submit((self._topic(topic), rows))
        self._changes.announce()
        partition = Partition(topic, 0)
        return [Position(partition, offset) for offset in range(first, first + len(rows))]

    def topic_id(self, topic: str) -> str:
        """See `Log`."""
        return self._topic(topic).id

    def partitions(self, topic: str) -> Sequence[Partition]:
        """See `Log`."""
        return [Partition(topic, 0)]

    def partition_of(self, topic: str, key: str) -> Partition:
        """See `Log`."""
        return Partition(topic, 0)

    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        """See `Log`."""
        topic = self._topic(partition.topic)
        with self._file.reading() as query:
            return tables.read(query, topic, partition, offset, limit)

    def end(self, partition: Partition) -> int:
        """See `Log`."""
        topic = self._topic(partition.topic)
        with self._file.reading() as query:
            return tables.end(query, topic)

    def committed(self, group: str, partition: Partition) -> Commit | None:
        """See `Log`."""
        topic = self._topic(partition.topic)
        lease = "team = ? AND topic = ? AND committed IS NOT NULL"
        with self._file.reading() as query:
            rows = query(f"SELECT committed, metadata FROM leases WHERE {lease}", (self._prefix + group, topic.number))
        return Commit(*rows[0]) if rows else None

    def join(self, group: str, topics: Sequence[str]) -> Member[Leases]:
        """See `Log`."""
        numbers = {Partition(name, 0): self._topic(name) for name in topics}
        leases = Leases(self._prefix + group, numbers, self._file, self._changes, self._clock)
        return Member(self, leases, self._changes)

    def interrupt(self) -> None:
        """See `Log`; there are no servers."""

    def close(self) -> None:
        """See `Log`."""
        self._changes.close()
        self._file.close()

    def _topic(self, name: str) -> Topic:
        if name not in self._topics:
            self._topics[name] = self._find(name) or self._create(name)
        return self._topics[name]

    def _find(self, name: str) -> Topic | None:
        with self._file.reading() as query:
            return tables.find_topic(query, self._prefix + name)

    def _create(self, name: str) -> Topic:
        with self._file.writing() as query:
            return tables.find_topic(query, self._prefix + name) or tables.create_topic(query, self._prefix + name)

    def _write(self, appends: Sequence[tuple[Topic, Sequence[Row]]]) -> Sequence[int]:
        with self._file.writing() as query:
            return [tables.append(query, topic, rows) for topic, rows in appends]


class File:
    """The SQLite file: one connection that writes, and as many that read as threads read at once."""

    def __init__(self, path: Path) -> None:
        check_library()
        self.path = path
        self._writes = Lock()
        self._idle: list[apsw.Connection] = []
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
            self._identity = identity(path)
            prepare(self._writer, path)
            self._watcher = self._open()

    @contextmanager
    def writing(self) -> Iterator[Query]:
        """A transaction that is durable when the block is left, and undone when it raises."""
        with self._writes, explained(self.path):
            self._check_same_file()
            with transaction(self._writer):
                yield rows_of(self._writer)

    @contextmanager
    def reading(self) -> Iterator[Query]:
        """A connection that no other thread uses meanwhile."""
        with explained(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open()
            try:
                yield rows_of(connection)
            finally:
                self._idle.append(connection)

    def version(self) -> int | None:
        """Another number after each commit of any process; None when it cannot be read."""
        try:
            return int(rows_of(self._watcher)("PRAGMA data_version", ())[0][0])
        except apsw.Error:
            return None

    def close(self) -> None:
        """Close all connections; the last one of all processes empties the WAL."""
        with self._writes, explained(self.path):
            for connection in (*self._idle, self._watcher, self._writer):
                connection.close()

    def _open(self) -> apsw.Connection:
        connection = connect(self.path, apsw.SQLITE_OPEN_READWRITE)
        self._check_same_file()
        return connection

    def _check_same_file(self) -> None:
        """What is written into a file without a name is lost, and SQLite does not notice."""
        if identity(self.path) != self._identity:
            raise Red(f"the log {self.path} was moved, deleted or replaced", "put it back and start again")


def check_library() -> None:
    """Raises Red when this SQLite can corrupt the file."""
    found = apsw.sqlite_lib_version()
    if tuple(map(int, found.split("."))) < SAFE_VERSION:
        raise Red(f"SQLite {found} can corrupt a log with several connections", "install apsw 3.51.3 or later")


def identity(path: Path) -> tuple[int, int] | None:
    """Which file bears this name now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def connect(path: Path, flags: int) -> apsw.Connection:
    """A connection that waits for others and syncs at every commit."""
    connection = apsw.Connection(str(path), flags)
    connection.set_busy_timeout(BUSY)
    connection.pragma("synchronous", "FULL")
    connection.pragma("wal_autocheckpoint", CHECKPOINT)
    return connection


def rows_of(connection: apsw.Connection) -> Query:
    """Runs statements. All rows are read at once: a read that stays open would keep the WAL from being emptied."""
    execute: Callable[..., Any] = connection.execute
    return lambda statement, values: execute(statement, values).fetchall()


def prepare(connection: apsw.Connection, path: Path) -> None:
    """Make the tables in a new file. Raises Red for a file that is something else."""
    if connection.pragma("user_version") != FORMAT:
        connection.pragma("page_size", PAGE)
        with transaction(connection):
            create(connection, path)
    connection.pragma("journal_mode", "WAL")


def create(connection: apsw.Connection, path: Path) -> None:
    """Make the tables, unless another process has made them meanwhile."""
    version = connection.pragma("user_version")
    if version == 0 and not rows_of(connection)("SELECT 1 FROM sqlite_schema LIMIT 1", ()):
        connection.execute(SCHEMA)
    elif version != FORMAT:
        raise Red(f"{path} is no log of this version", "name another file, or use the version that made this one")


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Takes the write lock at once, because a later upgrade cannot wait for it; undone when the block raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite raises, in our words: RetryAfter for what can pass, Red for what a person must mend."""
    try:
        yield
    except apsw.FullError as error:
        raise RetryAfter(f"no room is left on the disk of the log {path}", 5) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise RetryAfter(f"another process keeps the log {path} locked") from error
    except apsw.IOError as error:
        raise RetryAfter(f"the disk of the log {path} does not work: {error}", 5) from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        remedy = "put back a copy, or move it away to start an empty log"
        raise Red(f"{path} is damaged, or no log: {error}", remedy) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, OSError) as error:
        remedy = "look at its folder, its owner and its rights"
        raise Red(f"the log {path} cannot be opened or written: {error}", remedy) from error
