"""The access log in the store: nothing twice, nothing torn, in order, and not for ever."""

from collections.abc import Iterable, Sequence

import pytest

from tests.unit.partners.story import access, state
from wireroom.clock import DAY, SECOND
from wireroom.errors import OutcomeUnknown, Red, RetryAfter
from wireroom.partners import segments
from wireroom.partners.records import Line, Lost, Record, Slowed
from wireroom.partners.segments import FOLDER, SegmentWriter, read
from wireroom.store import STATE, Metadata, Stored
from wireroom.store.memory import MemoryStore

RECORDS: Sequence[Record] = [state(1, 1, "urn:a"), access(1, 1), Slowed(2 * SECOND, "b", 3), Lost(3 * SECOND, 4)]


def lines(records: Iterable[Record], first: int = 1) -> list[Line]:
    return [Line(number, record) for number, record in enumerate(records, first)]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_what_was_written_is_read(store: MemoryStore) -> None:
    writer = SegmentWriter(store)
    writer.append(lines(RECORDS[:2]))
    writer.append(lines(RECORDS[2:], 3))
    assert list(read(store)) == RECORDS
    assert len(list(store.keys(FOLDER))) == 1


def test_servers_side_by_side_are_read_in_order_of_time(store: MemoryStore) -> None:
    one, other = SegmentWriter(store), SegmentWriter(store)
    one.append(lines([access(1, 1), access(5, 1)]))
    other.append(lines([access(2, 1), access(4, 1)]))
    one.append(lines([access(6, 1)], 3))
    assert [record.time // SECOND for record in read(store)] == [1, 2, 4, 5, 6]


def test_each_day_has_its_folder(store: MemoryStore) -> None:
    later = Slowed(DAY + SECOND, "b", 1)
    SegmentWriter(store).append(lines([RECORDS[0], later]))
    assert [key.split("/")[2] for key in store.keys(FOLDER)] == ["1970-01-01", "1970-01-02"]
    assert list(read(store, "1970-01-02")) == [later]


def test_a_full_segment_is_followed_by_another(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_MOST", 100)
    writer = SegmentWriter(store)
    for number in range(1, 4):
        writer.append([Line(number, access(number, 1))])
    assert len(list(store.keys(FOLDER))) == 3
    assert [record.time // SECOND for record in read(store)] == [1, 2, 3]


class Lossy(MemoryStore):
    """Writes, and may not say so; then may not tell what is there either."""

    unanswered = 0
    silent = False

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        etag = super().put(key, body, if_match, metadata)
        if self.unanswered:
            self.unanswered -= 1
            raise OutcomeUnknown("no answer")
        return etag

    def get(self, key: str) -> Stored | None:
        if self.silent:
            raise RetryAfter("away")
        return super().get(key)


@pytest.mark.parametrize("silent", [False, True])
def test_a_lost_answer_loses_and_doubles_nothing(silent: bool) -> None:
    store = Lossy()
    writer = SegmentWriter(store)
    writer.append(lines(RECORDS[:1]))
    store.unanswered, store.silent = 1, silent
    more = lines(RECORDS[1:], 2)
    if silent:
        with pytest.raises(RetryAfter):
            writer.append(more)
        store.silent = False
        writer.append([*more, Line(9, access(9, 1))])
    else:
        writer.append(more)
        writer.append([Line(9, access(9, 1))])
    assert list(read(store)) == [*RECORDS, access(9, 1)]


def test_old_days_go(store: MemoryStore) -> None:
    writer = SegmentWriter(store)
    for day in range(4):
        writer.append([Line(day, Slowed(day * DAY, "b", day))])
    writer.expire("1970-01-03")
    assert [record.time // DAY for record in read(store)] == [2, 3]


@pytest.mark.parametrize("body", [b"torn", b""])
def test_what_is_damaged_is_told(store: MemoryStore, body: bytes) -> None:
    store.put(f"{FOLDER}/1970-01-01/x-1.jsonl.gz", body, None, STATE)
    if body:
        with pytest.raises(Red, match="damaged"):
            list(read(store))
    else:
        assert list(read(store)) == []


@pytest.mark.parametrize(
    "text", ["", "{}", '{"record":"future","number":1}', '{"record":"lost","number":1,"more":2}', "[]"]
)
def test_a_record_of_another_version_is_told(text: str) -> None:
    with pytest.raises(Red, match="upgrade"):
        Line.parse(text)
