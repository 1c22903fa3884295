"""A log in a real broker keeps the contract."""

from collections.abc import Iterator

import pytest

from tests.contract.brokered import Brokered, Door, make_topics
from tests.contract.log_contract import CHECKS
from tests.contract.log_rig import Check
from tests.servers.kafka import Broker
from wireroom.log.kafka import group


@pytest.fixture
def rig(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brokered]:
    monkeypatch.setattr(group, "SESSION", 6_000)
    monkeypatch.setattr(group, "HEARTBEAT", 200)
    prefix = make_topics(broker)
    rig = Brokered(broker, Door(broker, prefix), Door(broker, prefix))
    yield rig
    rig.log.close()
    rig.other.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(rig: Brokered, check: Check) -> None:
    check(rig)
