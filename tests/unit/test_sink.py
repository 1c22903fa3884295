import pytest

from wireroom.config import Settings
from wireroom.sink import SinkNotFound, installed_sinks, load_sink


def test_every_sink_is_found_by_its_entry_point_and_has_its_name() -> None:
    assert {"feeds", "sitemaps", "articles"} <= installed_sinks().keys()
    assert [load_sink(name, Settings()).name for name in installed_sinks()] == list(installed_sinks())


def test_an_unknown_sink_names_those_that_are_there() -> None:
    with pytest.raises(SinkNotFound, match="feeds"):
        load_sink("nonsense", Settings())
