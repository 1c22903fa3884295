"""The store in S3 keeps the contract on a real server; the probe tells a good server from those that lose updates."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.store_contract import CONTRACT, Check
from tests.servers.s3 import CREDENTIALS, S3Server, gofakes3, good, s3proxy
from wireroom.connect import open_store
from wireroom.errors import Red
from wireroom.store import PolledStore
from wireroom.store.probe import probe


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


@pytest.fixture
def store(server: S3Server) -> PolledStore:
    return open_store(server.url())


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_s3_keeps_the_contract(store: PolledStore, check: Check) -> None:
    check(store)


def test_the_probe_accepts_a_good_server_and_leaves_nothing_behind(store: PolledStore) -> None:
    probe(store)
    assert list(store.keys("")) == []


@pytest.mark.parametrize(
    ("start", "missing"),
    [(gofakes3, "create-only writes: If-None-Match"), (s3proxy, "atomic conditional replacement")],
    ids=["gofakes3", "s3proxy"],
)
def test_the_probe_refuses_a_server_that_loses_updates(
    start: Callable[[Path], S3Server], missing: str, tmp_path: Path
) -> None:
    with start(tmp_path / "s3") as server, pytest.raises(Red, match=missing):
        probe(open_store(server.url()))
