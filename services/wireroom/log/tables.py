"""The tables of an SQLite log and what is said to them. A topic is a table whose row ids are the offsets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic_core import from_json, to_json

from wireroom.log import Partition, Record

FORMAT = 1
SCHEMA = f"""
    CREATE TABLE topics (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, id TEXT NOT NULL) STRICT;
    CREATE TABLE leases (
        team TEXT NOT NULL, topic INTEGER NOT NULL REFERENCES topics,
        committed INTEGER, metadata TEXT NOT NULL DEFAULT '',
        owner TEXT, epoch INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (team, topic)) STRICT, WITHOUT ROWID;
    PRAGMA user_version = {FORMAT};
"""
COLUMNS = "offset INTEGER PRIMARY KEY, timestamp INTEGER, key TEXT, value BLOB, headers TEXT"

Value = int | str | bytes
Query = Callable[[str, Sequence[Value]], list[Any]]  # runs one statement in the open transaction; gives all its rows
Row = tuple[int, str, bytes, str]  # timestamp, key, value, headers


class Topic(NamedTuple):
    """`id` is minted when the topic is created."""

    number: int
    id: str

    @property
    def table(self) -> str:
        """Where its records are."""
        return f"records_{self.number}"


def find_topic(query: Query, name: str) -> Topic | None:
    """The topic of this name, if there is one."""
    rows = query("SELECT number, id FROM topics WHERE name = ?", (name,))
    return Topic(*rows[0]) if rows else None


def create_topic(query: Query, name: str) -> Topic:
    """A new topic with its table."""
    rows = query("INSERT INTO topics (name, id) VALUES (?, ?) RETURNING number, id", (name, str(uuid4())))
    topic = Topic(*rows[0])
    query(f"CREATE TABLE {topic.table} ({COLUMNS}) STRICT", ())
    return topic


def append(query: Query, topic: Topic, rows: Sequence[Row]) -> int:
    """Append rows; the offset of the first. Offsets stay dense because the transaction that takes them writes them."""
    first = end(query, topic)
    statement = f"INSERT INTO {topic.table} VALUES (?, ?, ?, ?, ?)"
    for offset, row in enumerate(rows, first):
        query(statement, (offset, *row))
    return first


def read(query: Query, topic: Topic, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
    """At most `limit` records from `offset` on."""
    where = f"{topic.table} WHERE offset >= ? ORDER BY offset LIMIT ?"
    rows = query(f"SELECT offset, key, value, headers, timestamp FROM {where}", (offset, limit))
    return [Record(partition, at, key, value, unpack(headers), time) for at, key, value, headers, time in rows]


def end(query: Query, topic: Topic) -> int:
    """The offset that the next record gets."""
    return int(query(f"SELECT coalesce(max(offset) + 1, 0) FROM {topic.table}", ())[0][0])


def pack(headers: Mapping[str, bytes]) -> str:
    """Headers as JSON; Latin-1 maps each byte to one character and back."""
    return to_json({name: value.decode("latin-1") for name, value in headers.items()}).decode()


def unpack(headers: str) -> Mapping[str, bytes]:
    """The reverse."""
    return {name: value.encode("latin-1") for name, value in from_json(headers).items()}
