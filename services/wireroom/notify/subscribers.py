"""Everybody whom the configuration names."""

from ipaddress import ip_network

from wireroom.clock import Clock
from wireroom.config import Settings
from wireroom.errors import ConfigurationError, Fault, Reject
from wireroom.notify.indexnow import IndexNow
from wireroom.notify.outbound import Outbound
from wireroom.notify.ping import Hub
from wireroom.notify.subscriber import Subscriber
from wireroom.notify.target import Target
from wireroom.notify.webhook import Webhook
from wireroom.store import Store


def subscribers(settings: Settings, store: Store, clock: Clock) -> list[Subscriber]:
    """Webhooks, search engines and hubs. Raises ConfigurationError for an address that can never be asked."""
    notify = settings.notify
    outbound = outbound_of(settings)
    _check({f"notify.webhooks[{at}].url": each.url for at, each in enumerate(notify.webhooks)})
    _check({f"notify.hubs[{at}]": each for at, each in enumerate(notify.hubs)})
    found: list[Subscriber] = [Webhook(each, settings, outbound, clock) for each in notify.webhooks]
    found += [Hub(each, settings, outbound, clock) for each in notify.hubs]
    if notify.indexnow.key:
        _check({"notify.indexnow.endpoint": notify.indexnow.endpoint})
        found.append(IndexNow(notify.indexnow, store, outbound, clock))
    return found


def outbound_of(settings: Settings) -> Outbound:
    """What requests go out by, to whom the settings allow."""
    return Outbound([ip_network(each) for each in settings.notify.allow])


def _check(urls: dict[str, str]) -> None:
    faults = []
    for path, url in urls.items():
        try:
            Target.of(url)
        except Reject as forbidden:
            faults += [Fault(path, fault.found, fault.expected) for fault in forbidden.faults]
    if faults:
        raise ConfigurationError(faults)
