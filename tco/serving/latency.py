"""Latency of things that are measured, not modelled: log-normal through two known quantiles."""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from tco.fields import Positive, Source
from tco.plugin import Frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Z95 = NormalDist().inv_cdf(0.95)  # 1.6449, the standard normal's 95th percentile
_EDGE = 2.0**-53  # keeps the inverse away from 0 and 1, where it is infinite


def standard_normal(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn uniform variates, shape (n,), into standard normal ones by inversion."""
    import numpy as np  # not at the top: `tco check` does without it

    inverse = NormalDist().inv_cdf
    clipped = np.clip(uniform, _EDGE, 1.0 - _EDGE)
    return np.fromiter((inverse(u) for u in clipped.tolist()), np.float64, len(clipped))


def lognormal_quantile(uniform: NDArray[np.float64], p50: float, p95: float) -> NDArray[np.float64]:
    """Invert the log-normal distribution that has the given median and 95th percentile.

    >>> import numpy as np
    >>> lognormal_quantile(np.array([0.5, 0.95]), 2.0, 3.0).round(9).tolist()
    [2.0, 3.0]
    """
    import numpy as np

    return np.asarray(p50 * np.exp(log(p95 / p50) / Z95 * standard_normal(uniform)))


class ApiLatency(Frozen):
    """Measured latency of a managed API: time to first token, then time per output token."""

    ttft_p50_s: Positive
    """Median time to first token, seconds."""
    ttft_p95_s: Positive
    """95th percentile of the time to first token, seconds."""
    tpot_p50_s: Positive
    """Median time per output token after the first, seconds."""
    tpot_p95_s: Positive
    """95th percentile of the time per output token, seconds."""
    source: Source
    """Where it was measured."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for stem in ("ttft", "tpot"):
            low, high = getattr(self, f"{stem}_p50_s"), getattr(self, f"{stem}_p95_s")
            if low > high:
                raise ValueError(f"{stem}_p50_s {low:g} is above {stem}_p95_s {high:g}")
        return self


class Quantiles(Frozen):
    """A latency known by its median and its 95th percentile."""

    p50_s: Positive
    """Median, seconds."""
    p95_s: Positive
    """95th percentile, seconds."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.p50_s > self.p95_s:
            raise ValueError(f"p50_s {self.p50_s:g} is above p95_s {self.p95_s:g}")
        return self
