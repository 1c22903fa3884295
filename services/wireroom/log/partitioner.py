"""Which partition a key goes to: as the default partitioners of Java's producer and of kafka-python do.

Murmur2 by Austin Appleby (public domain), 32 bits, with Kafka's seed; librdkafka calls it `murmur2_random`.
"""

from functools import lru_cache

SEED = 0x9747B28C
FACTOR = 0x5BD1E995
MASK = 0xFFFFFFFF


@lru_cache(maxsize=4096)  # the same few keys are asked for again and again
def partition_number(key: str, partitions: int) -> int:
    """The number of the partition that a key goes to, of so many."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """The hash of `data`, unsigned, 32 bits."""
    whole = len(data) & ~3
    value = SEED ^ len(data)
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * FACTOR & MASK
        value = value * FACTOR & MASK ^ (word ^ word >> 24) * FACTOR & MASK
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * FACTOR & MASK
    value = (value ^ value >> 13) * FACTOR & MASK
    return value ^ value >> 15
