"""What is said of a broker that could not be reached."""

from wireroom.errors import Red, RetryAfter
from wireroom.log.kafka.refusals import refusal


def test_a_reason_of_ours_says_more_than_the_silence_after_it() -> None:
    reason = RetryAfter("there is no token")
    silence = TimeoutError("authentication timed out")
    assert refusal("cannot connect", [silence, reason]) is reason
    assert refusal("cannot connect", [silence, ConnectionError(reason)]) is reason


def test_what_only_a_person_can_mend_comes_first() -> None:
    red = Red("the password is wrong", "mend it")
    assert refusal("cannot connect", [RetryAfter("no token"), red]) is red


def test_nobody_was_asked() -> None:
    assert isinstance(refusal("cannot connect", []), RetryAfter)
