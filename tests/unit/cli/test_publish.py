import json
from collections.abc import Iterator, Sequence

import pytest

from tests.servers.ingest import KEY, Ingest, address, serving
from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import STORM, story
from wireroom.cli import publish
from wireroom.codec import decode
from wireroom.errors import RetryAfter
from wireroom.log import ARTICLES, BACKFILL, Message, Position
from wireroom.log.sqlite import SQLiteLog

BROKEN = story("rusak", article={"title": " "}, url="badai.html")


def published(shell: Shell, topic: str = ARTICLES) -> list[str]:
    return [decode(record.value).article_id for record in shell.records(topic)]


def test_an_event(shell: Shell) -> None:
    shell.write("storm.json", STORM)
    assert shell("publish", "storm.json") == (0, "published 1 event\n", "")
    (record,) = shell.records()
    assert decode(record.value).model_dump(mode="json", exclude_defaults=True)["article"] == STORM["article"]
    assert record.key == "teluk"


def test_standard_input(shell: Shell) -> None:
    lines = "\n".join(json.dumps(story(name)) for name in "abc")
    assert shell("publish", "-", stdin=lines.encode()).code == 0
    assert published(shell) == ["a", "b", "c"]


def test_a_folder_gives_its_files_by_name(shell: Shell) -> None:
    shell.write("in/2.ndjson", story("c"), story("d"))
    shell.write("in/10.json", story("a"))
    shell.write("in/11.jsonl", story("b"))
    shell.write("in/notes.txt", story("x"))
    assert shell("publish", "in").out == "published 4 events\n"
    assert published(shell) == ["a", "b", "c", "d"]


def test_a_folder_without_events(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    assert shell("publish", "empty").code == 2


def test_nothing_is_published_when_a_source_is_missing(shell: Shell) -> None:
    shell.write("storm.json", STORM)
    assert shell("publish", "storm.json", "missing.json").code == 2
    assert not (shell.folder / "data").exists()


def test_of_a_file_with_faults_nothing_is_published_but_other_files_are(shell: Shell) -> None:
    shell.write("bad.ndjson", story("a"), BROKEN, story("b"), story("c", revision=0))
    shell.write("good.ndjson", story("d"))
    result = shell("publish", "bad.ndjson", "good.ndjson")
    assert (result.code, result.out) == (1, "published 1 event; faults: 3\n")
    assert published(shell) == ["d"]
    told = [line.partition(" found")[0] for line in result.err.splitlines()]
    assert sorted(told[:3]) == ["bad.ndjson:2: article.title:", "bad.ndjson:2: url:", "bad.ndjson:4: revision:"]
    assert told[3:] == ["bad.ndjson: nothing of it was published"]


def test_keep_going_publishes_what_is_good(shell: Shell) -> None:
    shell.write("bad.ndjson", story("a"), BROKEN, story("b"))
    result = shell("publish", "--keep-going", "bad.ndjson")
    assert (result.code, result.out) == (1, "published 2 events; faults: 2\n")
    assert "nothing of it" not in result.err
    assert published(shell) == ["a", "b"]


def test_for_a_script(shell: Shell) -> None:
    shell.write("bad.ndjson", story("a"), BROKEN)
    result = shell("publish", "--json", "--keep-going", "bad.ndjson")
    assert result.json["published"] == 1
    assert {(fault["file"], fault["line"], fault["path"]) for fault in result.json["faults"]} == {
        ("bad.ndjson", 2, "article.title"),
        ("bad.ndjson", 2, "url"),
    }
    assert result.err == ""


def test_dry_run_only_checks(shell: Shell) -> None:
    shell.write("bad.ndjson", story("a"), BROKEN)
    result = shell("publish", "--dry-run", "bad.ndjson")
    assert (result.code, result.out) == (1, "checked 0 events; faults: 2\n")
    shell.write("good.ndjson", story("a"), story("b"))
    assert shell("publish", "--dry-run", "good.ndjson").out == "checked 2 events\n"
    assert not (shell.folder / "data").exists()


def test_backfill_goes_to_its_own_topic(shell: Shell) -> None:
    shell.write("storm.json", STORM)
    shell("publish", "--backfill", "storm.json")
    assert (published(shell, BACKFILL), published(shell)) == ([STORM["article_id"]], [])


def test_what_reads_twice_is_refused(shell: Shell) -> None:
    text = json.dumps(STORM)[:-1] + ', "revision": 2}'
    result = shell("publish", "-", stdin=text.encode())
    assert result.code == 1
    assert "-:1: (whole): found the key 'revision' more than once" in result.err


@pytest.mark.parametrize("text", ['"text"', "[1]", "[[]]", "null"])
def test_what_is_no_object_is_refused(shell: Shell, text: str) -> None:
    result = shell("publish", "-", stdin=text.encode())
    assert result.code == 1
    assert "expected an object" in result.err


def test_an_event_too_large_for_the_log_is_refused_and_its_neighbours_are_not(shell: Shell) -> None:
    shell.write("large.ndjson", story("a"), story("b", article={"body_html": "x" * 900_000}), story("c"))
    result = shell("publish", "--keep-going", "large.ndjson")
    assert result.code == 1
    assert "large.ndjson:2: (whole): found 900" in result.err
    assert published(shell) == ["a", "c"]


def test_shards_of_the_configuration_are_used(shell: Shell) -> None:
    (shell.folder / "wireroom.yaml").write_text(
        "publications: [{id: teluk, name: Teluk, language: id, url: 'https://teluk.example', shards: 3}]"
    )
    shell.write("many.ndjson", *(story(f"a{at}") for at in range(20)))
    assert shell("publish", "many.ndjson").code == 0
    assert {record.key for record in shell.records()} == {"teluk/0", "teluk/1", "teluk/2"}


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


@pytest.fixture
def url(ingest: Ingest) -> Iterator[str]:
    with serving(ingest) as server:
        yield address(server)


def test_to_a_service(shell: Shell, ingest: Ingest, url: str) -> None:
    shell.write("many.ndjson", *(story(f"a{at}") for at in range(600)))
    (shell.folder / "key").write_text(f"{KEY}\n")
    assert shell("publish", "many.ndjson", "--to", url, "--key-file", "key") == (0, "published 600 events\n", "")
    assert shell("publish", "many.ndjson", "--to", url, "--key-file", "key", "--backfill").code == 0
    assert (len(ingest.taken[ARTICLES]), len(ingest.taken[BACKFILL])) == (600, 600)
    assert not (shell.folder / "data").exists()


def test_the_key_of_a_service_may_be_in_the_environment(
    shell: Shell, ingest: Ingest, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write("storm.json", STORM)
    (shell.folder / "key").write_text(KEY)
    with monkeypatch.context() as patch:
        patch.setenv("WIREROOM_KEY", KEY)
        assert shell("publish", "storm.json", "--to", url).code == 0
    with monkeypatch.context() as patch:
        patch.setenv("WIREROOM_KEY_FILE", "key")
        assert shell("publish", "storm.json", "--to", url).code == 0
    assert len(ingest.ids) == 2


def test_a_service_without_a_key(shell: Shell, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.write("storm.json", STORM)
    result = shell("publish", "storm.json", "--to", url)
    assert result.code == 78
    assert "--key-file, WIREROOM_KEY_FILE or WIREROOM_KEY" in result.err
    (shell.folder / "key").write_bytes(b"\xff\xfe")
    assert "key, which cannot be read" in shell("publish", "storm.json", "--to", url, "--key-file", "key").err
    monkeypatch.setenv("WIREROOM_KEY", "wr_wrong-Canary")
    refused = shell("publish", "storm.json", "--to", url)
    assert refused.code == 78
    assert "Canary" not in refused.out + refused.err


def test_http_to_another_machine_must_be_allowed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREROOM_KEY", KEY)
    shell.write("storm.json", STORM)
    result = shell("publish", "storm.json", "--to", "http://ingest.invalid/")
    assert result.code == 78
    assert "allow_http" in result.err


def test_what_a_service_refuses_is_told_with_its_line(
    shell: Shell, ingest: Ingest, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREROOM_KEY", KEY)
    ingest.refuse = lambda event: (
        {"status": 403, "type": "x/forbidden", "detail": "Another's."}
        if event["article_id"] in ("a2", "a550")
        else None
    )
    shell.write("many.ndjson", *(story(f"a{at}") for at in range(600)))
    result = shell("publish", "many.ndjson", "--to", url)
    assert (result.code, result.out) == (1, "published 598 events; faults: 2\n")
    assert [line.partition(": found")[0] for line in result.err.splitlines()] == [
        "many.ndjson:3: (whole)",
        "many.ndjson:551: (whole)",
    ]
    assert "Another's." in result.err


def test_many_go_in_batches_by_a_temporary_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "IN_MEMORY", 1000)
    sizes = []
    append = SQLiteLog.append

    def watched(self: SQLiteLog, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        sizes.append(len(messages))
        return append(self, topic, messages)

    monkeypatch.setattr(SQLiteLog, "append", watched)
    names = [f"a{at}" for at in range(1100)]
    shell.write("many.ndjson", *map(story, names))
    assert shell("publish", "many.ndjson").code == 0
    assert published(shell) == names
    assert len(sizes) < 10


def test_a_log_that_fails_half_way_is_told_with_what_was_published(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = SQLiteLog.append

    def failing(self: SQLiteLog, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        if self.end(self.partitions(topic)[0]) > 0:
            raise RetryAfter("no room is left")
        return append(self, topic, messages)

    monkeypatch.setattr(SQLiteLog, "append", failing)
    shell.write("many.ndjson", *(story(f"a{at}") for at in range(1200)))
    result = shell("publish", "many.ndjson")
    assert (result.code, result.out) == (69, "published 500 events\n")
    assert "no room is left" in result.err
