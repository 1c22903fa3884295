"""Many messages: in batches, and where each went."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from wireroom.errors import Refusal, Refused
from wireroom.log import Message, Position

BATCH_EVENTS = 500
BATCH_BYTES = 4_000_000

Batch = TypeVar("Batch")


def batches(messages: Iterable[Message], most: int = BATCH_BYTES) -> Iterator[list[Message]]:
    """Lists that are worth a transaction and, but for a single message, no more than `most` bytes."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == BATCH_EVENTS or size + len(message.value) > most):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += len(message.value)
    if batch:
        yield batch


def append_all(parts: Iterable[Batch], append: Callable[[Batch], Sequence[Position]]) -> list[Position]:
    """Append one after the other; where all went. Raises Refused, at the end, with all that was refused of any."""
    positions: list[Position | None] = []
    refusals: list[Refusal] = []
    for part in parts:
        try:
            positions += append(part)
        except Refused as refused:
            refusals += [replace(each, index=each.index + len(positions)) for each in refused.refusals]
            positions += refused.positions
    if refusals:
        raise Refused(refusals, positions)
    return [position for position in positions if position is not None]
