import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from wireroom.log.partitioner import murmur2, partition_number

# From the tests of Kafka's own client (org.apache.kafka.common.utils.Utils.murmur2), signed as in Java.
KNOWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("data", "expected"), KNOWN.items())
def test_murmur2_is_kafkas(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected % 2**32


@pytest.mark.parametrize(("key", "expected"), [("21", 0), ("foobar", 6), ("abc", 7)])
def test_the_sign_bit_is_cleared_before_the_remainder(key: str, expected: int) -> None:
    assert partition_number(key, 10) == expected


@given(text(), integers(1, 500))
def test_every_key_has_a_partition(key: str, partitions: int) -> None:
    assert 0 <= partition_number(key, partitions) < partitions
