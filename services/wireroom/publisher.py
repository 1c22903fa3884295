"""What a publishing system uses: events in, durable when the call returns."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, overload

from wireroom.batches import BATCH_BYTES, append_all, batches
from wireroom.client.address import SCHEMES
from wireroom.codec import encode
from wireroom.config import Security
from wireroom.connect import open_log
from wireroom.errors import ConfigurationError, Fault
from wireroom.event import ArticleEvent, Kind
from wireroom.log import ARTICLES, BACKFILL, Log, Message, Position

if TYPE_CHECKING:
    from wireroom.client.service import Service
    from wireroom.client.spooling import Spooling


class Publisher:
    """Appends events to a log, or sends them to a service. Safe to use from several threads; close it, or use `with`.

    `log` is a URL such as `sqlite:///data/wireroom.db` (relative to the working folder), or a log that is open already,
    which stays open: `Publisher(MemoryLog())` in tests. `shards`: of the publications that are split, how many ways.
    `security`: how Kafka's brokers are reached.

    Or `log` is where a Wireroom takes events, `https://host/`, with the `key` of this publishing system. An event, or a
    batch of many, takes `timeout` seconds at most, then RetryAfter is raised; with `spool`, a folder, the events wait
    there instead, durably, and their positions are `spooled`. They are sent after the next call that goes well, or by
    `flush`. `allow_http`: send the key in the clear, to other machines too.

    With Kafka or a service, make one in each process, after it forked.
    """

    def __init__(  # noqa: PLR0913  # one call for every place that takes events
        self,
        log: str | Log,
        *,
        prefix: str = "wireroom.",
        shards: Mapping[str, int] | None = None,
        security: Security | None = None,
        key: str | None = None,
        spool: str | Path | None = None,
        timeout: float = 30.0,
        allow_http: bool = False,
    ) -> None:
        """Raises ConfigurationError for what cannot be used, Red when only a person can mend the log."""
        self._shards = dict(shards or {})
        self._owned = isinstance(log, str)
        self._spooling: Spooling | None = None
        self._batch_bytes, self._encode = BATCH_BYTES, self._as_avro
        self._log: Log | Service | Spooling
        if isinstance(log, str) and log.lower().startswith(SCHEMES):
            from wireroom.client import service

            self._batch_bytes, self._encode = service.REQUEST_BYTES, service.as_json
            self._log = service.Service(log, key, timeout=timeout, allow_http=allow_http)
            if spool is not None:
                self._log = self._spooling = _spooling(self._log, Path(spool))
            return
        _refuse_given(key=key, spool=spool)
        self._log = open_log(log, prefix, security=security) if isinstance(log, str) else log

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
        Raises Reject for an event of more than 900,000 bytes, RetryAfter when it cannot be written now. From a service
        also Refused, with every event that it refused (the others are published), ConfigurationError and Red.
        """
        topic = BACKFILL if backfill else ARTICLES
        if isinstance(events, ArticleEvent):
            return self._log.append(topic, [self._encode(events)])[0]
        messages = (self._encode(event) for event in events)
        return append_all(batches(messages, self._batch_bytes), lambda batch: self._log.append(topic, batch))

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

    def flush(self) -> None:
        """Send what waits in the spool. Without one nothing ever waits.

        Raises RetryAfter while the service is away, or another process is sending; Refused for what was refused, which
        the spool's folder keeps in `refused.ndjson`; ConfigurationError, Red.
        """
        if self._spooling:
            self._spooling.flush()

    def close(self) -> None:
        """Let go of the log."""
        if self._owned:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _as_avro(self, event: ArticleEvent) -> Message:
        return encode(event, self._shards.get(event.publication, 1))


def _refuse_given(**only_for_services: object) -> None:
    given = [name for name, value in only_for_services.items() if value is not None]
    if given:
        raise ConfigurationError([Fault(name, "a value", "none: it is for a service, https://…") for name in given])


def _spooling(service: "Service", folder: Path) -> "Spooling":
    from wireroom.client.spool import Spool
    from wireroom.client.spooling import Spooling

    return Spooling(service, Spool(folder))
