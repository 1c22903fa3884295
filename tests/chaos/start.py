"""`wireroom` as a chaos run starts it: a silent member is gone sooner, and it has the bug that `CHAOS_BUG` names."""

import logging
import os

from tests.chaos.broken import BUGS
from wireroom.cli import main
from wireroom.log.kafka import group

SESSION = 6  # seconds; Kafka's own least, where a broker is not told otherwise

if __name__ == "__main__":
    for name in ("base", "consumer"):  # who joined what, and when, tells where time went
        logging.getLogger(f"kafka.coordinator.{name}").setLevel(logging.INFO)
        logging.getLogger(f"kafka.coordinator.{name}").addFilter(lambda record: record.levelno < logging.ERROR)
    group.SESSION = SESSION * 1000
    if bug := os.environ.get("CHAOS_BUG"):
        BUGS[bug]()
    main()
