import pytest
from kafka import errors

from wireroom.errors import Red, Reject, RetryAfter, WireroomError
from wireroom.log.kafka.library import explained, readable


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (errors.KafkaTimeoutError("late"), RetryAfter),
        (errors.KafkaConnectionError("gone"), RetryAfter),
        (errors.NotEnoughReplicasError(), RetryAfter),
        (errors.OutOfOrderSequenceNumberError(), RetryAfter),
        (errors.UnknownTopicOrPartitionError(), RetryAfter),
        (OSError("unreachable"), RetryAfter),
        (errors.MessageSizeTooLargeError("1 MB"), Reject),
        (errors.TopicAuthorizationFailedError(), Red),
        (errors.GroupAuthorizationFailedError(), Red),
        (errors.SaslAuthenticationFailedError(), Red),
        (errors.UnsupportedVersionError(), Red),
    ],
)
def test_what_kafka_raises_has_one_outcome(raised: Exception, expected: type[WireroomError]) -> None:
    with pytest.raises(expected), explained("nothing works"):
        raise raised


@pytest.mark.parametrize(
    ("raised", "way_out"),
    [
        (errors.CorruptRecordError("crc"), "sound replica"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a header"), "sound replica"),
        (errors.OffsetOutOfRangeError({}), "restore the topic"),
        (errors.NoOffsetForPartitionError(), "restore the topic"),
        (errors.LogTruncationError({}), "restore the topic"),
        (errors.UnsupportedCodecError("zstd"), "install its codec"),
    ],
)
def test_what_cannot_be_read_is_red_with_the_way_out(raised: Exception, way_out: str) -> None:
    with pytest.raises(Red, match=way_out), explained("nothing can be read"), readable():
        raise raised


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), explained("nothing works"), readable():
        raise ZeroDivisionError
