"""A real S3 server behind a proxy that breaks connections: what is written, and what is told of it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import need
from tests.servers.s3 import BUCKET, CREDENTIALS, S3Server, versitygw
from tests.servers.toxiproxy import Proxy
from wireroom.clock import SteadyClock, SystemClock
from wireroom.connect import open_store
from wireroom.document import Document
from wireroom.errors import OutcomeUnknown, Red, RetryAfter
from wireroom.store import STATE, Metadata, Store, Stored
from wireroom.store import s3 as module
from wireroom.worker.documents import DocumentWriter, Found

KEY = "feeds/harbour-post/latest.json"


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.setattr(module, "READ", 0.5)
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with versitygw(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def running(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("proxy"), server.port) as proxy:
        yield proxy


@pytest.fixture
def proxy(running: Proxy) -> Iterator[Proxy]:
    yield running
    running.reset()


class Desk:
    """One object, seen past the proxy and through it."""

    def __init__(self, server: S3Server, proxy: Proxy) -> None:
        url = server.url()
        self.direct = open_store(url)
        self.store = open_store(url.replace(str(server.port), str(proxy.port)))
        self.etag = self.direct.put(KEY, b"before", None, STATE)

    def body(self) -> bytes:
        held = self.direct.get(KEY)
        assert held
        return held.body

    def becomes(self, body: bytes) -> bool:
        """Whether it is that within a few seconds: the server may be at it still."""
        deadline = time.monotonic() + 10
        while self.body() != body:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@pytest.fixture
def desk(server: S3Server, proxy: Proxy) -> Desk:
    return Desk(server, proxy)


@pytest.mark.parametrize(
    ("kind", "stream", "attributes", "written"),
    [
        ("latency", "downstream", {"latency": 5000}, True),
        ("timeout", "upstream", {"timeout": 0}, False),
        ("timeout", "downstream", {"timeout": 0}, True),
        ("limit_data", "upstream", {"bytes": 200}, False),
        *(("limit_data", "downstream", {"bytes": size}, True) for size in (0, 1, 20, 25, 26, 42, 60)),
        ("reset_peer", "downstream", {"timeout": 0}, True),
    ],
    ids=str,
)
def test_a_lost_reply_is_never_taken_for_an_answer(
    desk: Desk, proxy: Proxy, kind: str, stream: str, attributes: dict[str, int], written: bool
) -> None:
    proxy.toxic(kind, stream, **attributes)
    with pytest.raises(OutcomeUnknown):
        desk.store.put(KEY, b"after", desk.etag, STATE)
    assert desk.becomes(b"after" if written else b"before")


@pytest.mark.parametrize("size", range(80, 400, 40))
def test_a_reply_cut_late_is_a_whole_answer_or_none(desk: Desk, proxy: Proxy, size: int) -> None:
    proxy.toxic("limit_data", bytes=size)
    try:
        told = desk.store.put(KEY, b"after", desk.etag, STATE)
    except OutcomeUnknown:
        told = ""
    assert desk.becomes(b"after")
    held = desk.direct.get(KEY)
    assert held
    assert told in ("", held.etag)


def test_a_server_that_is_away_was_told_nothing(desk: Desk, proxy: Proxy) -> None:
    proxy.down()
    for use in (lambda: desk.store.put(KEY, b"after", desk.etag, STATE), lambda: desk.store.get(KEY)):
        with pytest.raises(RetryAfter) as caught:
            use()
        assert type(caught.value) is RetryAfter
    assert desk.body() == b"before"


def test_a_slow_and_crumbling_connection_is_none_the_worse(desk: Desk, proxy: Proxy) -> None:
    proxy.toxic("slicer", average_size=7, size_variation=3, delay=10)
    etag = desk.store.put(KEY, b"after" * 100, desk.etag, STATE)
    held = desk.store.get(KEY)
    assert held == desk.direct.get(KEY)
    assert held
    assert (held.body, held.etag) == (b"after" * 100, etag)


@pytest.mark.filterwarnings("ignore:tzname")  # boto3 tries to read what is left of a date
@pytest.mark.parametrize("size", [0, 100, 350, 20_000])
def test_half_an_object_is_never_read(desk: Desk, proxy: Proxy, size: int) -> None:
    desk.direct.put(KEY, b"after" * 10_000, desk.etag, STATE)
    proxy.toxic("limit_data", bytes=size)
    with pytest.raises(RetryAfter):
        desk.store.get(KEY)


class Mended:
    """The proxy is well again once a reply was lost."""

    def __init__(self, store: Store, proxy: Proxy) -> None:
        self._store, self._proxy = store, proxy
        self.get, self.delete, self.keys, self.now = store.get, store.delete, store.keys, store.now
        self.lost = 0

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        try:
            return self._store.put(key, body, if_match, metadata)
        except OutcomeUnknown:
            self.lost += 1
            self._proxy.reset()
            raise


def test_a_worker_recognises_what_it_wrote_itself(desk: Desk, proxy: Proxy) -> None:
    store = Mended(desk.store, proxy)
    writer = DocumentWriter(store, SteadyClock(SystemClock()), "feeds")
    document = Document("feeds/p/x.json", "application/feed+json", b'{"_wireroom":{"generation":', b"}}")
    writer.write(document, 1)
    proxy.toxic("reset_peer", timeout=0)
    assert writer.write(document, 2) == Found(2, same=True)
    held = desk.direct.get(document.key)
    assert held
    assert (held.body, store.lost) == (document.body(2), 1)


# ---- what the server itself refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "reason", "remedy"),
    [
        ("AWS_SECRET_ACCESS_KEY", "another", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", "another", "access key ID", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_wrong_credentials_are_told(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str, remedy: str
) -> None:
    monkeypatch.setenv(variable, value)
    store = open_store(server.url())
    for use in (lambda: store.put(KEY, b"x", None, STATE), lambda: store.get(KEY)):
        with pytest.raises(Red, match=reason) as caught:
            use()
        assert remedy in caught.value.remedy


def test_a_bucket_that_is_not_there_is_told(server: S3Server) -> None:
    store = open_store(server.url().replace(BUCKET, "nowhere"))
    for use in (lambda: store.put(KEY, b"x", None, STATE), lambda: store.get(KEY), lambda: list(store.keys(""))):
        with pytest.raises(Red, match="NoSuchBucket") as caught:
            use()
        assert "create the bucket" in caught.value.remedy


def test_a_private_authority_is_trusted_only_when_it_is_named(server: S3Server, tmp_path: Path) -> None:
    need("openssl", install="on Debian and Ubuntu, apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    with versitygw(tmp_path / "s3", "--cert", str(certificate), "--key", str(key)) as secure:
        url = secure.url().replace("http:", "https:")
        stranger = open_store(url)
        for use in (lambda: stranger.put(KEY, b"x", None, STATE), lambda: stranger.get(KEY)):
            with pytest.raises(Red, match="not trusted") as caught:
                use()
            assert "ca=" in caught.value.remedy
        friend = open_store(f"{url}&ca={certificate}")
        etag = friend.put(KEY, b"x", None, STATE)
        held = friend.get(KEY)
        assert held == Stored(b"x", etag, held.modified if held else 0)


def test_a_large_object_may_take_its_time_as_long_as_it_moves(
    server: S3Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT", 0.5)
    monkeypatch.setattr(module, "READ", 5)
    store = open_store(server.url(proxy.port))
    proxy.toxic("bandwidth", "upstream", rate=6_000)  # KB a second
    body = bytes(range(256)) * 60_000
    etag = store.put(KEY, body, None, STATE)
    held = store.get(KEY)
    assert held
    assert (held.body, held.etag) == (body, etag)
