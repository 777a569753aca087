"""Histogram: percentiles of as many times as one likes in constant memory, mergeable, with a stated error.

Bins are equally wide in the logarithm. A percentile is the middle of its bin, so it is within half a bin of the true
one: 0.5 %. Counts are exact, so that merged histograms are those of all times together, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

LEAST_S, MOST_S = 1e-4, 1e7  # below a tenth of a millisecond and above four months everything is one bin
RATIO = 1.01
BINS = int(log(MOST_S / LEAST_S) / log(RATIO)) + 2
ERROR = (RATIO - 1.0) / 2  # relative, of a percentile


@dataclass(frozen=True, eq=False)
class Histogram:
    """Times by bin.

    Attributes:
        counts: times in each bin, shape (BINS,).
    """

    counts: NDArray[np.int64]

    @classmethod
    def of(cls, times_s: NDArray[np.float64]) -> Histogram:
        """Count times, seconds.

        >>> Histogram.of(np.array([0.5, 2.0, 2.0])).total
        3
        """
        return cls.at(cls.places(times_s))

    @staticmethod
    def places(times_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the bin of each time, for who counts some of them in several histograms."""
        place = (np.log(np.maximum(times_s, LEAST_S) / LEAST_S) / log(RATIO)).astype(np.int64)
        return np.minimum(place, BINS - 1)

    @classmethod
    def at(cls, places: NDArray[np.int64]) -> Histogram:
        """Count times by their bins."""
        return cls(np.bincount(places, minlength=BINS).astype(np.int64))

    @property
    def total(self) -> int:
        """How many times there are."""
        return int(self.counts.sum())

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram(self.counts + other.counts)

    def percentile_s(self, percent: float) -> float | None:
        """Return a percentile to within `ERROR`, seconds; None of nothing.

        >>> times = np.arange(1, 1001) / 100
        >>> abs(Histogram.of(times).percentile_s(95) / 9.5 - 1) < 0.006
        True
        """
        total = self.total
        if not total:
            return None
        place = int(np.searchsorted(np.cumsum(self.counts), percent / 100 * total))
        return LEAST_S * exp((place + 0.5) * log(RATIO))
