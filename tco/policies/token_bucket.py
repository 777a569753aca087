"""Token bucket: what a vendor lets through in a minute. Pure arithmetic: the caller says what time it is."""

from __future__ import annotations

from tco.units import SECONDS_PER_MINUTE

ROUNDING = 1e-9  # of the capacity: a bucket that refilled to a request's size but for rounding is full enough


class TokenBucket:
    """A bucket that refills continuously; who finds enough in it takes it, who does not takes nothing.

    In any stretch of t seconds it gives at most `capacity + per_minute / 60 x t`.

    Args:
        per_minute: refill, units per minute.
        capacity: most that the bucket holds; it is full at time 0.

    >>> bucket = TokenBucket(per_minute=60, capacity=2)
    >>> [bucket.short_s(1, now_s=0.0) or bucket.take(1) for _ in range(3)]
    [None, None, 1.0]
    >>> bucket.short_s(1, now_s=1.5)
    0.0
    """

    __slots__ = ("_as_of_s", "_level", "capacity", "rate_per_s")

    def __init__(self, per_minute: float, capacity: float) -> None:
        self.rate_per_s = per_minute / SECONDS_PER_MINUTE
        self.capacity = capacity
        self._level = capacity
        self._as_of_s = 0.0

    def short_s(self, amount: float, now_s: float) -> float:
        """Return how long the bucket must still fill until it holds an amount, seconds; 0 when it does.

        Args:
            amount: what is asked for, at most `capacity`.
            now_s: the time, never earlier than at the last call, seconds.
        """
        self._level = refilled(self._level, self.capacity, self.rate_per_s, now_s - self._as_of_s)
        self._as_of_s = now_s
        return fills_in_s(amount, self._level, self.capacity, self.rate_per_s)

    def take(self, amount: float) -> None:
        """Take an amount that `short_s` found to be there."""
        self._level -= amount


def refilled(level: float, capacity: float, rate_per_s: float, elapsed_s: float) -> float:
    """Return what a bucket holds after some seconds.

    >>> refilled(1.0, 5.0, 2.0, 1.5)
    4.0
    """
    return min(capacity, level + rate_per_s * elapsed_s)


def fills_in_s(amount: float, level: float, capacity: float, rate_per_s: float) -> float:
    """Return how long a bucket must still fill until it holds an amount, seconds; 0 where it does, but for rounding.

    >>> fills_in_s(4.0, 3.0, 5.0, 2.0)
    0.5
    """
    missing = amount - level
    return 0.0 if missing <= ROUNDING * capacity else missing / rate_per_s
