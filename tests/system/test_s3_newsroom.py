"""The same commands on a store in S3: nothing else changes."""

import random
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.servers import free_port
from tests.servers.s3 import BUCKET, CREDENTIALS, S3Server, good, versitygw
from tests.servers.toxiproxy import Proxy
from tests.system.newsroom import GENERATION, Newsroom, article, wait_for, withdrawal
from wireroom.connect import open_store

LATEST = "feeds/daily/latest.json"


class S3Newsroom(Newsroom):
    """Its store is in S3; `port`: of a proxy in between."""

    def __init__(self, folder: Path, server: S3Server, port: int | None = None) -> None:
        url = server.url()
        through = url.replace(f":{server.port}", f":{port or server.port}")
        super().__init__(folder, **CREDENTIALS, WIREROOM_STORE__URL=through)
        self.prefix = url.split("?")[0].rpartition("/")[2]
        self.store = open_store(url)

    def document(self, key: str) -> str:
        held = self.store.get(key)
        return held.body.decode() if held else ""

    def documents(self) -> dict[str, str]:
        keys = [key for top in ("feeds/", "sitemaps/", "articles/") for key in self.store.keys(top)]
        return {key: GENERATION.sub("", self.document(key)) for key in keys}


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with good(tmp_path_factory.mktemp("s3")) as server:
        yield server


def test_documents_in_s3_are_those_of_a_directory_and_say_what_they_are(server: S3Server, tmp_path: Path) -> None:
    events = [article(f"n{k}", 1 + k % 2, sections=["a"]) for k in range(60)]
    events += [withdrawal(f"n{k}", 9) for k in range(0, 60, 7)]
    folders = [tmp_path / "s3", tmp_path / "directory"]
    for folder in folders:
        folder.mkdir()
    bucket, directory = S3Newsroom(folders[0], server), Newsroom(folders[1])
    for newsroom in (bucket, directory):
        newsroom.publish(*events)
        newsroom.run("up", "--drain")
    assert bucket.documents() == directory.documents()
    assert len(bucket.documents()) > 60
    s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{server.port}")
    told = s3.head_object(Bucket=BUCKET, Key=f"{bucket.prefix}/{LATEST}")
    s3.close()
    assert told["ContentType"] == "application/feed+json; charset=utf-8"
    assert (told["CacheControl"], told["ContentLanguage"]) == ("public, max-age=60", "en")
    assert told["Metadata"]["worker"] == "feeds"
    assert f'"generation":{told["Metadata"]["generation"]}' in bucket.document(LATEST)


def test_while_s3_is_away_a_worker_waits_and_then_catches_up(tmp_path: Path) -> None:
    with versitygw(tmp_path / "s3") as server, Proxy(tmp_path / "proxy", server.port) as proxy:
        newsroom = S3Newsroom(tmp_path, server, proxy.port)
        newsroom.publish(article("a"))
        with newsroom.running("worker", "feeds"):
            wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
            for kind in ("down", "timeout", "reset_peer"):
                proxy.down() if kind == "down" else proxy.toxic(kind, timeout=0)
                sit_out(newsroom, proxy, kind)
        assert "Found credentials" not in newsroom.output()  # libraries only warn


def sit_out(newsroom: S3Newsroom, proxy: Proxy, ident: str) -> None:
    """What is published while S3 is away is shown once it is back."""
    before = said(newsroom)
    newsroom.publish(article(ident))
    wait_for(lambda: said(newsroom) > before)
    proxy.reset()
    wait_for(lambda: f"{ident} at 1" in newsroom.titles(LATEST))


def said(newsroom: Newsroom) -> int:
    return newsroom.output().count("trying again")


def test_killed_at_any_moment_nothing_is_lost(server: S3Server, tmp_path: Path) -> None:
    chance = random.Random(7)
    newsroom = S3Newsroom(tmp_path, server)
    newsroom.publish(*(article(f"n{k:03}") for k in range(200)), *(withdrawal(f"n{k:03}", 2) for k in range(0, 200, 9)))
    for _ in range(5):
        process = newsroom.start("worker", "feeds")
        with pytest.raises(Exception, match="timed out"):
            process.wait(chance.uniform(1, 2.5))
        process.kill()
        process.wait()
    newsroom.run("worker", "feeds", "--drain")
    newest = [f"n{k:03} at 1" for k in range(199, 0, -1) if k % 9][:50]
    assert newsroom.titles(LATEST) == newest


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ((BUCKET, "nowhere"), 1, "create the bucket"),
        (("port", str(free_port())), 69, "cannot reach the store"),
    ],
    ids=["no bucket", "no server"],
)
def test_what_is_wrong_with_the_store_is_told_at_the_start(
    server: S3Server, tmp_path: Path, change: tuple[str, str], code: int, told: str
) -> None:
    newsroom = S3Newsroom(tmp_path, server)
    old, new = change
    url = newsroom.environment["WIREROOM_STORE__URL"].replace(str(server.port) if old == "port" else old, new)
    newsroom.environment["WIREROOM_STORE__URL"] = url
    assert told in newsroom.run("worker", "feeds", "--drain", expect=code)
