"""Any system that signs its JSON: the configuration maps it."""

from collections.abc import Sequence

from wireroom.config_hooks import HookSettings
from wireroom.event import ArticleEvent
from wireroom.ingest.hooks import Delivery, signatures
from wireroom.ingest.hooks.mapped import mapped

verified = signatures.hub


def events(delivery: Delivery, hook: HookSettings) -> Sequence[ArticleEvent]:
    """What a payload is by the hook's own mapping. Raises Reject."""
    assert hook.mapping is not None  # the settings ask for one
    return mapped(delivery, hook, hook.mapping)
