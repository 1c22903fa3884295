import pytest

from wireroom.errors import Red
from wireroom.log import Commit
from wireroom.log.kafka.member import pack, unpack


def test_a_commit_comes_back() -> None:
    assert unpack("w.articles", "id", 7, pack("id", Commit(7, "roster"))) == Commit(7, "roster")
    assert unpack("w.articles", "id", 7, pack("id", Commit(7))) == Commit(7)


def test_a_commit_made_with_another_tool_has_no_roster() -> None:
    assert unpack("w.articles", "id", 7, "") == Commit(7)


def test_a_commit_of_a_topic_that_was_deleted_is_refused() -> None:
    with pytest.raises(Red, match="made anew"):
        unpack("w.articles", "new", 7, pack("old", Commit(7, "roster")))
