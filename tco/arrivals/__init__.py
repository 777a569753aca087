"""Arrivals: how requests are spaced within an hour. The hour's rate comes from the demand, not from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.arrivals.trace_rows import TraceRows
from tco.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ArrivalProcess(Plugin):
    """Base of the arrival processes."""

    def gaps(self, generator: np.random.Generator, count: int, trace: TraceRows | None) -> NDArray[np.float64]:
        """Draw times between arrivals with mean 1, shape (count,); the caller scales them to the rate."""
        raise NotImplementedError
