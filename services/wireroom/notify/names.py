"""What subscribers are called, in the store and in `wireroom status`. Imports nothing that asks anybody."""

import hashlib
import re
from urllib.parse import urlsplit

from wireroom.config import Settings

INDEXNOW = "indexnow"


def webhook_id(ident: str) -> str:
    """The subscriber that a webhook of the configuration is."""
    return f"webhooks/{ident}"


def hub_id(url: str) -> str:
    """The subscriber that a hub of the configuration is: its host as a person knows it, and something of its own."""
    host = re.sub(r"[^a-z0-9.-]", "-", urlsplit(url).netloc.lower())
    return f"hubs/{host}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def ids(settings: Settings) -> list[str]:
    """Everybody whom the configuration names."""
    notify = settings.notify
    told = [webhook_id(each.id) for each in notify.webhooks] + [hub_id(each) for each in notify.hubs]
    return [*told, INDEXNOW] if notify.indexnow.key else told
