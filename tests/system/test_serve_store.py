"""`wireroom serve` on S3 behind a proxy that breaks: readers keep the last good documents, and are told their age."""

import http.client
import threading
import time
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers.s3 import CREDENTIALS, S3Server, good
from tests.servers.toxiproxy import Proxy
from tests.system.newsroom import PATIENCE, Newsroom, wait_for
from wireroom.connect import open_store
from wireroom.store import STATE

KEY = "feeds/daily/latest.rss"


def body(number: int) -> bytes:
    return f"<rss><channel>{f'<item>{number}</item>' * 5000}</channel></rss>".encode()


WHOLE = {body(number) for number in range(100)}


class Site:
    """A store that is written directly and read through the proxy; readers that go on all the while."""

    def __init__(self, folder: Path, server: S3Server, proxy: Proxy) -> None:
        url = server.url()
        self.store = open_store(url)
        self.newsroom = Newsroom(
            folder, **CREDENTIALS, WIREROOM_STORE__URL=url.replace(str(server.port), str(proxy.port))
        )
        self.etag: str | None = None
        self.number = 0
        self.bodies: dict[str, bytes] = {}
        self.faults: list[object] = []
        self.answers = 0
        self.ended = threading.Event()
        self.publish()

    def publish(self) -> None:
        self.number += 1
        self.etag = self.store.put(KEY, body(self.number), self.etag, STATE)

    def get(self, key: str = KEY, etag: str = "") -> tuple[int, HTTPMessage, bytes]:
        parts = urlsplit(self.newsroom.address())
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=4)
        connection.request("GET", f"/{key}", headers={"If-None-Match": etag})
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    def read_on(self) -> None:
        """Promise P26 and P27: every answer is whole and the one that its ETag names."""
        etag = ""
        while not self.ended.wait(0.01):
            try:
                status, headers, found = self.get(etag=etag)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(error)
                return
            if status == 200 and found in WHOLE:
                etag = headers["ETag"]
                found = self.bodies.setdefault(etag, found) if self.bodies.get(etag) in (None, found) else b""
            if status not in (200, 304) or (status == 200 and not found):
                self.faults.append((status, headers, found[:100]))
            self.answers += 1

    def shows_the_newest(self) -> bool:
        status, headers, found = self.get()
        return status == 200 and found == body(self.number) and "Age" not in headers


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Server, Proxy]]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with good(tmp_path / "s3") as server, Proxy(tmp_path / "proxy", server.port) as proxy:
        yield server, proxy


def test_readers_keep_the_last_good_documents(tmp_path: Path, proxy: tuple[S3Server, Proxy]) -> None:
    """Slow, losing replies, and stopped, one after the other, in one server's life."""
    server, between = proxy
    site = Site(tmp_path, server, between)
    with site.newsroom.running("serve", "--port", "0"):
        wait_for(site.newsroom.address)
        wait_for(site.shows_the_newest)
        readers = [threading.Thread(target=site.read_on) for _ in range(4)]
        for reader in readers:
            reader.start()
        try:
            between.toxic("latency", latency=60_000)
            site.publish()
            wait_for(lambda: stale(site))
            recovered(site, between)
            for kind, attribute, value in (("reset_peer", "timeout", 0), ("limit_data", "bytes", 20_000)):
                between.toxic(kind, "downstream", **{attribute: value})
                site.publish()
                seen = site.answers
                wait_for(lambda seen=seen: site.answers > seen + 200)  # type: ignore[misc]
                recovered(site, between)
            between.down()
            assert site.get("feeds/daily/never-read.rss")[0] == 503
            assert site.get("editions/feeds/daily/latest.json")[0] == 404
            assert site.get()[0] == 200
            recovered(site, between)
        finally:
            site.ended.set()
            for reader in readers:
                reader.join(PATIENCE)
    assert site.faults == []
    assert site.answers > 100


def recovered(site: Site, between: Proxy) -> None:
    """Without a restart."""
    between.reset()
    site.publish()
    wait_for(site.shows_the_newest)


def stale(site: Site) -> bool:
    """Whether readers are told so; until then they are given what was held, as fresh as it is."""
    status, headers, found = site.get()
    assert (status, found in WHOLE) == (200, True)
    if "Age" not in headers:
        time.sleep(0.2)
        return False
    assert headers["Warning"] == '110 - "Response is Stale"'
    assert site.get(etag=headers["ETag"])[0] == 304
    return int(headers["Age"]) >= 5
