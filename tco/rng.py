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
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}

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
        return _scrambled_halton(self._order(count, attempt), base, self.generator(f"{purpose}:{attempt}"))

    def _order(self, count: int, attempt: int) -> NDArray[np.int64]:
        """Return the random order that all purposes share; kept, as the next purpose will ask for it."""
        if (count, attempt) not in self._orders:
            self._orders[count, attempt] = self.generator(f"order:{attempt}").permutation(count)
        return self._orders[count, attempt]


def _scrambled_halton(index: NDArray[np.int64], base: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the points of the given indices: digits reversed behind the point, shuffled, then one to each nth.

    Args:
        index: every number below n, in some order, shape (n,).
        base: prime in which they are written.
        generator: shuffles the digits, and places each point in its nth.
    """
    n = len(index)
    shuffles: list[NDArray[np.int64]] = []
    while base ** len(shuffles) < n:
        shuffles.append(generator.permutation(base))
    generator.random(n)  # was once drawn to break ties, of which there are none; without it every number would change
    return np.asarray((_ranks(n, base, shuffles)[index] + generator.random(n)) / n)


def _ranks(n: int, base: int, shuffles: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the rank of every number below n when its digits are shuffled and read backwards, without sorting.

    Numbers that differ in their first digit only stand side by side; there are as many of them as first digits, or one
    fewer. So the rank is where their group begins, and how many of the group come before.

    >>> _ranks(5, 3, [np.array([2, 0, 1]), np.array([1, 0, 2])]).tolist()
    [4, 1, 2, 3, 0]
    """
    if not shuffles:
        return np.zeros(n, np.int64)
    *lower, first = shuffles
    place = np.zeros(1, np.int64)  # of each group among the groups
    for shuffle in lower:
        place = (place * base + shuffle[:, None]).ravel()
    groups = len(place)
    most, full = -(-n // groups), (n - 1) % groups + 1  # so many first digits occur; in so many groups all of them
    size = np.full(groups, most - 1)
    size[:full] = most
    by_place = np.zeros(groups, np.int64)
    by_place[place] = size
    begins = (np.cumsum(by_place) - by_place)[place]
    ranks = np.empty((most, groups), np.int64)
    ranks[:, :full] = np.argsort(np.argsort(first[:most]))[:, None] + begins[:full]
    ranks[:-1, full:] = np.argsort(np.argsort(first[: most - 1]))[:, None] + begins[full:]
    return ranks.ravel()[:n]
