"""Gamma arrivals: burstier (CV above 1) or steadier (CV below 1) than Poisson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.arrivals import ArrivalProcess
from tco.arrivals.trace_rows import TraceRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Gamma(ArrivalProcess):
    """Gamma-distributed gaps with a given coefficient of variation."""

    kind: Literal["gamma"] = "gamma"
    interarrival_cv: Annotated[float, Field(gt=0.05, le=30.0)]
    """Coefficient of variation of the gaps; 1 is Poisson, Azure's 2023 code trace has 13."""

    def gaps(self, generator: np.random.Generator, count: int, _trace: TraceRows | None) -> NDArray[np.float64]:
        """Draw gamma gaps with mean 1 and the given coefficient of variation."""
        shape = self.interarrival_cv**-2
        return generator.standard_gamma(shape, count) / shape
