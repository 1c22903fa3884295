"""What every log promises, as checks that any implementation can be put through.

Each check gets a `Rig`: a log, another door to the same log (another process would use such a one), and how on this
log time passes. A check asks for no more than the protocol says, so that the same suite runs on a real server.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.contract import log_groups, log_records
from tests.contract.log_rig import Check, Rig
from wireroom.errors import WireroomError

CHECKS: list[Check] = [*log_records.CHECKS, *log_groups.CHECKS]


def failures(make: Callable[[], Rig]) -> Iterator[str]:
    """The names of the checks that an implementation fails."""
    for each in CHECKS:
        try:
            each(make())
        except (AssertionError, LookupError, pytest.fail.Exception, WireroomError):
            yield each.__name__
