from collections.abc import Mapping
from pathlib import Path

import pytest

from wireroom.config import Settings, load
from wireroom.errors import ConfigurationError

GOOD = """
publications:
  - {id: fjordposten, name: Fjordposten, language: no, url: "https://fjordposten.example"}
  - {id: teluk, name: Teluk Pos, language: id, url: "https://teluk.example", shards: 4}
feeds:
  - {id: latest, publication: fjordposten, formats: [rss, atom]}
  - id: latest
    publication: teluk
    publications: [teluk, fjordposten]
    include: {sections: [Ekonomi], languages: [id, en-GB]}
    exclude: {access: [PAID]}
    content: summary
public_url: https://feeds.example/
log: {url: "sqlite:///state/events.db"}
store: {url: "file:////srv/wire room/store"}
flush_interval: 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "wireroom.yaml").write_text(text)
    return load(None, environ or {})


def faults(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """Path -> found, expected."""
    with pytest.raises(ConfigurationError) as caught:
        settings(folder, text, environ)
    return {fault.path: (fault.found, fault.expected) for fault in caught.value.faults}


def test_a_good_file(folder: Path) -> None:
    found = settings(folder, GOOD)
    assert [publication.language for publication in found.publications] == ["no", "id"]
    assert found.feeds[1].publications == ("teluk", "fjordposten")
    assert found.feeds[1].exclude.access == ("PAID",)
    assert found.flush_interval == 0
    assert not found.discover


def test_paths_are_relative_to_the_file_and_four_slashes_are_absolute(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc/newsroom.yaml").write_text(GOOD)
    found = load(Path("etc/newsroom.yaml"), {})
    assert found.log.url == f"sqlite:///{folder}/etc/state/events.db"
    assert found.store.url == "file:////srv/wire room/store"


def test_a_bucket_stays_what_it_is_and_what_is_wrong_with_it_is_told(folder: Path) -> None:
    url = "s3://news-room/live?endpoint=https://s3.example:9000"
    assert load(None, {"WIREROOM_STORE__URL": url}).store.url == url
    with pytest.raises(ConfigurationError) as caught:
        load(None, {"WIREROOM_STORE__URL": "s3://news-room?endpoint={x}"})
    assert "endpoint is '{x}', not an http or https URL" in caught.value.faults[0].expected


def test_without_a_file_paths_are_relative_to_the_working_folder(folder: Path) -> None:
    found = load(None, {"WIREROOM_STORE__URL": "file:///elsewhere"})
    assert found.discover
    assert found.log.url == f"sqlite:///{folder}/data/wireroom.db"
    assert found.store.url == f"file:///{folder}/elsewhere"


def test_the_environment_names_the_file(folder: Path) -> None:
    (folder / "other.yaml").write_text("flush_interval: 7\n")
    assert load(None, {"WIREROOM_CONFIG": "other.yaml"}).flush_interval == 7
    (folder / "asked.yaml").write_text("flush_interval: 8\n")
    assert load(Path("asked.yaml"), {"WIREROOM_CONFIG": "other.yaml"}).flush_interval == 8


def test_a_file_that_was_named_must_be_there(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.yaml"):
        load(Path("missing.yaml"), {})


def test_all_faults_are_told_at_once_each_with_its_place(folder: Path) -> None:
    text = GOOD.replace("name: Fjordposten", "nmae: Fjordposten").replace("https://teluk.example", "teluk.example")
    text = text.replace("formats: [rss, atom]", "formats: [rss, rss], entries: 1001").replace("content:", "shows:")
    told = faults(folder, text, {"WIREROOM_PUBLIK_URL": "x", "WIREROOM_FLUSH_INTERVAL": "-1"})
    assert set(told) == {
        "wireroom.yaml:3: publications[0].name",
        "wireroom.yaml:3: publications[0].nmae",
        "wireroom.yaml:4: publications[1].url",
        "wireroom.yaml:6: feeds[0].formats",
        "wireroom.yaml:6: feeds[0].entries",
        "wireroom.yaml:12: feeds[1].shows",
        "WIREROOM_PUBLIK_URL",
        "WIREROOM_FLUSH_INTERVAL: flush_interval",
    }
    assert told["wireroom.yaml:3: publications[0].nmae"] == ("an unknown key", "name")
    assert told["WIREROOM_PUBLIK_URL"] == ("an unknown variable", "WIREROOM_PUBLIC_URL")


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("{id: latest,", "{id: Latest,", "feeds[0].id"),
        ("language: no", "language: norsk-bokmaal", "publications[0].language"),
        ("language: no", "language: false", "publications[0].language"),
        ("shards: 4", "shards: 0", "publications[1].shards"),
        ("shards: 4", 'shards: "4"', "publications[1].shards"),
        ("shards: 4", "public_url: 'https://x.example/?a'", "publications[1].public_url"),
        ("{id: latest,", "{id: feeds,", "feeds[0].id"),
        ("    publication: teluk", "    publication: fjordposten", "feeds[1].id"),
        ("    publication: teluk", "    publication: talk", "feeds[1].publication"),
        ("    publication: teluk", "    title: Ekonomi", "feeds[1].publication"),
        ("[teluk, fjordposten]", "[teluk, bergen]", "feeds[1].publications[1]"),
        ("[teluk, fjordposten]", "teluk", "feeds[1].publications"),
        ("[rss, atom]", "[rss, opml]", "feeds[0].formats"),
        ("[rss, atom]", "[]", "feeds[0].formats"),
        ("[id, en-GB]", "[id, en_GB]", "feeds[1].include.languages[1]"),
        ("[PAID]", "[paid]", "feeds[1].exclude.access[0]"),
        ("content: summary", "content: teaser", "feeds[1].content"),
        ("content: summary", "entries: 0", "feeds[1].entries"),
        ("content: summary", "minutes: 43201", "feeds[1].minutes"),
        ("content: summary", 'cache_control: "a\\nSet-Cookie: b"', "feeds[1].cache_control"),
        ("https://feeds.example/", "/feeds", "public_url"),
        ("sqlite:///state/events.db", "kafka://", "log.url"),
        ("sqlite:///state/events.db", "kafka://broker:9092/topic", "log.url"),
        ("sqlite:///state/events.db", "sqlite:///state/", "log.url"),
        ("sqlite:///state/events.db", "sqlite://state/events.db", "log.url"),
        ('"file:////srv/wire room/store"', "s3:/bucket", "store.url"),
        ('"file:////srv/wire room/store"', "s3://bucket?regoin=eu-west-1", "store.url"),
        ("flush_interval: 0", "flush_interval: .inf", "flush_interval"),
        ("flush_interval: 0", "flush_interval: yes", "flush_interval"),
        ("flush_interval: 0", "flush: 0", "flush"),
    ],
)
def test_each_rule(folder: Path, before: str, after: str, path: str) -> None:
    assert before in GOOD
    told = faults(folder, GOOD.replace(before, after, 1))
    assert [where.partition(": ")[2] for where in told] == [path]
    line = int(next(iter(told)).removeprefix("wireroom.yaml:").partition(":")[0])
    assert path.rpartition(".")[2].partition("[")[0] in GOOD.replace(before, after, 1).splitlines()[line - 1] or (
        after == "    title: Ekonomi"  # what is missing is told where its holder begins
    )


def test_brokers_are_no_path(folder: Path) -> None:
    for url in ("kafka://broker", "kafka://one.example:9092,two.example:9092", "kafka://[::1]:9092"):
        assert load(None, {"WIREROOM_LOG__URL": url}).log.url == url


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"MECHANISM": "PLAIN", "USER": "a"}, "user and password with it"),
        ({"MECHANISM": "SCRAM-SHA-512"}, "user and password with it"),
        ({"MECHANISM": "OAUTHBEARER", "TOKEN_URL": "https://x.example/"}, "token or token_url and user and password"),
        ({"MECHANISM": "AWS_MSK_IAM"}, "tls with it"),
    ],
)
def test_what_a_mechanism_lacks(folder: Path, given: dict[str, str], lacking: str) -> None:
    with pytest.raises(ConfigurationError, match=f"log.security: found {given['MECHANISM']}, expected {lacking}"):
        load(None, {f"WIREROOM_LOG__SECURITY__{name}": value for name, value in given.items()})


def test_secrets_come_from_files_and_are_never_shown(folder: Path) -> None:
    (folder / "secret").write_text("s3cret\n")
    security = load(None, {"WIREROOM_LOG__SECURITY__PASSWORD_FILE": "secret"}).log.security
    assert security.password is not None
    assert security.password.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{security!r}{security.model_dump_json()}"
    (folder / "wireroom.yaml").write_text("log: {security: {password: 12345}}")
    with pytest.raises(ConfigurationError, match="password: found a secret") as caught:
        load(None, {})
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"URL": "http://registry.example", "USER": "a"}, "user and password, or token"),
        ({"URL": "http://registry.example", "PASSWORD": "a"}, "user and password, or token"),
        ({"URL": "http://registry.example", "USER": "a", "PASSWORD": "a", "TOKEN": "b"}, "user and password, or token"),
        ({"TOKEN": "b"}, "url with it"),
    ],
)
def test_what_a_registry_lacks(folder: Path, given: dict[str, str], lacking: str) -> None:
    with pytest.raises(ConfigurationError, match=f"registry: found .*expected {lacking}"):
        load(None, {f"WIREROOM_REGISTRY__{name}": value for name, value in given.items()})


def test_a_registry_and_whom_it_knows(folder: Path) -> None:
    (folder / "secret").write_text("s3cret\n")
    given = {"URL": "https://registry.example/apis/ccompat/v7", "USER": "wireroom", "PASSWORD_FILE": "secret"}
    registry = load(None, {f"WIREROOM_REGISTRY__{name}": value for name, value in given.items()}).registry
    assert registry.password is not None
    assert registry.password.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{registry!r}"


def test_an_id_that_is_wrong_or_taken_leaves_its_feeds_without_a_publication(folder: Path) -> None:
    strangers = {"wireroom.yaml:6: feeds[0].publication", "wireroom.yaml:9: feeds[1].publications[1]"}
    assert set(faults(folder, GOOD.replace("id: fjordposten,", "id: Fjordposten,"))) == {
        "wireroom.yaml:3: publications[0].id",
        *strangers,
    }
    assert set(faults(folder, GOOD.replace("id: fjordposten,", "id: teluk,"))) == {
        "wireroom.yaml:4: publications[1].id",
        *strangers,
    }


def test_a_feed_without_any_publication_is_told_so(folder: Path) -> None:
    told = faults(folder, "feeds: [{id: latest, publication: teluk}]")
    assert "none is declared" in told["wireroom.yaml:1: feeds[0].publication"][1]


def test_settings_made_in_python_are_checked_too() -> None:
    with pytest.raises(ValueError, match="flush_interval"):
        Settings(flush_interval=-1)
