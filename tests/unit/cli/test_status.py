import json
from collections.abc import Sequence

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.cli import status
from wireroom.cli._letters import letters, redrive
from wireroom.cli.status import Place, Status, lines, statuses
from wireroom.clock import HOUR, MINUTE, SECOND, SystemClock
from wireroom.codec import encode, encode_change
from wireroom.config import Settings
from wireroom.document import DocumentChanged
from wireroom.errors import Reject
from wireroom.event import ArticleEvent
from wireroom.health import Health
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Commit
from wireroom.log.memory import MemoryLog
from wireroom.store.memory import MemoryStore
from wireroom.worker.deadletters import letter

NOW = 1_772_350_200 * SECOND


def changed(worker: str, at: int, key: str = "feeds/teluk/latest.rss") -> DocumentChanged:
    return DocumentChanged(key, 7, '"e"', "application/rss+xml", worker, at)


def read(log: MemoryLog, worker: str, offset: int) -> None:
    """A worker that has committed this offset of the articles."""
    consumer = log.join(worker, [ARTICLES, BACKFILL])
    consumer.poll(0, 1)
    consumer.commit({log.partitions(ARTICLES)[0]: Commit(offset)})
    consumer.close()


def filled(count: int) -> MemoryLog:
    log = MemoryLog()
    log.append(ARTICLES, [encode(ArticleEvent.parse(story(f"a{at}"))) for at in range(count)])
    return log


def by_worker(found: Sequence[Status]) -> dict[str, Status]:
    return {each.worker: each for each in found}


def test_a_worker_that_never_ran() -> None:
    feeds = by_worker(list(statuses(filled(3), MemoryStore())))["feeds"]
    assert (feeds.state, feeds.document, feeds.dead_letters, feeds.lag) == ("unknown", None, 0, 3)
    assert feeds.places == (Place("articles/0", None, 3), Place("articles.backfill/0", None, 0))


def test_position_and_lag_are_each_worker_s_own() -> None:
    log = filled(10)
    read(log, "feeds", 4)
    read(log, "articles", 10)
    found = by_worker(list(statuses(log, MemoryStore())))
    assert {name: each.lag for name, each in found.items()} == {"feeds": 6, "articles": 0, "sitemaps": 10}
    assert found["feeds"].places[0].position == 4


def test_the_last_document_is_the_newest_of_its_worker() -> None:
    log = filled(0)
    news = [changed("feeds", 5), changed("feeds", 9, "newest"), changed("feeds", 8), changed("sitemaps", 1)]
    log.append(DOCUMENTS, [encode_change(change) for change in news])
    found = by_worker(list(statuses(log, MemoryStore())))
    assert found["feeds"].document == news[1]
    assert found["sitemaps"].document == news[3]
    assert found["articles"].document is None


def test_an_announcement_that_cannot_be_read_is_passed_over() -> None:
    log = filled(0)
    whole = encode_change(changed("feeds", 5))
    log.append(DOCUMENTS, [whole, whole._replace(value=b"\xc3\x01" + b"?" * 8), whole._replace(value=b"")])
    assert by_worker(list(statuses(log, MemoryStore())))["feeds"].document == changed("feeds", 5)


def test_dead_letters_are_counted_for_the_worker_that_wrote_them() -> None:
    log = filled(1)
    (record,) = log.read(log.partitions(ARTICLES)[0], 0, 1)
    log.append("dead-letters", [letter(record, "feeds", Reject("x"))] * 2)
    found = by_worker(list(statuses(log, MemoryStore())))
    assert (found["feeds"].dead_letters, found["articles"].dead_letters) == (2, 0)


def test_a_red_worker_says_why() -> None:
    store = MemoryStore()
    Health(store, SystemClock(), "feeds").red("most records are bad")
    Health(store, SystemClock(), "articles").green()
    found = by_worker(list(statuses(filled(0), store)))
    assert (found["feeds"].state, found["feeds"].reason) == ("red", "most records are bad")
    assert found["articles"].state == "green"


def test_without_a_log_it_says_so_and_makes_none(shell: Shell) -> None:
    result = shell("status")
    assert result.code == 78
    assert "no log at" in result.err
    assert list(shell.folder.iterdir()) == []


def test_the_command(shell: Shell) -> None:
    shell.write("many.ndjson", story("a"), story("b"))
    shell("publish", "many.ndjson")
    result = shell("status")
    assert (result.code, result.err) == (0, "")
    assert "feeds" in result.out
    assert "articles/0 at - of 2" in result.out
    told = {each["worker"]: each for each in shell("status", "--json").json}
    assert told["sitemaps"]["lag"] == 2
    assert told["sitemaps"]["partitions"][0] == {"partition": "articles/0", "position": None, "end": 2, "lag": 2}


def test_a_red_worker_is_a_finding(shell: Shell) -> None:
    shell.write("many.ndjson", story("a"))
    shell("publish", "many.ndjson")
    Health(shell.store, SystemClock(), "feeds").red("the log lost records")
    result = shell("status")
    assert (result.code, "the log lost records" in result.out) == (1, True)
    red = next(each for each in json.loads(shell("status", "--json").out) if each["worker"] == "feeds")
    assert (red["state"], red["reason"]) == ("red", "the log lost records")


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (0, "0 s ago"),
        (119 * SECOND, "119 s ago"),
        (2 * MINUTE, "2 min ago"),
        (3 * HOUR, "3 h ago"),
        (50 * HOUR, "2 d ago"),
    ],
)
def test_how_long_ago(age: int, told: str) -> None:
    feeds = Status("feeds", "green", "", 0, (), changed("feeds", NOW - age), 0)
    assert any(f"feeds/teluk/latest.rss, {told}" in line for line in lines([feeds], NOW))


def test_what_was_redriven_is_no_longer_counted() -> None:
    log = filled(2)
    for record in log.read(log.partitions(ARTICLES)[0], 0, 2):
        log.append("dead-letters", [letter(record, "feeds", Reject("x"))])
    redrive(log, letters(log)[:1], Settings())
    assert by_worker(list(statuses(log, MemoryStore())))["feeds"].dead_letters == 1


def test_the_last_document_is_looked_for_among_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "TAIL", 2)
    log = filled(0)
    log.append(DOCUMENTS, [encode_change(changed(name, 1)) for name in ("sitemaps", "feeds", "feeds")])
    found = by_worker(list(statuses(log, MemoryStore())))
    assert (found["sitemaps"].document, found["feeds"].document) == (None, changed("feeds", 1))
