"""The worker: the process that feeds one sink from the log and publishes its documents."""

from wireroom.worker.loop import Worker as Worker
