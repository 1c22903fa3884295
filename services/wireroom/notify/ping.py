"""Pings: WebSub hubs of others are told that a feed has changed, and fetch it.

WebSub leaves open how; this is PubSubHubbub 0.4, section 7.1, which hubs understand, one feed a request.
A feed names its hubs, so its readers know where to subscribe: `feeds/`, `serve/`.
"""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlencode

from wireroom.clock import Clock
from wireroom.config import Settings
from wireroom.document import DocumentChanged
from wireroom.notify.documents import feed_of
from wireroom.notify.names import hub_id
from wireroom.notify.outbound import Outbound
from wireroom.notify.outcome import DELIVERED, Outcome, Verdict, outcome
from wireroom.notify.subscriber import Told
from wireroom.notify.webhook import address


class Hub:
    """A `Subscriber`: each feed that changed, once for all its changes of a batch."""

    most = 100

    def __init__(self, url: str, around: Settings, outbound: Outbound, clock: Clock) -> None:
        self.definition = hashlib.sha256(url.encode()).hexdigest()[:16]
        self.id = hub_id(url)
        self._url = url
        self._around = around
        self._outbound = outbound
        self._clock = clock

    def wants(self, change: DocumentChanged) -> bool:
        """Public feeds; of their archives nobody can be told, for pages name no hub."""
        return change.key.startswith("feeds/") and feed_of(change.key) is not None

    def deliver(self, epoch: str, batch: Sequence[Told]) -> Outcome:
        """See `Subscriber`."""
        for key in dict.fromkeys(told.notification.key for told in batch):
            body = urlencode({"hub.mode": "publish", "hub.url": address(self._around, key)}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._outbound.send("POST", self._url, headers, body)
            result = outcome(answer.status, answer.headers, self._clock.now())
            if result.verdict is not Verdict.DELIVERED:
                return result
        return DELIVERED
