"""Whether a callback means it."""

from ipaddress import ip_network
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.servers.scripted import RESET, reply
from tests.unit.notify.websub.newsroom import KEY, TOPIC, Callback, query
from wireroom.clock import DAY
from wireroom.notify.outbound import Outbound
from wireroom.notify.websub.request import Request
from wireroom.notify.websub.verification import verify, with_query

OUTBOUND = Outbound([ip_network("127.0.0.0/8")])


def request(callback: str) -> Request:
    return Request("subscribe", TOPIC, KEY, callback, DAY, "s3cret")


def test_the_question() -> None:
    with Callback() as partner:
        assert verify(OUTBOUND, request(partner.url)).confirmed
    (question,) = partner.questions
    challenge = question.pop("hub.challenge")
    assert question == {"id": "7", "hub.mode": "subscribe", "hub.topic": TOPIC, "hub.lease_seconds": "86400"}
    assert len(challenge) >= 32
    assert partner.requests[0].path.startswith("/in?id=7&hub.mode=")


def test_each_question_has_its_own_challenge() -> None:
    with Callback() as partner:
        for _ in range(2):
            verify(OUTBOUND, request(partner.url))
    assert partner.questions[0] != partner.questions[1]


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (reply(200), False),
        (reply(200, b"something else"), False),
        (reply(404), False),
        (reply(410), False),
        (reply(500), True),
        (RESET, True),
    ],
)
def test_who_does_not_mean_it(answer: bytes, again: bool) -> None:
    with Callback(asked=lambda _: answer) as partner:
        verdict = verify(OUTBOUND, request(partner.url))
    assert (verdict.confirmed, verdict.again) == (False, again)


@pytest.mark.parametrize("status", [301, 404, 500])
def test_only_a_success_confirms(status: int) -> None:
    with Callback(asked=lambda asked: reply(status, query(asked)["hub.challenge"].encode())) as partner:
        assert not verify(OUTBOUND, request(partner.url)).confirmed


@pytest.mark.parametrize(("before", "behind"), [(b" ", b""), (b"", b"\n"), (b"", b"x" * 10_000)])
def test_the_body_is_the_challenge_and_nothing_else(before: bytes, behind: bytes) -> None:
    with Callback(asked=lambda asked: reply(200, before + query(asked)["hub.challenge"].encode() + behind)) as partner:
        assert not verify(OUTBOUND, request(partner.url)).confirmed


def test_a_callback_that_may_not_be_asked() -> None:
    verdict = verify(Outbound(), request("https://127.0.0.1/"))
    assert (verdict.confirmed, verdict.again) == (False, False)


@pytest.mark.parametrize(
    ("url", "pairs"),
    [
        ("https://x/", [("hub.mode", "a&b")]),
        ("https://x/?", [("hub.mode", "a&b")]),
        ("https://x/?a=1&hub.mode=mine", [("a", "1"), ("hub.mode", "mine"), ("hub.mode", "a&b")]),
        ("https://x?a", [("a", ""), ("hub.mode", "a&b")]),
    ],
)
def test_parameters_are_appended(url: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_qsl(urlsplit(with_query(url, {"hub.mode": "a&b"})).query, keep_blank_values=True) == pairs
