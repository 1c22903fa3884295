"""How long others may keep a public document (RFC 9111, RFC 5861)."""

from collections.abc import Mapping
from dataclasses import dataclass

from wireroom.clock import SECOND

SHORTEST = 60  # seconds
_SHARE = 10  # a tenth of the time since the last change, as RFC 9111, section 4.2.2, has it where nothing is said


@dataclass(frozen=True)
class Lifetimes:
    """`declared`: Cache-Control by a document's key without its ending. `longest`: seconds, for all others."""

    declared: Mapping[str, str]
    longest: int

    def of(self, key: str, unchanged: int) -> str:
        """Cache-Control of a document that has not changed for `unchanged` microseconds."""
        return self.declared.get(key.rpartition(".")[0]) or cache_control(unchanged, self.longest)


def cache_control(unchanged: int, longest: int) -> str:
    """What changes often is kept for a minute, what has been still for a while for longer.

    In no case is it served after `longest` seconds: the time in which a cache may still serve it while it asks again
    is counted, because so long a withdrawn article may live.
    """
    if longest == 0:
        return "public, no-cache"
    fresh = max(SHORTEST, unchanged // SECOND // _SHARE)
    fresh = min(fresh, max(longest - SHORTEST, SHORTEST), longest)
    stale = min(SHORTEST, longest - fresh)
    return f"public, max-age={fresh}" + (f", stale-while-revalidate={stale}" if stale else "")
