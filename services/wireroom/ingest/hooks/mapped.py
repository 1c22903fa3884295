"""A payload and a mapping become an event.

The revision, where a mapping names none, is the time of the last change in microseconds. A withdrawal has one more than
that: it beats what it withdraws, loses against the next edition, and has the same id however often it is delivered. It
happened when the mapping says, else when it arrived: what is deleted keeps the time of its last edit, and partners are
told of a withdrawal for 72 hours from when it happened.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from wireroom.clock import micros, moment
from wireroom.config_hooks import ARTICLE_ID, HookSettings
from wireroom.errors import Fault, InvalidEvent
from wireroom.event import Access, ArticleEvent, Kind
from wireroom.fields import Moment
from wireroom.ingest.hooks import Delivery
from wireroom.ingest.hooks.paths import converted, fields, holds, is_empty, objects, payload_of, texts, value_of
from wireroom.mapping import Conversion, Mapped, Value

_VALUES = ("title", "subtitle", "summary", "body_html", "language", "access")
_DATES = ("updated_at", "modified_at", "embargoed_until", "expires_at")
_FOR_READERS = (Access.REGISTERED, Access.PAID)  # compared, not hashed: a payload may have a list there
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)

Fields = dict[str, Any]


def mapped(delivery: Delivery, hook: HookSettings, mapping: Mapped) -> list[ArticleEvent]:
    """The event that a delivery's body is by a mapping; none where its conditions say so. Raises Reject."""
    payload = payload_of(delivery.body)
    if any(holds(condition, payload, delivery.event) for condition in mapping.ignored):
        return []
    withdrawn = any(holds(condition, payload, delivery.event) for condition in mapping.withdrawn)
    return [event_of(payload, mapping, delivery, hook, withdrawn=withdrawn)]


def event_of(
    payload: object, mapping: Mapped, delivery: Delivery, hook: HookSettings, *, withdrawn: bool
) -> ArticleEvent:
    """The event that a payload is. Raises InvalidEvent with every fault, and the path that each value came from."""
    article = _article(payload, mapping)
    changed = value_of(mapping.occurred_at, payload) or article.get("modified_at")
    happened = _withdrawn_at(mapping, changed, delivery) if withdrawn else changed
    derived = _derived(changed or happened, withdrawn)
    event: Fields = {
        "kind": Kind.WITHDRAWN if withdrawn else Kind.PUBLISHED,
        "publication": delivery.publication,
        "article_id": converted(value_of(mapping.article_id, payload), Conversion.TEXT),
        "revision": value_of(mapping.revision, payload) if mapping.revision else derived,
        "occurred_at": happened,
        "url": None if withdrawn else value_of(mapping.url, payload),  # what is no longer public has another, or none
        "guid": value_of(mapping.guid, payload),
        "published_at": value_of(mapping.published_at, payload) or (happened if withdrawn else None),
        "note": value_of(mapping.note, payload),
        "article": None if withdrawn else _without_what_is_paid(article, hook),
    }
    return _parsed(_identified(event, delivery, hook), mapping)


def _withdrawn_at(mapping: Mapped, changed: object, delivery: Delivery) -> object:
    """When it was withdrawn, never before its last change."""
    if mapping.occurred_at and changed is not None:
        return changed
    arrived, last = moment(delivery.received_at), _moment(changed)
    if last is None:
        return arrived if changed is None else changed  # what is no time is a fault
    return max(arrived, last)


def _identified(event: Fields, delivery: Delivery, hook: HookSettings) -> Fields:
    """With an id that is the same at every delivery, and an address where a template makes one whole."""
    if not isinstance(event["article_id"], str):
        return event
    quoted = quote(event["article_id"], safe="", errors="replace")
    if hook.url_template and event["article"] is not None:
        event["url"] = _address(event["url"], hook.url_template.replace(ARTICLE_ID, quoted))
    if isinstance(event["revision"], int):
        event["event_id"] = f"{delivery.cms}/{delivery.publication}/{quoted}/{event['revision']}"
    return event


def _address(url: object, template: str) -> object:
    """The template for what has no address; its host for one that begins with a slash."""
    if isinstance(url, str) and url.startswith("/"):
        return "/".join(template.split("/")[:3]) + url
    return template if url is None else url


def _parsed(event: Fields, mapping: Mapped) -> ArticleEvent:
    try:
        return ArticleEvent.parse({name: value for name, value in event.items() if value is not None})
    except InvalidEvent as error:
        raise InvalidEvent([_placed(fault, mapping) for fault in error.faults]) from error


def _placed(fault: Fault, mapping: Mapped) -> Fault:
    """With the paths of the payload that should have had the value."""
    rules = getattr(mapping, fault.path.removeprefix("article."), ())
    paths = [
        each + path for rule in rules if isinstance(rule, Value) for each in rule.each or ("",) for path in rule.path
    ]
    if not paths:
        return fault
    more = ", or url_template in the hook's settings" if fault.path == "url" else ""
    return Fault(f"{fault.path} (from {' or '.join(paths)})", fault.found, fault.expected + more)


def _article(payload: object, mapping: Mapped) -> Fields:
    article: Fields = {name: value_of(getattr(mapping, name), payload) for name in (*_VALUES, *_DATES)}
    article |= {
        "authors": objects(mapping.authors, payload, ["name"]),
        "sections": texts(mapping.sections, payload),
        "tags": texts(mapping.tags, payload),
        "images": objects(mapping.images, payload, ["url"]),
        "related": objects(mapping.related, payload, ["title", "url"]),
        "source": next(iter(objects(mapping.source, payload, ["name"])), None),
        "rights": fields(mapping.rights, payload),
        "previous_urls": texts(mapping.previous_urls, payload),
    }
    return {name: value for name, value in article.items() if not is_empty(value)}


def _without_what_is_paid(article: Fields, hook: HookSettings) -> Fields:
    """What only readers with an account may see stays outside, unless it was asked for."""
    if hook.paid_body == "keep" or article.get("access") not in _FOR_READERS:
        return article
    return {name: value for name, value in article.items() if name != "body_html"}


def _derived(changed: object, withdrawn: bool) -> int:
    """From the time of the last change. One that is no time is a fault by itself: it needs no second one."""
    last = _moment(changed)
    return 1 if last is None else micros(last) + withdrawn


def _moment(value: object) -> datetime | None:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        return None
