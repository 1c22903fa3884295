"""The dead letter of what cannot be used: what it was, where it came from, and every fault."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from wireroom.errors import Fault, Reject
from wireroom.log import Message

LIMIT = 1_000_000  # bytes of a letter: Kafka's default takes a batch of 1,048,588
CUT = "wireroom.cut"  # header: the record had so many bytes, and only their beginning is here
FAULTS = 8_000  # bytes of faults, as JSON, in a letter


def dead_letter(rejected: Message, reason: Reject, **origin: str) -> Message:
    """The dead letter of a message: its key, value and headers, who rejected it why, and where it came from.

    It always fits: of many faults the first are told; of what is too large for any use, the beginning is kept.
    """
    why = {"rule": reason.rule, "faults": json.dumps(told(reason.faults), ensure_ascii=False)}
    headers = {f"wireroom.{name}": value.encode("utf-8", "replace") for name, value in (origin | why).items()}
    whole = Message(rejected.key, rejected.value, {**rejected.headers, **headers})
    if size(whole) <= LIMIT:
        return whole
    bare = Message(rejected.key[:1000], b"", {**headers, CUT: str(len(rejected.value)).encode()})
    return bare._replace(value=rejected.value[: LIMIT - size(bare)])


def told(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """As many faults as there is room for, and how many more there are."""
    found: list[dict[str, str]] = []
    left = FAULTS
    for fault in map(asdict, faults):
        left -= len(json.dumps(fault, ensure_ascii=False).encode("utf-8", "replace"))
        if left < 0:
            return [*found, asdict(Fault("", f"{len(faults) - len(found)} more faults", "none"))]
        found.append(fault)
    return found


def size(message: Message) -> int:
    """How many bytes a message takes in a log, or a few more."""
    headers = sum(len(name.encode()) + len(value) + 10 for name, value in message.headers.items())
    return len(message.key.encode()) + len(message.value) + headers + 100
