"""Poisson arrivals: many independent users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.arrivals import ArrivalProcess
from tco.arrivals.trace_rows import TraceRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Poisson(ArrivalProcess):
    """Exponential gaps: coefficient of variation 1."""

    kind: Literal["poisson"] = "poisson"

    def gaps(self, generator: np.random.Generator, count: int, _trace: TraceRows | None) -> NDArray[np.float64]:
        """Draw exponential gaps with mean 1."""
        return generator.standard_exponential(count)
