"""What an ingest counts, for Prometheus. Every counter of the ingest is here, and nothing in it comes from a sender."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, make_asgi_app

from wireroom.asgi import Application
from wireroom.ingest.hooks import Verdict
from wireroom.ingest.problems import KINDS
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS


class Counts:
    """Since the process began. `in_hand`: the bytes that requests hold now."""

    def __init__(self, in_hand: Callable[[], int]) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        appended = Counter(
            "wireroom_ingest_appended", "Messages that are durable in the log.", ["topic"], registry=registry
        )
        self._refused = Counter(
            "wireroom_ingest_refused",
            "Requests, and lines of batches, that were refused.",
            ["problem"],
            registry=registry,
        )
        self._deliveries = Counter(
            "wireroom_ingest_deliveries",
            "What hooks received, and what it came to.",
            ["cms", "verdict"],
            registry=registry,
        )
        held = Gauge("wireroom_ingest_in_hand_bytes", "Bytes that requests hold in memory now.", registry=registry)
        held.set_function(in_hand)
        topics = (ARTICLES, BACKFILL, DEAD_LETTERS)
        self._of_topic = {topic: appended.labels(topic) for topic in topics}  # a rate needs the 0 before the 1
        for name in KINDS:
            self._refused.labels(name)
        self.page: Application = make_asgi_app(registry)

    def appended(self, topic: str, messages: int) -> None:
        """So many messages are durable."""
        self._of_topic[topic].inc(messages)

    def refused(self, problem: str) -> None:
        """A request, or a line of a batch, was refused with a problem of KINDS."""
        self._refused.labels(problem).inc()

    def delivered(self, cms: str, verdict: Verdict) -> None:
        """A hook that is in the settings received something."""
        self._deliveries.labels(cms, verdict.value).inc()
