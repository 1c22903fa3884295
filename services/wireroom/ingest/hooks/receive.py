"""`receive`: what a delivery of a system comes to. Pure; whoever calls it appends."""

from collections.abc import Mapping

from wireroom.codec import encode
from wireroom.config import Settings
from wireroom.config_hooks import HookSettings
from wireroom.errors import Reject
from wireroom.ingest.hooks import Delivery, Hook, Outcome, Verdict, generic, ghost, ninjs, superdesk, wordpress
from wireroom.keys import redacted, redacted_faults
from wireroom.letter import dead_letter
from wireroom.log import ARTICLES, DEAD_LETTERS, Message

ORIGIN = "hooks/"  # what the origin of a dead letter begins with, instead of a topic
HOOKS: Mapping[str, Hook] = {
    "ghost": ghost,
    "wordpress": wordpress,
    "superdesk": superdesk,
    "ninjs": ninjs,
    "generic": generic,
}


def receive(settings: Settings, delivery: Delivery) -> Outcome:
    """What a delivery comes to: events, nothing, a dead letter with every fault, or a refusal.

    Nothing of the body is read before its signature has been verified.
    """
    found = hook_of(settings, delivery.cms, delivery.publication)
    if found is None or found.secret is None:
        return Outcome(Verdict.UNKNOWN)
    if not HOOKS[found.cms].verified(delivery, found.secret.get_secret_value().encode()):
        return Outcome(Verdict.UNSIGNED)
    return taken(settings, found, delivery)


def hook_of(settings: Settings, cms: str, publication: str) -> HookSettings | None:
    """The hook at an address; None when there is none."""
    return next((each for each in settings.hooks if (each.cms, each.publication) == (cms, publication)), None)


def again(settings: Settings, topic: str, body: bytes, received_at: int) -> Outcome:
    """What a dead letter comes to by the settings of now. `topic`: its origin; its signature was good."""
    _, cms, publication, event = topic.split("/", 3)
    found = hook_of(settings, cms, publication)
    if found is None:
        return Outcome(Verdict.UNKNOWN)
    return taken(settings, found, Delivery(cms, publication, event, {}, body, received_at))


def taken(settings: Settings, hook: HookSettings, delivery: Delivery) -> Outcome:
    """What a delivery comes to of which it is known who sent it."""
    try:
        events = HOOKS[hook.cms].events(delivery, hook)
        messages = [encode(event, settings.shards.get(event.publication, 1)) for event in events]
    except Reject as reason:
        return Outcome(Verdict.DEAD_LETTERED, DEAD_LETTERS, [_letter(delivery, reason)], reason)
    return Outcome(Verdict.ACCEPTED if messages else Verdict.NOTHING, ARTICLES, messages)


def _letter(delivery: Delivery, reason: Reject) -> Message:
    """The raw body, without any header of the request: those may hold what signs it."""
    return dead_letter(
        Message(delivery.publication, delivery.body),
        Reject(reason.rule, redacted_faults(reason.faults)),
        worker="ingest",
        topic=ORIGIN + "/".join([delivery.cms, delivery.publication, redacted(delivery.event)]),
        partition="0",
        offset=str(delivery.received_at),
        timestamp=str(delivery.received_at),
    )
