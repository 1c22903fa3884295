"""What is brought to a subscriber, and what its answer means: pure functions (WebSub, 7)."""

import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wireroom.clock import DAY
from wireroom.notify.outcome import Outcome, Verdict, pause
from wireroom.notify.websub.subscriptions import Subscription

PATIENCE = 3 * DAY  # of nothing but failures, after which a subscription ends: a weekend is no reason


class Content(NamedTuple):
    """A document as it is brought. `hub` and `topic`: addresses."""

    generation: int
    body: bytes
    media_type: str
    hub: str
    topic: str

    def headers(self, secret: str | None) -> Mapping[str, str]:
        """Of the request that brings it; signed, if the subscriber gave a secret."""
        headers = {"Content-Type": self.media_type, "Link": f'<{self.hub}>; rel="hub", <{self.topic}>; rel="self"'}
        if secret:
            headers["X-Hub-Signature"] = f"sha256={hmac.digest(secret.encode(), self.body, 'sha256').hex()}"
        return headers


def wanting(subscriptions: Iterable[Subscription], current: Mapping[str, int], now: int) -> list[Subscription]:
    """Those that do not have the current generation and may be asked now; who waits longest comes first."""
    found = [each for each in subscriptions if each.delivered < current.get(each.key, 0)]
    return sorted((each for each in found if each.due <= now < each.expires), key=lambda each: each.due)


def after(before: Subscription, generation: int, outcome: Outcome, now: int, jitter: float) -> Subscription | None:
    """The subscription after a try to bring it a generation; None when it is at its end."""
    if outcome.verdict is Verdict.DELIVERED:
        brought = max(generation, before.delivered)
        return before.model_copy(update={"delivered": brought, "failures": 0, "failing_since": 0, "due": 0})
    since = before.failing_since or now
    if outcome.verdict is Verdict.ENDED or now - since >= PATIENCE:
        return None
    failures = before.failures + 1
    due = now + max(outcome.retry_after, pause(failures, jitter))
    return before.model_copy(update={"failures": failures, "failing_since": since, "due": due})
