"""While the outside is unwell a worker waits, stays a member of its group, and says so once for each try."""

from collections.abc import Sequence

import pytest

from tests.unit.events import put
from tests.unit.worker.newsroom import Newsroom, settle
from wireroom.clock import SECOND
from wireroom.errors import RetryAfter
from wireroom.log import Record
from wireroom.worker import session as module


def away(*_: object) -> Sequence[Record]:
    raise RetryAfter("the log is away", 5)


def test_a_wait_is_as_long_as_it_was_told_though_the_log_is_away_all_the_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room, slept = Newsroom(), list[float]()
    session = room.worker().join()
    monkeypatch.setattr("time.sleep", slept.append)
    with monkeypatch.context() as patch:
        patch.setattr(session.consumer, "poll", away)
        for _ in range(20):
            session.step()
        assert caplog.messages == ["toy: the log is away; trying again in 5 s"]
        assert len(slept) == 19, "it does not spin"
        assert max(slept) <= module.IDLE, "a signal to end is heard soon"
        room.clock.time += 5 * SECOND
        session.step()
        assert len(caplog.messages) == 2
    room.publish(put("a"))
    room.clock.time += 5 * SECOND
    settle(session)
    assert room.shown() == {"a": 1}
