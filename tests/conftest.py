"""What holds for all tests, and what tests of several folders share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.kafka import Broker

# A slow machine finds no fault: tests assert no time.
settings.register_profile("wireroom", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wireroom")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests that need one; it may be killed and started again."""
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
