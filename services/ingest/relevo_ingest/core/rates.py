"""How many requests a shop may make: a token bucket each, so that one shop's flood is not every shop's."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Bucket:
    tokens: float
    at: float


class Rates:
    """One bucket for each shop: `rate` tokens a second, at most `burst` at once. `rate` 0: no limit.

    `monotonic` is wall-clock time in seconds: a limit protects the process, not the shop's calendar.
    """

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, shop: str, cost: int = 1) -> float:
        """Takes `cost` tokens of the shop; 0 if there are any, else how many seconds until the next (none is taken).

        What costs more than is left is let through and leaves a debt, so that nothing is too large for ever.
        """
        if not self._rate:
            return 0.0
        now = self._monotonic()
        bucket = self._filled(self._buckets.setdefault(shop, _Bucket(self._burst, now)), now)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= cost
        return 0.0

    def peek(self, shop: str) -> float:
        """How many seconds until there is a token; none is taken, and no bucket is made."""
        bucket = self._buckets.get(shop)
        if bucket is None or not self._rate:
            return 0.0
        tokens = self._filled(bucket, self._monotonic()).tokens
        return (1 - tokens) / self._rate if tokens < 1 else 0.0

    def _filled(self, bucket: _Bucket, now: float) -> _Bucket:
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket
