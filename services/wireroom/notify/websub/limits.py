"""How much may be asked of the hub: nobody may use it to keep others busy."""

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network

from wireroom.token_bucket import Bucket

_KEPT = 10_000  # buckets in memory; the one that was not used for longest makes room


class Limit:
    """Buckets of one size by name."""

    def __init__(self, rate: float, burst: int) -> None:
        """`rate`: of requests a second in the long run; `burst`: at once."""
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> float:
        """0 when one more is within the limit, else the seconds until it is."""
        now = time.monotonic()
        bucket = self._buckets.pop(name, None) or Bucket(self._rate, self._burst, now)
        self._buckets[name] = bucket
        while len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if not (wait := bucket.wait(now)):
            bucket.take(1)
        return wait


def source(client: str) -> str:
    """Who asks: an IPv4 address, or the network of an IPv6 one, in which anybody has as many as they like."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else client
