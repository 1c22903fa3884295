"""What a publishing system uses: events in, durable when the call returns."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Self, overload

from wireroom.codec import encode
from wireroom.config import Security
from wireroom.connect import open_log
from wireroom.event import ArticleEvent, Kind
from wireroom.log import ARTICLES, BACKFILL, Log, Message, Position

BATCH_EVENTS = 500
BATCH_BYTES = 4_000_000


class Publisher:
    """Appends events to a log. Safe to use from several threads; close it, or use it as a context manager.

    `log` is a URL such as `sqlite:///data/wireroom.db` (relative to the working folder), or a log that is open already,
    which stays open: `Publisher(MemoryLog())` in tests. `shards`: of the publications that are split, how many ways.
    `security`: how Kafka's brokers are reached. With Kafka, make one in each process, after it forked.
    """

    def __init__(
        self,
        log: str | Log,
        *,
        prefix: str = "wireroom.",
        shards: Mapping[str, int] | None = None,
        security: Security | None = None,
    ) -> None:
        """Raises ConfigurationError for a URL that cannot be used, Red when only a person can mend the log."""
        self._log = open_log(log, prefix, security=security) if isinstance(log, str) else log
        self._owned = isinstance(log, str)
        self._shards = dict(shards or {})

    @overload
    def publish(self, events: ArticleEvent, *, backfill: bool = False) -> Position: ...
    @overload
    def publish(self, events: Iterable[ArticleEvent], *, backfill: bool = False) -> list[Position]: ...
    def publish(
        self, events: ArticleEvent | Iterable[ArticleEvent], *, backfill: bool = False
    ) -> Position | list[Position]:
        """Append one event or many; returns where they are once they are durable.

        Many go in batches: when one cannot be sent, the batches before it stay published, and sending all of them again
        does no harm. `backfill`: an archive, which never delays live news.
        Raises Reject for an event of more than 900,000 bytes, RetryAfter when the log cannot be written now.
        """
        topic = BACKFILL if backfill else ARTICLES
        if isinstance(events, ArticleEvent):
            return self._log.append(topic, [self._encode(events)])[0]
        messages = (self._encode(event) for event in events)
        return [position for batch in batches(messages) for position in self._log.append(topic, batch)]

    def withdraw(
        self,
        publication: str,
        article_id: str,
        *,
        revision: int,
        published_at: datetime,
        note: str | None = None,
        guid: str | None = None,
    ) -> Position:
        """Withdraw an article. `revision`: higher than that of what it withdraws; `published_at` and `guid`: the same.

        Raises InvalidEvent, RetryAfter.
        """
        return self.publish(
            ArticleEvent(
                kind=Kind.WITHDRAWN,
                publication=publication,
                article_id=article_id,
                revision=revision,
                occurred_at=datetime.now(UTC),
                published_at=published_at,
                note=note,
                guid=guid,
            )
        )

    def close(self) -> None:
        """Let go of the log."""
        if self._owned:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _encode(self, event: ArticleEvent) -> Message:
        return encode(event, self._shards.get(event.publication, 1))


def batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Lists that are worth a transaction and small enough for one."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        batch.append(message)
        size += len(message.value)
        if len(batch) == BATCH_EVENTS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
