"""Latency of things that are measured, not modelled: log-normal through two quantiles, or a table of them."""

from __future__ import annotations

from math import exp, log
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tco.fields import NonNegative, Positive, Share, Source, quantile_table
from tco.plugin import Frozen, together

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tco.policies.draws import Draws

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


TimeTable = Annotated[
    tuple[Annotated[tuple[Share, Positive], Field(strict=False)], ...],
    Field(min_length=2, strict=False),
    quantile_table("times"),
]


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
    ttft_table_s: TimeTable | None = None
    """Measured quantiles of the time to first token, as pairs of probability and seconds from probability 0 to 1,
    straight lines between them; None: log-normal through the median and the 95th percentile."""
    tpot_table_s: TimeTable | None = None
    """The same for the time per output token."""
    ttft_s_per_input_token: NonNegative = 0.0
    """Time that each further prompt token adds to the time to first token, seconds."""
    ttft_input_tokens: NonNegative = 0.0
    """Prompt length at which the time to first token was measured; only tokens beyond it add time."""
    source: Source
    """Where it was measured."""

    @together("ttft_p50_s", "ttft_p95_s")
    def _first_tokens_in_order(self) -> None:
        if self.ttft_p50_s > self.ttft_p95_s:
            raise ValueError(f"ttft_p50_s {self.ttft_p50_s:g} is above ttft_p95_s {self.ttft_p95_s:g}")

    @together("tpot_p50_s", "tpot_p95_s")
    def _tokens_in_order(self) -> None:
        if self.tpot_p50_s > self.tpot_p95_s:
            raise ValueError(f"tpot_p50_s {self.tpot_p50_s:g} is above tpot_p95_s {self.tpot_p95_s:g}")

    def first_token_s(self, draws: Draws, attempt: int = 0) -> list[float]:
        """Return the time to first token of every request, were its prompt as long as the measured ones; seconds.

        Args:
            draws: the requests' chances; a request that is unlucky here is unlucky in every option.
            attempt: how many tiers the requests tried before.
        """
        return _times_s(self.ttft_table_s, self.ttft_p50_s, self.ttft_p95_s, draws, "first_token", attempt)

    def long_prompt_s(self, input_tokens: int) -> float:
        """Return what a prompt's tokens beyond those of the measured ones add to the time to first token, seconds."""
        return self.ttft_s_per_input_token * max(input_tokens - self.ttft_input_tokens, 0.0)

    def per_token_s(self, draws: Draws, attempt: int = 0) -> list[float]:
        """Return the time per output token of every request, seconds."""
        return _times_s(self.tpot_table_s, self.tpot_p50_s, self.tpot_p95_s, draws, "decode", attempt)


def _times_s(
    table: tuple[tuple[float, float], ...] | None, p50_s: float, p95_s: float, draws: Draws, purpose: str, attempt: int
) -> list[float]:
    if table is None:
        spread = log(p95_s / p50_s) / Z95
        return [p50_s * exp(spread * z) for z in draws.normals(purpose, attempt)]
    import numpy as np

    probabilities, times_s = zip(*table, strict=True)
    found: list[float] = np.interp(draws.uniforms(purpose, attempt), probabilities, times_s).tolist()
    return found


class Quantiles(Frozen):
    """A latency known by its median and its 95th percentile."""

    p50_s: Positive
    """Median, seconds."""
    p95_s: Positive
    """95th percentile, seconds."""

    @together("p50_s", "p95_s")
    def _in_order(self) -> None:
        if self.p50_s > self.p95_s:
            raise ValueError(f"p50_s {self.p50_s:g} is above p95_s {self.p95_s:g}")
