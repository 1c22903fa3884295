"""What a service that takes events does for who publishes, one check each. A check takes one that took nothing yet."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest

from tests.unit.events import put, wd
from wireroom import ConfigurationError, Publisher, Refused, RetryAfter
from wireroom.client.service import Service, as_json
from wireroom.log import ARTICLES, BACKFILL, Message, Partition, Position


class Site(Protocol):
    """A service with a key for the publication `daily`."""

    url: str
    key: str

    def ids(self, topic: str = ARTICLES) -> Sequence[str]:
        """Of the events that it took, in their order."""

    def away(self) -> AbstractContextManager[None]:
        """It is not there."""


Check = Callable[[Site, Path], None]


def take_an_event(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        first, second = publisher.publish(put("a")), publisher.publish(put("b"))
    assert first.partition == Partition(ARTICLES, 0)
    assert second.offset > first.offset
    assert site.ids() == ["daily-a-1", "daily-b-1"]


def take_many_in_their_order(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        positions = publisher.publish(put("a", at) for at in range(1, 1202))
    assert len(site.ids()) == len(set(positions)) == 1201
    assert site.ids() == [f"daily-a-{at}" for at in range(1, 1202)]


def take_an_archive(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        (position,) = publisher.publish([put("a")], backfill=True)
    assert position.partition.topic == BACKFILL
    assert (site.ids(BACKFILL), site.ids()) == (["daily-a-1"], [])


def take_any_text(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        publisher.publish([put("ñ/ü例", title='"\\ \u2028 🗞'), wd("z", 2), put("l", title='"' * 700_000)])
    assert len(site.ids()) == 3


def take_the_same_again(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        publisher.publish(put("a"))
        publisher.publish(put("a"))
    assert site.ids() == ["daily-a-1", "daily-a-1"]


def refuse_what_is_another_s_and_take_its_neighbours(site: Site, folder: Path) -> None:
    with Publisher(site.url, key=site.key) as publisher:
        with pytest.raises(Refused) as caught:
            publisher.publish([put("a"), put("b", publication="weekly"), put("c")])
        with pytest.raises(Refused, match="forbidden"):
            publisher.publish(put("d", publication="weekly"))
    (refusal,) = caught.value.refusals
    assert (refusal.index, refusal.event_id, refusal.rule) == (1, "weekly-b-1", "forbidden")
    first, none, third = caught.value.positions
    assert first
    assert none is None
    assert third
    assert site.ids() == ["daily-a-1", "daily-c-1"]


def refuse_what_is_no_event_with_every_fault(site: Site, folder: Path) -> None:
    service = Service(site.url, site.key)
    bad = [Message("", b'{"revision": 0, "titel": 1}'), Message("", b"{"), as_json(put("a"))]
    with pytest.raises(Refused) as caught:
        service.append(ARTICLES, bad)
    first, second = caught.value.refusals
    assert {"revision", "titel", "kind"} <= {fault.path for fault in first.faults}
    assert (first.rule, second.rule) == ("invalid-event", "invalid-event")
    assert site.ids() == ["daily-a-1"]


def refuse_another_key(site: Site, folder: Path) -> None:
    for key in (f"{site.key[:-1]}{'1' if site.key[-1] == '0' else '0'}", "wr_x"):
        with Publisher(site.url, key=key) as publisher, pytest.raises(ConfigurationError, match="key: ") as caught:
            publisher.publish(put("a"))
        assert key not in str(caught.value)
    assert site.ids() == []


def be_told_of_what_waited(site: Site, folder: Path) -> None:
    with site.away(), Publisher(site.url, key=site.key, spool=folder, timeout=0.5) as publisher:
        assert publisher.publish(put("a")).spooled
        assert all(position.spooled for position in publisher.publish([put("b"), put("c")]))
        with pytest.raises(RetryAfter):
            publisher.flush()
    with Publisher(site.url, key=site.key, spool=folder) as publisher:
        publisher.flush()
        position: Position = publisher.publish(put("d"))
        assert not position.spooled
    assert site.ids() == ["daily-a-1", "daily-b-1", "daily-c-1", "daily-d-1"]


CONTRACT: Sequence[Check] = (
    take_an_event,
    take_many_in_their_order,
    take_an_archive,
    take_any_text,
    take_the_same_again,
    refuse_what_is_another_s_and_take_its_neighbours,
    refuse_what_is_no_event_with_every_fault,
    refuse_another_key,
    be_told_of_what_waited,
)
