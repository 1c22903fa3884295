"""An article document is edition and document in one: it carries what decides whether an event may replace it.

The greater (order of the event, phase) wins: so the outcome never depends on the order of arrival, and time only
moves forward, from withheld over shown to expired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from wireroom.articles import ninjs
from wireroom.articles.lint import gate
from wireroom.articles.render import document_key
from wireroom.clock import micros
from wireroom.config import Publication
from wireroom.document import Document, generation_of
from wireroom.event import ArticleEvent, Order
from wireroom.store import Stored

MEDIA_TYPE = "application/json; charset=utf-8"
_EVENT, _EXPIRED, _GENERATION = "wireroom:event", "wireroom:expired", "wireroom:generation"


class Phase(IntEnum):
    """What the clock makes of one event. A withdrawal knows only SHOWN."""

    WITHHELD = 0
    SHOWN = 1
    EXPIRED = 2


class State(NamedTuple):
    """What a document says, and so which of two wins."""

    order: Order
    phase: Phase


@dataclass(frozen=True, slots=True)
class ArticleDocument:
    """The document that one event asks for."""

    event: ArticleEvent

    @property
    def key(self) -> str:
        """Its key in the store."""
        return document_key(self.event.publication, self.event.article_id)

    @property
    def media_type(self) -> str:
        """Its media type."""
        return MEDIA_TYPE

    def merge(self, current: Stored | None, now: int, publications: Mapping[str, Publication]) -> Document | None:
        """What to write over `current`; None when that is as new or newer, or nothing may be known of it yet.

        A withdrawal always leaves its tombstone. `current` that cannot be read is not ours and is written over.
        """
        new = State(self.event.order, phase(self.event, now))
        held = state_of(current.body) if current else None
        if (held and held > new) or (current is None and new.phase is Phase.WITHHELD):
            return None
        document = self._document(new.phase, publications)
        if current and document.body(generation_of(current.body)) == current.body:
            return None
        return document

    def _document(self, phase: Phase, publications: Mapping[str, Publication]) -> Document:
        said, identifiers = self._said(phase, publications)
        identifiers.append({"role": _EVENT, "value": self.event.event_id})
        head = b'%b,"altIds":%b,{"role":"%b","value":"' % (
            to_json(said)[:-1],
            to_json(identifiers)[:-1],
            _GENERATION.encode(),
        )
        article = (self.event.publication, self.event.article_id, self.event.revision)
        language = said.get("language", "")
        return gate(Document(self.key, MEDIA_TYPE, head, b'"}]}', (article,), language=language), said)

    def _said(self, phase: Phase, publications: Mapping[str, Publication]) -> tuple[ninjs.Object, list[ninjs.Object]]:
        event = self.event
        if event.article is None:
            return ninjs.canceled(event, event.note), []
        if phase is Phase.WITHHELD:
            return ninjs.withheld(event), []
        if phase is Phase.EXPIRED:
            assert event.article.expires_at is not None
            return ninjs.canceled(event, "expired"), [{"role": _EXPIRED, "value": event.article.expires_at.isoformat()}]
        return ninjs.shown(event, publications[event.publication]), ninjs.identifiers(event)


def phase(event: ArticleEvent, now: int) -> Phase:
    """What the clock makes of an event. An article that excludes this sink is withheld."""
    if event.article is None:
        return Phase.SHOWN
    if now < event.visible_from or "articles" in event.article.exclude:
        return Phase.WITHHELD
    return Phase.EXPIRED if event.expires is not None and event.expires <= now else Phase.SHOWN


def state_of(body: bytes) -> State | None:
    """What a stored document says; None when it is not one of ours."""
    try:
        said = from_json(body)
        roles = {other["role"]: other["value"] for other in said["altIds"]}
        return _state(said, roles)
    except (ValueError, KeyError, TypeError):
        return None


def _state(said: Mapping[str, Any], roles: Mapping[str, str]) -> State:
    expired, status = _EXPIRED in roles, said["pubStatus"]
    withdrawn = status == "canceled" and not expired
    order = Order(
        int(said["version"]), withdrawn, micros(datetime.fromisoformat(said["versionCreated"])), roles[_EVENT]
    )
    phases = {"withheld": Phase.WITHHELD, "usable": Phase.SHOWN, "canceled": Phase.SHOWN}
    return State(order, Phase.EXPIRED if expired else phases[status])
