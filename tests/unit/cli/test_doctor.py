from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.stories import story
from wireroom.check import AWAY, MISCONFIGURED, WELL, WRONG, Check
from wireroom.cli import _checks
from wireroom.cli._checks import dependencies, skew
from wireroom.cli.doctor import exit_code, line
from wireroom.clock import SECOND, ManualClock, SystemClock
from wireroom.config import Settings
from wireroom.errors import Red, RetryAfter
from wireroom.health import Health
from wireroom.log import ARTICLES, Message
from wireroom.log.memory import MemoryLog
from wireroom.store import Metadata, Stored
from wireroom.store.memory import MemoryStore


def examine(monkeypatch: pytest.MonkeyPatch, log: object, store: object) -> dict[str, Check]:
    """The checks by name; an exception in place of a log or a store is raised when it is opened."""

    def opener(opened: object) -> Any:  # noqa: ANN401  # of a log or a store
        def opening(*_: object) -> object:
            if isinstance(opened, Exception):
                raise opened
            return opened

        return opening

    monkeypatch.setattr(_checks, "open_log", opener(log))
    monkeypatch.setattr(_checks, "open_store", opener(store))
    return {each.what: each for each in dependencies(Settings())}


class Away(MemoryStore):
    def get(self, key: str) -> Stored | None:
        raise RetryAfter("cannot reach the store")


class Unconditional(MemoryStore):
    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        held = self.get(key)
        return super().put(key, body, held.etag if held else None, metadata)


class KeepsAll(MemoryStore):
    def delete(self, key: str, if_match: str) -> None:
        raise Red("cannot write: 403", "allow s3:DeleteObject")


class Late(MemoryStore):
    def now(self) -> int:
        return SystemClock().now() - 60 * SECOND


class Examinable(MemoryLog):
    def __init__(self, found: Check) -> None:
        super().__init__()
        self.found = found

    def examine(self, groups: Sequence[str], needs: Mapping[str, frozenset[str]]) -> Iterator[Check]:
        yield self.found._replace(told=" ".join(groups))


def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(monkeypatch, MemoryLog(), MemoryStore())
    assert {each.state for each in found.values()} == {WELL}
    assert {"log", "store: conditional writes", "store: clock", "worker feeds", "schemas"} <= found.keys()
    assert exit_code(found.values()) == 0


@pytest.mark.parametrize(
    ("store", "what", "state", "told"),
    [
        (Away(), "store", AWAY, "cannot reach"),
        (RetryAfter("the disk is full"), "store", AWAY, "full"),
        (Red("there are no credentials", "set them"), "store", WRONG, "credentials"),
        (Unconditional(), "store: conditional writes", WRONG, "was ignored"),
        (KeepsAll(), "store: permissions", WRONG, "403"),
        (Late(), "store: clock", WRONG, "60.0 s ahead"),
    ],
)
def test_what_is_wrong_with_the_store(
    monkeypatch: pytest.MonkeyPatch, store: object, what: str, state: str, told: str
) -> None:
    found = examine(monkeypatch, MemoryLog(), store)
    assert (found[what].state, told in found[what].told, bool(found[what].remedy)) == (state, True, True)
    assert found["worker feeds"].state == WELL


def test_a_log_that_cannot_be_opened_hides_no_other_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(monkeypatch, RetryAfter("no broker"), Late())
    assert (found["log"].state, found["store: clock"].state) == (AWAY, WRONG)
    assert "worker feeds" not in found


@pytest.mark.parametrize(("state", "goes_on"), [(WELL, True), (WRONG, True), (AWAY, False)])
def test_a_log_that_has_more_to_tell_is_asked(monkeypatch: pytest.MonkeyPatch, state: str, goes_on: bool) -> None:
    found = examine(monkeypatch, Examinable(Check("brokers", state, "")), MemoryStore())
    assert found["brokers"].told == "articles feeds sitemaps"
    assert ("worker feeds" in found) is goes_on
    assert found["store"].state == WELL


def test_a_worker_that_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    log, store = MemoryLog(), MemoryStore()
    log.append(ARTICLES, [Message("daily", b"")])
    Health(store, SystemClock(), "feeds").red("most records are bad")
    found = examine(monkeypatch, log, store)
    assert (found["worker feeds"].state, found["worker feeds"].told) == (WRONG, "red, lag 1: most records are bad")
    assert found["worker articles"].told == "unknown, lag 1"


def test_a_schema_from_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog(partitions=2)
    messages = [Message("a", b"\xc3\x01" + bytes(8) + b"?"), *(Message("a", b"no event"),) * 3]
    log.append(ARTICLES, messages)
    found = examine(monkeypatch, log, MemoryStore())["schemas"]
    assert (found.state, "upgrade" in found.remedy) == (WRONG, True)


def test_a_clock_that_is_off() -> None:
    store = cast(MemoryStore, ManualClock(10 * SECOND))
    assert skew(store, ManualClock(6 * SECOND)) == "this machine is 4.0 s behind the store"
    for now in (4, 16):
        with pytest.raises(Red, match="NTP"):
            skew(store, ManualClock(now * SECOND))


@pytest.mark.parametrize(
    ("states", "code"),
    [((WELL,), 0), ((WELL, WRONG), 1), ((WRONG, AWAY, WELL), 69), ((AWAY, MISCONFIGURED), 78)],
)
def test_exit_codes(states: tuple[str, ...], code: int) -> None:
    assert exit_code(Check("", state, "") for state in states) == code


def test_a_line_says_how_to_mend_it() -> None:
    assert "to mend it: start it" in line(Check("store", AWAY, "no answer", "start it"))
    assert "mend" not in line(Check("store", WELL, "answers"))


def test_the_command(shell: Shell) -> None:
    shell.write("one.ndjson", story("a"))
    shell("publish", "one.ndjson")
    result = shell("doctor")
    assert (result.code, result.err, result.out.count("well ")) == (0, "", len(result.out.splitlines()))
    assert list(shell.store.keys("_probe/")) == []
    told = {each["what"]: each for each in shell("doctor", "--json").json}
    assert told["worker feeds"] == {"what": "worker feeds", "state": "well", "told": "unknown, lag 1", "remedy": ""}


def test_without_a_log(shell: Shell) -> None:
    result = shell("doctor")
    assert (result.code, "no log at" in result.out, "publish something" in result.out) == (78, True, True)


def test_faults_of_the_configuration(shell: Shell) -> None:
    Path("wireroom.yaml").write_text("feeds: 7\nlog: {url: ftp://x}\n")
    result = shell("doctor", "--json")
    (fault,) = result.json
    assert (result.code, fault["what"], fault["state"]) == (78, "configuration", "misconfigured")
    assert "feeds" in fault["told"]
    assert "log.url" in fault["told"]
