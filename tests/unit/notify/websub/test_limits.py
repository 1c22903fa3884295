"""How much may be asked."""

from wireroom.notify.websub import limits
from wireroom.notify.websub.limits import Limit, source


def test_each_name_has_its_own() -> None:
    limit = Limit(0.001, 2)
    assert [limit.take("a"), limit.take("a")] == [0, 0]
    assert limit.take("a") > 0
    assert limit.take("b") == 0


def test_it_fills_again() -> None:
    limit = Limit(1e9, 1)
    assert [limit.take("a") for _ in range(3)] == [0, 0, 0]


def test_the_memory_for_names_is_bounded() -> None:
    limit = Limit(0.001, 1)
    for number in range(limits._KEPT + 1):
        limit.take(str(number))
    assert len(limit._buckets) == limits._KEPT
    assert limit.take(str(limits._KEPT)) > 0


def test_where_a_request_comes_from() -> None:
    assert source("192.0.2.7") == "192.0.2.7"
    assert source("2001:db8:1:2:3:4:5:6") == source("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert source("") == ""
