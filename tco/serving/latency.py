"""Latency of things that are measured, not modelled: log-normal through two quantiles, or a table of them."""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tco.fields import NonNegative, Positive, Share, Source, quantile_table
from tco.plugin import Frozen, together

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from tco.policies.draws import ArrayDraws, Draws

Z95 = NormalDist().inv_cdf(0.95)  # 1.6449, the standard normal's 95th percentile
_EDGE = 2.0**-53  # keeps the inverse away from 0 and 1, where it is infinite


# Coefficients of the three rational functions, highest power first: M. J. Wichura, "Algorithm AS 241: The percentage
# points of the normal distribution", Applied Statistics 37(3), 1988, routine PPND16 (relative accuracy 1e-16).
_CENTRE = (
    (
        2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
        1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
        5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
    ),
)  # fmt: skip
_SHOULDER = (
    (
        7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
        3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
        6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
    ),
)  # fmt: skip
_TAIL = (
    (
        2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
        2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
        1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
    ),
)  # fmt: skip


def standard_normal(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn uniform variates, shape (n,), into standard normal ones by inversion.

    >>> import numpy as np
    >>> found = standard_normal(np.array([0.5, 0.95, 1e-9])).tolist()
    >>> [round(each, 9) for each in found]
    [0.0, 1.644853627, -5.997807015]
    """
    import numpy as np  # not at the top: `tco check` does without it

    clipped = np.clip(uniform, _EDGE, 1.0 - _EDGE)
    off = clipped - 0.5
    found = np.empty(len(clipped))
    central = np.abs(off) <= 0.425
    inner = off[central]
    found[central] = inner * _rational(0.180625 - inner * inner, _CENTRE)
    outer = np.where(off < 0, clipped, 1.0 - clipped)[~central]
    far = np.sqrt(-np.log(outer))
    size = _rational(far - 1.6, _SHOULDER)
    if (farthest := far > 5.0).any():
        size[farthest] = _rational(far[farthest] - 5.0, _TAIL)
    found[~central] = np.where(off[~central] < 0, -size, size)
    return found


def _rational(at: NDArray[np.float64], of: tuple[tuple[float, ...], tuple[float, ...]]) -> NDArray[np.float64]:
    import numpy as np

    values = []
    for coefficients in of:
        value = np.full(len(at), coefficients[0])
        for coefficient in coefficients[1:]:  # Horner's rule in place: half the time of a new array for each step
            value *= at
            value += coefficient
        values.append(value)
    over, under = values
    over /= under
    return over


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

    def arrays_s(self, draws: ArrayDraws, attempt: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return both times of every request as arrays, shape (n,), seconds."""
        first = _times_array_s(
            self.ttft_table_s, self.ttft_p50_s, self.ttft_p95_s, lambda: draws.uniform_array("first_token", attempt),
            lambda: draws.normal_array("first_token", attempt),
        )  # fmt: skip
        each = _times_array_s(
            self.tpot_table_s, self.tpot_p50_s, self.tpot_p95_s, lambda: draws.uniform_array("decode", attempt),
            lambda: draws.normal_array("decode", attempt),
        )  # fmt: skip
        return first, each


def _times_s(
    table: tuple[tuple[float, float], ...] | None, p50_s: float, p95_s: float, draws: Draws, purpose: str, attempt: int
) -> list[float]:
    import numpy as np

    found: list[float] = _times_array_s(
        table, p50_s, p95_s, lambda: np.array(draws.uniforms(purpose, attempt)),
        lambda: np.array(draws.normals(purpose, attempt)),
    ).tolist()  # fmt: skip
    return found


def _times_array_s(
    table: tuple[tuple[float, float], ...] | None,
    p50_s: float,
    p95_s: float,
    uniforms: Callable[[], NDArray[np.float64]],
    normals: Callable[[], NDArray[np.float64]],
) -> NDArray[np.float64]:
    import numpy as np

    if table is None:
        return np.asarray(p50_s * np.exp(log(p95_s / p50_s) / Z95 * normals()))
    probabilities, times_s = zip(*table, strict=True)
    return np.asarray(np.interp(uniforms(), probabilities, times_s))


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
