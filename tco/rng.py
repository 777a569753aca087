"""Chance: every random number is a function of (seed, purpose, request, attempt), never of the option.

A request must be as long, as lucky and as cacheable in every option, and totals must not wobble because a
hundred requests happened to be long. So per-request variates are *randomised Halton points in random order*:
each purpose has a prime base of its own, digits are shuffled by a seeded permutation, every nth of the unit interval
gets exactly one point, placed by uniform jitter, and one shared random order hides the regularity from the queues.
Shares are then exact to 1/n and mean lengths converge nearly like 1/n instead of 1/sqrt(n), while every single
variate stays uniform.

Source: J. H. Halton (1960); A. B. Owen, "A randomized Halton algorithm in R" (2017), arXiv:1706.02808.
Why not plain draws: docs/decisions/0004-even-draws.md.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

# One prime per purpose, appended and never reordered, so that adding a purpose changes no other's numbers.
PURPOSES: dict[str, int] = {
    "class": 2,
    "route": 3,
    "output_tokens": 5,
    "input_tokens": 7,
    "escalation": 11,
    "cache": 13,
    "first_token": 17,
    "decode": 19,
    "retrieval": 23,
    "service": 29,
    "cache_lookup": 31,
    "retry_jitter": 37,
    "api_error": 41,
    "cold_start": 43,
    "device": 47,
    "batch_time": 53,
    "dispatch": 59,
    "speculation": 61,
    "complexity": 67,
    "success": 71,
    "shared_luck": 73,
    "confidence": 79,
    "classifier": 83,
    "product": 89,
    "arm": 97,
    "decider": 101,
    "region": 131,
    "retrieves": 113,
    "ann": 127,
    "system_tokens": 139,
    "history_tokens": 149,
    "context_tokens": 151,
    "user_tokens": 157,
    "intent": 103,
    "similarity": 107,
    "repeat": 109,
}


class Streams:
    """Named random streams of one replication.

    Args:
        seed: the scenario's seed.
        replication: which independent repetition of the same scenario; 0 is the one that is priced.
    """

    def __init__(self, seed: int, replication: int = 0) -> None:
        self.seed = seed
        self.replication = replication

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a fresh generator for one purpose; asking again starts the same stream anew."""
        key = (self.replication, crc32(purpose.encode()))
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(self.seed, spawn_key=key)))

    def uniform(self, purpose: str, count: int, attempt: int = 0) -> NDArray[np.float64]:
        """Draw one variate per request, evenly spread over [0, 1) and in random order.

        Args:
            purpose: a key of `PURPOSES`.
            count: how many requests.
            attempt: 0 for a request's first try; later tries get numbers independent of the first.

        Returns:
            Array of shape (count,), dimensionless.

        Raises:
            KeyError: for a purpose that is not in `PURPOSES`.

        >>> draws = Streams(1).uniform("route", 1000)
        >>> int((draws < 0.7).sum())
        700
        """
        base = PURPOSES[purpose]
        order = self.generator(f"order:{attempt}").permutation(count)
        return _scrambled_halton(order, base, self.generator(f"{purpose}:{attempt}"))


def _scrambled_halton(index: NDArray[np.int64], base: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the points of the given indices: digits reversed behind the point, shuffled, then one to each nth."""
    cells, value, rest = 1, np.zeros(len(index)), index
    while cells < len(index):
        value = value * base + generator.permutation(base)[rest % base]
        cells *= base
        rest = rest // base
    rank = np.argsort(np.argsort(value + generator.random(len(index))))
    return np.asarray((rank + generator.random(len(index))) / len(index))
