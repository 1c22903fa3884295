"""The store in S3 before a server that says what it is told to: every outcome of every request."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.servers import free_port
from tests.servers.s3 import CREDENTIALS
from tests.servers.scripted import RESET, SILENCE, Request, Scripted, error, reply
from wireroom.clock import SECOND, micros
from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter
from wireroom.s3_url import parse_s3_url
from wireroom.store import STATE, Metadata, Stored
from wireroom.store import s3 as module
from wireroom.store.s3 import S3Store
from wireroom.store.s3_circuit import Circuit
from wireroom.store.s3_time import ServerTime

KEY = "feeds/harbour-post/latest.rss"
ETAG = '"0cc175b9c0f1b6a831c399e269772661"'
DATE = "Tue, 24 Nov 2026 08:30:00 GMT"
WRITTEN = reply(200, ETag=ETAG, Date=DATE)
FOUND = reply(200, b"<rss/>", ETag=ETAG, Last_Modified=DATE, Date=DATE)
NO_KEY = error(404, "NoSuchKey", "The specified key does not exist.")
NO_BUCKET = error(404, "NoSuchBucket", "The specified bucket does not exist")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.setattr(module, "READ", 0.3)
        patch.setattr(module, "uniform", lambda *_: 0)
        yield


@pytest.fixture(scope="module")
def opened_once() -> Iterator[tuple[Scripted, S3Store]]:
    """Boto3 takes a tenth of a second for a new client."""
    with Scripted(WRITTEN) as server:
        yield server, opened(server.port)


@pytest.fixture
def server(opened_once: tuple[Scripted, S3Store]) -> Scripted:
    server, _ = opened_once
    server.answer = WRITTEN
    server.requests.clear()
    return server


@pytest.fixture
def store(opened_once: tuple[Scripted, S3Store]) -> S3Store:
    """As new: nothing was answered yet."""
    _, store = opened_once
    store._circuit, store._time = Circuit(), ServerTime()
    return store


def opened(port: int, options: str = "") -> S3Store:
    return S3Store(parse_s3_url(f"s3://newsroom/live?endpoint=http://127.0.0.1:{port}{options}"))


def put(store: S3Store, if_match: str | None = ETAG) -> str:
    return store.put(KEY, b"<rss/>", if_match, STATE)


def test_a_document_is_put_with_everything_that_is_known_of_it_and_sent_once(store: S3Store, server: Scripted) -> None:
    metadata = Metadata("application/rss+xml", "public, max-age=60", "nb", {"generation": "7", "worker": "feeds"})
    assert store.put(KEY, b"<rss/>", None, metadata) == ETAG
    assert store.put(KEY, b"", '"x"', STATE) == ETAG
    first, second = server.requests
    assert (first.method, first.path, first.body) == ("PUT", f"/newsroom/live/{KEY}", b"<rss/>")
    told = {
        "content-type": "application/rss+xml",
        "cache-control": "public, max-age=60",
        "content-language": "nb",
        "x-amz-meta-generation": "7",
        "x-amz-meta-worker": "feeds",
        "if-none-match": "*",
    }
    assert first.headers.items() >= told.items()
    assert first.headers["user-agent"].startswith("wireroom/")
    assert not {"expect", "if-match"} & first.headers.keys()
    assert (second.headers["if-match"], second.headers["content-length"]) == ('"x"', "0")
    assert not {"if-none-match", "cache-control", "content-language"} & second.headers.keys()


@pytest.mark.parametrize(
    "said",
    [
        error(412, "PreconditionFailed"),
        error(412),
        error(409, "ConditionalRequestConflict"),
        NO_KEY,
    ],
)
def test_another_writer_was_there(store: S3Store, server: Scripted, said: bytes) -> None:
    server.answer = said
    with pytest.raises(Conflict) as caught:
        put(store)
    assert caught.value.key == KEY
    with pytest.raises(Conflict):
        store.delete(KEY, ETAG)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "said",
    [
        error(500, "InternalError"),
        error(502),
        error(503),
        error(503, "ServiceUnavailable"),
        error(504),
        error(408),
        RESET,
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        SILENCE,
    ],
)
def test_nobody_knows_whether_it_was_written(store: S3Store, server: Scripted, said: bytes) -> None:
    server.answer = said
    with pytest.raises(OutcomeUnknown):
        put(store)
    with pytest.raises(OutcomeUnknown):
        store.delete(KEY, ETAG)
    assert len(server.requests) == 2, "nothing is sent again by itself"


@pytest.mark.parametrize(
    "said",
    [reply(200), reply(200, ETag=""), reply(200, ETag='"0cc1'), reply(200, ETag="0cc1"), reply(204, ETag='""')],
)
def test_without_a_whole_etag_nothing_was_told(store: S3Store, server: Scripted, said: bytes) -> None:
    server.answer = said
    with pytest.raises(OutcomeUnknown):
        put(store)


@pytest.mark.parametrize(
    "said",
    [
        error(503, "SlowDown", "Please reduce your request rate."),
        error(429, "TooManyRequests"),
        error(429),
        error(400, "RequestTimeout"),
        error(400, "XAmzContentSHA256Mismatch"),
    ],
)
def test_it_was_not_written_and_can_be_tried_again(store: S3Store, server: Scripted, said: bytes) -> None:
    server.answer = said
    for write in (lambda: put(store), lambda: store.delete(KEY, ETAG)):
        with pytest.raises(RetryAfter) as caught:
            write()
        assert type(caught.value) is RetryAfter


def test_where_nobody_listens_nothing_was_written() -> None:
    store = opened(free_port())
    for use in (lambda: put(store), lambda: store.delete(KEY, ETAG), lambda: store.get(KEY), store.now):
        with pytest.raises(RetryAfter) as caught:
            use()
        assert type(caught.value) is RetryAfter


RED = [
    (NO_BUCKET, "NoSuchBucket", "create the bucket"),
    (error(403, "AccessDenied"), "403 AccessDenied", "s3:PutObject"),
    (error(403), "403", "s3:ListBucket"),
    (error(403, "InvalidAccessKeyId"), "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    (error(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
    (error(403, "RequestTimeTooSkewed", Date=DATE), "RequestTimeTooSkewed", f"NTP.*{DATE}"),
    (error(403, "ExpiredToken"), "ExpiredToken", "renew"),
    (error(400, "ExpiredToken"), "ExpiredToken", "renew"),
    (error(400, "EntityTooLarge", "Too &lt;large&gt;"), "EntityTooLarge: Too <large>", "its own log"),
    (error(405, "MethodNotAllowed"), "405 MethodNotAllowed", "store.url names an S3 endpoint"),
    (error(501, "NotImplemented"), "NotImplemented", "atomic conditional writes"),
]
REGION = [
    (error(301, "PermanentRedirect", x_amz_bucket_region="ap-southeast-3"), "PermanentRedirect"),
    (error(301, x_amz_bucket_region="ap-southeast-3"), "301"),
    (error(307, "TemporaryRedirect", x_amz_bucket_region="ap-southeast-3", Location="http://127.0.0.1:9/"), "307"),
    (
        reply(400, b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>ap-southeast-3</Region></Error>"),
        "AuthorizationHeaderMalformed",
    ),
]


@pytest.mark.parametrize(
    ("said", "reason", "remedy"), [*RED, *((said, reason, "region=ap-southeast-3") for said, reason in REGION)]
)
def test_what_only_a_person_can_mend_says_how(
    store: S3Store, server: Scripted, said: bytes, reason: str, remedy: str
) -> None:
    server.answer = said
    with pytest.raises(Red) as caught:
        put(store)
    assert reason in caught.value.reason
    assert KEY in caught.value.reason
    assert re.search(remedy, caught.value.remedy)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("said", "reason"), [*REGION, (error(307, Location="http://127.0.0.1:9/"), "307")])
def test_a_redirect_is_never_followed(store: S3Store, server: Scripted, said: bytes, reason: str) -> None:
    server.answer = said
    for use in (lambda: put(store), lambda: store.get(KEY), lambda: store.delete(KEY, ETAG), store.now):
        with pytest.raises(Red, match=reason) as caught:
            use()
        assert "region" in caught.value.remedy
    assert len(server.requests) == 4


@pytest.mark.parametrize(("said", "reason", "remedy"), RED)
def test_a_read_is_refused_as_a_write_is(
    store: S3Store, server: Scripted, said: bytes, reason: str, remedy: str
) -> None:
    server.answer = said
    for read in (store.now, lambda: store.get(KEY), lambda: list(store.keys("feeds/"))):
        with pytest.raises(Red) as caught:
            read()
        assert reason in caught.value.reason
        assert re.search(remedy, caught.value.remedy)


def test_an_object_is_read(store: S3Store, server: Scripted) -> None:
    server.answer = FOUND
    assert store.get(KEY) == Stored(b"<rss/>", ETAG, micros(datetime(2026, 11, 24, 8, 30, tzinfo=UTC)))
    server.answer = NO_KEY
    assert store.get(KEY) is None
    assert [request.path for request in server.requests] == [f"/newsroom/live/{KEY}"] * 2


@pytest.mark.parametrize("trouble", [error(500), error(503, "SlowDown"), error(429), RESET, b"", error(404)])
def test_a_read_is_tried_again_and_then_given_up(store: S3Store, server: Scripted, trouble: bytes) -> None:
    answers = [trouble, trouble, FOUND]
    server.answer = lambda _: answers.pop(0)
    held = store.get(KEY)
    assert held
    assert held.body == b"<rss/>"
    server.answer = trouble
    with pytest.raises(RetryAfter) as caught:
        store.get(KEY)
    assert type(caught.value) is RetryAfter
    assert len(server.requests) == 6


def test_a_read_that_took_long_is_not_tried_again(
    store: S3Store, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    server.answer = SILENCE
    with pytest.raises(RetryAfter):
        store.get(KEY)
    assert len(server.requests) == 1


# ---- answers that were cut short ---------------------------------------------------------------------------------

KEYS = [f"feeds/harbour-post/{number}.rss" for number in range(3)]
PAGE = (
    "<ListBucketResult><Name>newsroom</Name><KeyCount>3</KeyCount><IsTruncated>false</IsTruncated>"
    + "".join(f"<Contents><Key>live/{key}</Key></Contents>" for key in KEYS)
    + "</ListBucketResult>"
).encode()


@pytest.mark.filterwarnings("ignore:tzname")  # boto3 tries to read what is left of a date
@pytest.mark.parametrize(
    ("said", "use", "true"),
    [
        (WRITTEN, put, ETAG),
        (FOUND, lambda store: store.get(KEY).body, b"<rss/>"),
        (NO_KEY, lambda store: store.get(KEY), None),
        (reply(204), lambda store: store.delete(KEY, ETAG), None),
        (reply(200, PAGE, Date=DATE), lambda store: list(store.keys("feeds/")), KEYS),
    ],
    ids=["put", "get", "get nothing", "delete", "list"],
)
def test_an_answer_cut_at_any_byte_is_never_taken_for_another_one(
    store: S3Store,
    server: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    said: bytes,
    use: Callable[[S3Store], object],
    true: object,
) -> None:
    monkeypatch.setattr(module, "_TRIES", 1)
    known = 0
    for cut in range(len(said) + 1):
        server.answer = said[:cut]
        store._circuit = Circuit()
        try:
            assert use(store) == true, said[:cut]
            known += 1
        except RetryAfter:
            continue
    assert known


# ---- listing and time --------------------------------------------------------------------------------------------


def test_a_listing_goes_over_pages_and_shows_only_keys(store: S3Store, server: Scripted) -> None:
    def page(request: Request) -> bytes:
        last = "continuation-token=next%3D" in request.path
        names = ["live/feeds/b.rss"] if last else ["live/feeds/", "live/feeds/a.rss", "live/feeds/.hidden"]
        contents = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names)
        more = "<IsTruncated>false</IsTruncated>"
        if not last:
            more = "<IsTruncated>true</IsTruncated><NextContinuationToken>next=</NextContinuationToken>"
        return reply(200, f"<ListBucketResult>{more}{contents}</ListBucketResult>".encode())

    server.answer = page
    assert list(store.keys("feeds/")) == ["feeds/a.rss", "feeds/b.rss"]
    assert all("prefix=live%2Ffeeds%2F" in request.path for request in server.requests)


def test_the_time_is_what_the_last_answer_said_and_asks_for_nothing(store: S3Store, server: Scripted) -> None:
    put(store)
    assert abs(store.now() - micros(datetime(2026, 11, 24, 8, 30, tzinfo=UTC))) < 60 * SECOND
    server.answer = error(403, "AccessDenied", Date="Tue, 24 Nov 2026 09:30:00 GMT")
    with pytest.raises(Red):
        put(store)
    assert abs(store.now() - micros(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))) < 60 * SECOND
    assert len(server.requests) == 2


def test_before_any_answer_the_time_is_asked_for_once(store: S3Store, server: Scripted) -> None:
    server.answer = reply(200, PAGE, Date=DATE)
    store.now()
    store.now()
    assert [request.method for request in server.requests] == ["GET"]
    assert "max-keys=1&" in server.requests[0].path + "&"


def test_a_store_that_tells_no_time_is_of_no_use(store: S3Store, server: Scripted) -> None:
    server.answer = reply(200, PAGE)
    with pytest.raises(Red, match="no time"):
        store.now()


# ---- a dead server, and none ---------------------------------------------------------------------------------------


def test_a_dead_store_is_asked_at_most_twice_a_second(store: S3Store, server: Scripted) -> None:
    server.answer = error(500)
    passed = 0.0
    store._circuit = Circuit(lambda: passed)
    for _ in range(100):  # ten seconds of a worker that never rests
        for use in (lambda: put(store), lambda: store.get(KEY), lambda: list(store.keys(""))):
            with pytest.raises(RetryAfter):
                use()
        passed += 0.1
    assert 15 <= len(server.requests) <= 3 + 20
    server.answer = WRITTEN
    passed += 0.5
    assert [put(store) for _ in range(5)] == [ETAG] * 5


def test_without_credentials_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(Red, match="no credentials"):
        opened(free_port())


def test_secrets_are_never_told(store: S3Store, server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    said = []
    for answer in (error(403, "SignatureDoesNotMatch"), error(500), RESET):
        server.answer = answer
        with pytest.raises((Red, RetryAfter)) as caught:
            put(store)
        said.append(str(caught.value))
    assert not [text for text in [*said, caplog.text] if CREDENTIALS["AWS_SECRET_ACCESS_KEY"] in text or "AWS4" in text]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://newsroom/live?region=eu-west-1", "https://newsroom.s3.eu-west-1.amazonaws.com/live/"),
        ("s3://newsroom?region=eu-west-1&style=path", "https://s3.eu-west-1.amazonaws.com/newsroom/"),
        ("s3://newsroom/live?endpoint=https://s3.example:9000", "https://s3.example:9000/newsroom/live/"),
        ("s3://newsroom?endpoint=https://s3.example&style=virtual", "https://newsroom.s3.example/"),
    ],
)
def test_where_objects_lie(url: str, address: str) -> None:
    assert S3Store(parse_s3_url(url))._address == address
