"""Constant arrivals: one request after the other at a fixed interval, as a timer sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.arrivals import ArrivalProcess
from tco.arrivals.trace_rows import TraceRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class EqualGaps(ArrivalProcess):
    """Equal gaps: coefficient of variation 0."""

    kind: Literal["constant"] = "constant"

    def gaps(self, _generator: np.random.Generator, count: int, _trace: TraceRows | None) -> NDArray[np.float64]:
        """Return gaps of 1."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.ones(count)
