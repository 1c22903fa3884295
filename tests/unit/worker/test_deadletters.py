"""Dead letters: each fits into a log, and says what it leaves out."""

import json
from collections.abc import Sequence

import pytest

from wireroom.errors import Fault, Reject
from wireroom.letter import CUT
from wireroom.log import ARTICLES, Message, Partition, Record
from wireroom.worker.deadletters import letter

BATCH = 1_048_588  # bytes that Kafka's default takes for a batch: the letter alone, with some 100 for frame and record
MANY = [Fault(f"article.images.{number}.url", "x" * 80, "an absolute URL") for number in range(1_000)]


def about(value: bytes, faults: Sequence[Fault] = (), **headers: bytes) -> Message:
    record = Record(Partition(ARTICLES, 2), 7, "daily", value, headers, 5)
    return letter(record, "feeds", Reject("broken", faults))


def size(message: Message) -> int:
    headers = sum(len(name.encode()) + len(value) for name, value in message.headers.items())
    return len(message.key) + len(message.value) + headers + 10 * len(message.headers) + 100


def faults(message: Message) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(message.headers["wireroom.faults"])
    return found


def test_a_letter_has_the_record_whole_and_every_fault() -> None:
    few = MANY[:3]
    message = about(b"value", few, ce_id=b"1")
    assert (message.key, message.value, message.headers["ce_id"]) == ("daily", b"value", b"1")
    assert [Fault(**fault) for fault in faults(message)] == few
    assert CUT not in message.headers


@pytest.mark.parametrize("length", [900_010, 1_040_000, 20_000_000])
def test_a_letter_always_fits(length: int) -> None:
    message = about(b"v" * length, MANY, ce_id=b"1" * 30_000)
    assert size(message) <= BATCH
    assert message.headers["wireroom.offset"] == b"7"
    *told, more = faults(message)
    assert [Fault(**fault) for fault in told] == MANY[: len(told)]
    assert more["found"] == f"{1_000 - len(told)} more faults"


def test_what_can_be_redriven_is_whole() -> None:
    assert about(b"v" * 900_010, MANY).value == b"v" * 900_010
    cut = about(b"v" * 1_040_000)
    assert 900_010 < len(cut.value) < 1_000_000
    assert cut.headers[CUT] == b"1040000"


def test_one_enormous_fault_is_counted() -> None:
    assert [fault["found"] for fault in faults(about(b"", [Fault("title", "x" * 100_000, "less")]))] == [
        "1 more faults"
    ]
