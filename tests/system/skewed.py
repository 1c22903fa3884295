"""`wireroom` whose clock goes wrong while it runs: by the seconds in the file that `SKEW` names, once it is there."""

import os
import time
from pathlib import Path

from wireroom.cli import main
from wireroom.clock import SECOND, SystemClock


def now(_: SystemClock) -> int:
    """The time of a machine that somebody set wrong."""
    file = Path(os.environ["SKEW"])
    return time.time_ns() // 1000 + (int(file.read_text()) * SECOND if file.exists() else 0)


if __name__ == "__main__":
    SystemClock.now = now  # type: ignore[method-assign, assignment]
    main()
