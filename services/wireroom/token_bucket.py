"""How much may be asked for: a bucket of tokens that fills at a steady rate."""


class Bucket:
    """Who has one token left may take many and is then in debt, so that nothing is too large for it."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = self._tokens = float(burst)
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until something may be taken."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def take(self, tokens: int) -> None:
        """Something is taken."""
        self._tokens -= tokens
