"""The section `partners:`, and feeds that only partners read."""

from pathlib import Path
from typing import Any

import pytest

from wireroom.config import Settings, load
from wireroom.errors import ConfigurationError

GOOD = """
publications: [{id: daily, name: Daily, language: en, url: "https://daily.example"}]
feeds:
  - {id: latest, publication: daily}
  - {id: wire, publication: daily, private: true}
  - {id: slow, publication: daily, private: true, cache_control: "private, max-age=60"}
partners:
  - {id: northern, name: Northern Radio, feeds: [daily/wire], rate: 30, until: 2031-04-07T00:00:00+02:00}
  - {id: southern, feeds: [daily/wire, daily/slow]}
access_log: {days: 30}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, text: str) -> Settings:
    (folder / "wireroom.yaml").write_text(text)
    return load(None, {})


def test_a_good_file(folder: Path) -> None:
    found = settings(folder, GOOD)
    northern, southern = found.partners
    assert (northern.rate, southern.rate, southern.until) == (30, 120, None)
    assert northern.until is not None
    assert northern.until.isoformat() == "2031-04-07T00:00:00+02:00"
    assert found.access_log.days == 30


def test_a_private_feed_has_other_keys_and_no_cache_keeps_it(folder: Path) -> None:
    feeds = settings(folder, GOOD).feeds
    assert [feed.stem for feed in feeds] == [
        "feeds/daily/latest",
        "private/feeds/daily/wire",
        "private/feeds/daily/slow",
    ]
    assert [feed.caching for feed in feeds] == ["public, max-age=60", "private, no-store", "private, max-age=60"]


@pytest.mark.parametrize(
    ("old", "new", "path", "expected"),
    [
        ("feeds: [daily/wire], rate", "feeds: [daily/latest], rate", "partners[0].feeds[0]", "daily/wire, daily/slow"),
        ("daily/wire, daily/slow", "daily/wire, daily/none", "partners[1].feeds[1]", "daily/wire, daily/slow"),
        ("feeds: [daily/wire], rate", "feeds: [wire], rate", "partners[0].feeds[0]", "publication/feed"),
        ("id: southern", "id: northern", "partners[1].id", "no other partner"),
        ("id: southern", "id: South", "partners[1].id", "a-z"),
        ("rate: 30", "rate: 0", "partners[0].rate", "1 to 1000000"),
        ("+02:00", "", "partners[0].until", "time zone"),
        ("rate: 30", "limit: 30", "partners[0].limit", ""),
        ("private: true, cache", "private: yes, cache", "feeds[2].private", "true or false"),
        ("private, max-age=60", "max-age=60", "feeds[2].cache_control", "private"),
        ("private, max-age=60", "private, s-maxage=60", "feeds[2].cache_control", "private"),
        ("private, max-age=60", "public, no-store", "feeds[2].cache_control", "private"),
        ("days: 30", "days: 0", "access_log.days", "1 to 3650"),
    ],
)
def test_what_cannot_be(folder: Path, old: str, new: str, path: str, expected: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        settings(folder, GOOD.replace(old, new))
    found: dict[str, Any] = {fault.path.rpartition(": ")[2]: fault for fault in caught.value.faults}
    assert path in found
    assert expected in found[path].expected


def test_without_a_private_feed_no_partner_can_read_any(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is none"):
        settings(folder, GOOD.replace("private: true", "private: false"))
