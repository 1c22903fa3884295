"""A log in a real broker keeps the contract."""

from collections.abc import Iterator

import pytest

from tests.contract.brokered import Brokered, two_doors
from tests.contract.log_contract import CHECKS
from tests.contract.log_rig import Check
from tests.servers.kafka import Broker
from wireroom.log.kafka import group


@pytest.fixture
def rig(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brokered]:
    monkeypatch.setattr(group, "SESSION", 6_000)
    monkeypatch.setattr(group, "HEARTBEAT", 200)
    with two_doors(broker) as rig:
        yield rig


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(rig: Brokered, check: Check) -> None:
    check(rig)
