"""The report on partners, as it is printed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wireroom.clock import DAY, HOUR, MINUTE, SECOND, moment
from wireroom.config_partners import PartnerSettings
from wireroom.partners.records import Access
from wireroom.partners.report import Current, Report, Standing


class Row(NamedTuple):
    """A partner and a document, or a feed that it has never asked for. `behind`: microseconds."""

    partner: str
    document: str
    standing: Standing | None = None
    current: Current | None = None
    behind: int | None = None


def rows(
    partners: Sequence[PartnerSettings], found: Report, current: Mapping[str, Current | None], now: int
) -> list[Row]:
    """Everybody who asked, and every feed of the settings that a partner never asked for."""
    asked = [
        Row(partner, document, standing, current.get(document), found.behind(standing, current.get(document), now))
        for (partner, document), standing in found.standings.items()
    ]
    never = [
        Row(partner.id, f"private/feeds/{feed}")
        for partner in partners
        for feed in partner.feeds
        if not any(row.partner == partner.id and _is_of(row.document, feed) for row in asked)
    ]
    return sorted([*asked, *never], key=lambda row: (row.partner, row.document))


def _is_of(document: str, feed: str) -> bool:
    return document.startswith((f"private/feeds/{feed}.", f"private/feeds/{feed}/"))


def line(row: Row, now: int) -> str:
    """What a person reads, as of `now`."""
    if row.standing is None:
        return f"{row.partner}  {row.document}  never asked for"
    standing, last = row.standing, row.standing.last
    told = [
        row.partner,
        row.document,
        f"asked {_span(now - last.time)} ago ({last.status}, key {last.key})",
        f"has generation {standing.held.generation}" if standing.held else "has nothing",
    ]
    if row.current:
        told.append("current" if row.behind is None and standing.held else _behind(row))
    told.append(f"{standing.requests} requests, {standing.not_modified} not modified")
    if standing.is_stuck:
        told.append(f"STUCK: names {last.known} again and again")
    return "  ".join(told)


def _behind(row: Row) -> str:
    assert row.current
    since = f" for {_span(row.behind)}" if row.behind is not None else ""
    return f"BEHIND{since}, current is {row.current.generation}"


def row_object(row: Row) -> dict[str, object]:
    """The same for programs."""
    standing = row.standing
    return {
        "partner": row.partner,
        "document": row.document,
        "last": standing and access_object(standing.last),
        "held": standing and standing.held and access_object(standing.held),
        "current_generation": row.current and row.current.generation,
        "behind_seconds": None if row.behind is None else row.behind / SECOND,
        "stuck": bool(standing and standing.is_stuck),
        "requests": standing.requests if standing else 0,
        "not_modified": standing.not_modified if standing else 0,
    }


def access_object(access: Access) -> dict[str, object]:
    """A request and its answer for programs."""
    return {
        "at": moment(access.time).isoformat(timespec="milliseconds"),
        "key": access.key,
        "status": access.status,
        "etag": access.etag,
        "generation": access.generation,
        "bytes": access.size,
    }


def _span(time: int) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if time >= 2 * unit:
            return f"{time // unit} {name}"
    return f"{max(0, time) // SECOND} s"
