"""What the log says of one article: by which ids documents may show it, and when it was withdrawn."""

from collections.abc import Iterator
from typing import NamedTuple

from wireroom.codec import decode
from wireroom.errors import Red, Reject
from wireroom.event import ArticleEvent, Kind
from wireroom.guid import minted
from wireroom.log import ARTICLES, BACKFILL, Log, Record

_SLICE = 1000  # records that are read at once


class Withdrawal(NamedTuple):
    """The withdrawal that counts. `time`: when the log took it, in microseconds since the epoch."""

    revision: int
    time: int


class Told(NamedTuple):
    """`withdrawn` is None while the article is published."""

    guids: frozenset[str]
    withdrawn: Withdrawal | None


def told_of(log: Log, publication: str, article_id: str) -> Told | None:
    """Read the whole log for one article; None when it is not there. Raises RetryAfter, Red."""
    found = list(_events(log, publication, article_id))
    if not found:
        return None
    record, last = max(found, key=lambda pair: pair[1].order)
    guids = {minted(last.id), *(event.guid for _, event in found if event.guid)}
    withdrawn = Withdrawal(last.revision, record.timestamp) if last.kind is Kind.WITHDRAWN else None
    return Told(frozenset(guids), withdrawn)


def _events(log: Log, publication: str, article_id: str) -> Iterator[tuple[Record, ArticleEvent]]:
    for record in _records(log):
        subject = record.headers.get("ce_subject")
        if subject is not None and subject != article_id.encode():
            continue
        try:
            event = decode(record.value)
        except (Reject, Red):
            continue  # no worker used it either
        if (event.publication, event.article_id) == (publication, article_id):
            yield record, event


def _records(log: Log) -> Iterator[Record]:
    for topic in (ARTICLES, BACKFILL):
        for partition in log.partitions(topic):
            offset, end = 0, log.end(partition)
            while offset < end and (records := log.read(partition, offset, _SLICE)):
                yield from records
                offset = records[-1].offset + 1
