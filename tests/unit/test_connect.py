from pathlib import Path

import pytest

from wireroom.connect import brokers, installed, open_log, open_store
from wireroom.errors import ConfigurationError
from wireroom.log import ARTICLES, Message
from wireroom.store import STATE
from wireroom.store.s3 import S3Store


def test_a_log_by_its_url_keeps_what_is_appended(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/log of events.db"
    first = open_log(url, "a.")
    first.append(ARTICLES, [Message("k", b"v")])
    first.close()
    again, other = open_log(url, "a.", create=False), open_log(url, "b.")
    assert again.end(again.partitions(ARTICLES)[0]) == 1
    assert other.end(other.partitions(ARTICLES)[0]) == 0
    again.close()
    other.close()


def test_a_log_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no log"):
        open_log(f"sqlite:///{tmp_path}/none.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_brokers_by_their_url() -> None:
    assert brokers("kafka://one:9092,two") == ["one:9092", "two"]
    with pytest.raises(ConfigurationError, match="kafka://"):
        brokers("sqlite:///x.db")


def test_a_log_in_kafka_asks_no_broker_before_it_is_used() -> None:
    log = open_log("kafka://127.0.0.1:1,127.0.0.1:2", "a.")
    log.close()


def test_a_store_by_its_url(tmp_path: Path) -> None:
    store = open_store(f"file:///{tmp_path}/store")
    store.put("feeds/a.rss", b"x", None, STATE)
    assert (tmp_path / "store/feeds/a.rss").read_bytes() == b"x"


@pytest.mark.parametrize("url", ["amqp://broker", "sqlite:///", "sqlite:x.db", "", "x.db"])
def test_a_log_that_this_version_has_not(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///"):
        open_log(url)


@pytest.mark.parametrize("url", ["file://data", "data"])
def test_a_store_that_there_is_not(url: str) -> None:
    with pytest.raises(ConfigurationError, match="file:///"):
        open_store(url)


def test_a_bucket_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert isinstance(open_store("s3://newsroom/live?region=eu-west-1"), S3Store)
    with pytest.raises(ConfigurationError, match="regoin"):
        open_store("s3://newsroom?regoin=eu-west-1")


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("apsw", "sqlite"),
        ("boto3", "s3"),
        ("kafka", "kafka"),
        ("crc32c", "kafka"),
        ("lz4.frame", "kafka"),
        ("feedgen.feed", "feeds"),
        ("ruamel.yaml", "cli"),
        ("nh3", "articles"),
        ("lxml", "sitemaps"),
    ],
)
def test_a_library_that_is_missing_is_told_with_its_extra(module: str, extra: str) -> None:
    with pytest.raises(ConfigurationError) as caught, installed():
        raise ModuleNotFoundError(name=module)
    assert f"pip install 'wireroom[{extra}]'" in caught.value.faults[0].expected
    assert "[all]" not in caught.value.faults[0].expected


def test_a_module_that_is_missing_by_mistake_stays_a_bug() -> None:
    with pytest.raises(ModuleNotFoundError), installed():
        raise ModuleNotFoundError(name="wireroom.typo")
