"""What a subscriber may ask for."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.notify.websub.newsroom import BASE, KEY, SETTINGS, TOPIC, form
from wireroom.clock import DAY, HOUR
from wireroom.config import Settings
from wireroom.errors import Reject
from wireroom.notify.target import Target
from wireroom.notify.websub.request import LEASE, Request, request_of
from wireroom.notify.websub.topics import Topics
from wireroom.notify.websub.verification import with_query

TOPICS = Topics(SETTINGS)


def wrong(body: bytes) -> dict[str, str]:
    """Each fault's path, and what was expected."""
    with pytest.raises(Reject) as raised:
        request_of(body, TOPICS)
    return {fault.path: fault.expected for fault in raised.value.faults}


def test_a_request() -> None:
    body = form(lease_seconds="86400", secret="s3cret", verify="async")
    assert request_of(body, TOPICS) == Request("subscribe", TOPIC, KEY, "https://partner.example/in", DAY, "s3cret")


def test_the_least_that_is_needed() -> None:
    assert request_of(form(), TOPICS) == Request("subscribe", TOPIC, KEY, "https://partner.example/in", LEASE, None)


def test_unsubscribing_ignores_the_lease() -> None:
    request = request_of(form(mode="unsubscribe", lease_seconds="never"), TOPICS)
    assert (request.mode, request.lease) == ("unsubscribe", LEASE)


@pytest.mark.parametrize(
    ("asked", "lease"),
    [("1", HOUR), ("3600", HOUR), ("864000", 10 * DAY), ("2592000", 30 * DAY), ("9" * 4000, 30 * DAY), ("", LEASE)],
)
def test_a_lease_is_kept_within_bounds(asked: str, lease: int) -> None:
    assert request_of(form(lease_seconds=asked), TOPICS).lease == lease


@pytest.mark.parametrize("asked", ["0", "000000000000000", "-1", "1.5", "ten", "1e9", "٣٦٠٠", " 3600", "inf"])
def test_a_lease_that_is_none(asked: str) -> None:
    assert wrong(form(lease_seconds=asked)) == {"hub.lease_seconds": "a whole number of seconds, above 0"}


def test_a_secret_has_fewer_than_200_bytes() -> None:
    assert request_of(form(secret="é" * 99), TOPICS).secret == "é" * 99
    assert wrong(form(secret="é" * 100)) == {"hub.secret": "fewer than 200 bytes"}


def test_all_faults_at_once() -> None:
    body = form(mode="publish", topic="https://other.example/", callback="ftp://x/", secret="s" * 200)
    assert set(wrong(body)) == {"hub.mode", "hub.topic", "hub.callback", "hub.secret"}
    assert set(wrong(b"")) == {"hub.mode", "hub.topic", "hub.callback"}


@pytest.mark.parametrize(
    "callback", ["https://u:p@partner.example/", "https://127.1/", "https://partner.example/#f", ""]
)
def test_a_callback_that_is_no_target(callback: str) -> None:
    assert set(wrong(form(callback=callback))) == {"hub.callback"}


def test_a_callback_leaves_room_for_the_question() -> None:
    longest = "https://partner.example/" + "a" * 1000
    assert request_of(form(callback=longest), TOPICS).callback == longest
    assert wrong(form(callback=longest + "a")) == {"hub.callback": "at most 1024"}
    escaped = "".join(f"%{ord(letter):02x}" for letter in KEY)
    request = request_of(form(callback=longest, topic=f"{BASE}/{escaped}"), TOPICS)
    question = {
        "hub.topic": request.topic,
        "hub.mode": request.mode,
        "hub.challenge": "c" * 43,
        "hub.lease_seconds": "1",
    }
    assert Target.of(with_query(request.callback, question))


def test_what_is_given_twice() -> None:
    assert wrong(form() + b"&hub.callback=https://other.example/") == {"hub.callback": "once"}


@pytest.mark.parametrize("body", [b"\xff", b"hub.mode=%ff", b"&".join([b"a=b"] * 200)])
def test_a_body_that_cannot_be_read(body: bytes) -> None:
    assert "" in wrong(body)


@given(st.binary(max_size=300))
def test_any_body_is_a_request_or_faults(body: bytes) -> None:
    with pytest.raises(Reject) as raised:
        request_of(body, TOPICS)
    assert raised.value.faults


@given(st.dictionaries(st.sampled_from(["callback", "topic", "lease_seconds", "secret", "mode"]), st.text()))
def test_any_values_are_a_request_or_faults(values: dict[str, str]) -> None:
    with suppress(Reject):
        assert request_of(form(**values), TOPICS).key == KEY


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (TOPIC, KEY),
        (f"{BASE}/feeds/daily/latest.atom", "feeds/daily/latest.atom"),
        (f"{BASE}/feeds/daily/l%61test%2Erss", KEY),
        ("https://l.example/n/feeds/local/latest.json", "feeds/local/latest.json"),
        (f"{BASE}/feeds/daily/latest.json", None),  # not declared
        (f"{BASE}/feeds/local/latest.json", None),  # read elsewhere
        ("https://l.example/n/feeds/daily/latest.rss", None),
        ("http://feeds.example/feeds/daily/latest.rss", None),
        (f"{TOPIC}?x=1", None),
        (f"{TOPIC}#x", None),
        (f"{BASE}/private/feeds/daily/latest.rss", None),
        (f"{BASE}/articles/daily.json", None),
        (f"{BASE}/editions/_websub/00.json", None),
        (f"{BASE}/feeds/daily/../daily/latest.rss", None),
        (f"{BASE}/feeds//daily/latest.rss", None),
        (f"{BASE}/hub", None),
        ("", None),
    ],
)
def test_topics_are_public_feeds_at_their_own_address(url: str, key: str | None) -> None:
    assert TOPICS.key_of(url) == key


def test_an_address_with_other_letters_is_told_in_ascii() -> None:
    topics = Topics(SETTINGS.model_copy(update={"public_url": "https://nyhetsstrøm.example/å/"}))
    address = topics.address(KEY)
    assert address.startswith("https://xn--nyhetsstr")
    assert address.endswith(f".example/%C3%A5/{KEY}")
    assert topics.key_of(address) == KEY
    assert topics.hub.isascii()


def test_without_a_configuration_every_feed_is_a_topic() -> None:
    topics = Topics(Settings())
    assert topics.key_of("http://127.0.0.1:8080/feeds/any/latest.json") == "feeds/any/latest.json"
    assert topics.hub == "http://127.0.0.1:8080/hub"


def test_a_private_feed_is_no_topic_even_where_it_was_public_before() -> None:
    hidden = SETTINGS.feeds[0].model_copy(update={"private": True})
    assert Topics(SETTINGS.model_copy(update={"feeds": (hidden,)})).key_of(TOPIC) is None
