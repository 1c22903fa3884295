"""The settings of partners: who may read which private feeds, how often, and until when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict

from wireroom.errors import Fault
from wireroom.faults import Expected
from wireroom.fields import FeedPath, Few, Id, Moment, Name

PRIVATE = "private, no-store"
RATE = 120
_Rate = Annotated[int, Strict(), Field(ge=1, le=1_000_000), Expected("a whole number from 1 to 1000000")]
_Days = Annotated[int, Strict(), Field(ge=1, le=3650), Expected("days: a whole number from 1 to 3650")]


class PartnerSettings(BaseModel):
    """Somebody who reads private feeds with a key of `wireroom keys create --partner ID`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id = Field(description="as its keys name it")
    name: Name | None = Field(None, description="who that is, for reports; the id if not given")
    feeds: Annotated[tuple[FeedPath, ...], Few()] = Field(description="the private feeds it may read: publication/feed")
    rate: _Rate = Field(RATE, description="requests a minute, as many at once after a pause; of each `serve`")
    until: Moment | None = Field(None, description="when its access ends, such as 2027-01-01T00:00:00Z")


class AccessLogSettings(BaseModel):
    """What is kept of partners' requests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: _Days = Field(90, description="days for which partners' requests are kept")


def partner_faults(
    partners: Sequence[tuple[str, Mapping[str, Any]]], feeds: Sequence[tuple[str, Mapping[str, Any]]]
) -> Iterator[Fault]:
    """What is wrong with values of partners and private feeds that may each be right."""
    private = [f"{feed.get('publication')}/{feed.get('id')}" for _, feed in feeds if feed.get("private") is True]
    known = ", ".join(private) or "a feed with `private: true`; there is none"
    seen: set[object] = set()
    for path, partner in partners:
        ident = str(partner.get("id"))
        if ident in seen:
            yield Fault(f"{path}.id", repr(ident), "an id that no other partner has")
        seen.add(ident)
        named = partner.get("feeds")
        for at, feed in enumerate(named if isinstance(named, list) else ()):
            if isinstance(feed, str) and "/" in feed and feed not in private:
                yield Fault(f"{path}.feeds[{at}]", repr(feed), f"one of {known}" if private else known)
    for path, feed in feeds:
        if feed.get("private") is True and feed.get("moved_from"):
            yield Fault(f"{path}.moved_from", "paths", "none: they would tell everybody of a private feed")
        control = str(feed.get("cache_control", PRIVATE))
        if feed.get("private") is True and not _is_private(control):
            yield Fault(f"{path}.cache_control", repr(control), f"{PRIVATE}, or private with a max-age: it is private")


def _is_private(control: str) -> bool:
    """Whether no cache that others share may keep it (RFC 9111, 5.2.2)."""
    directives = {directive.strip().partition("=")[0].lower() for directive in control.split(",")}
    return bool(directives & {"private", "no-store"}) and not directives & {"public", "s-maxage"}
