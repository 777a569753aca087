"""Lengths taken row by row from the trace file that also gives the arrivals, so that they stay correlated."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tco.arrivals.trace_rows import TraceRows
from tco.lengths import LengthDistribution


class FromTrace(LengthDistribution):
    """The trace's own lengths, request by request."""

    kind: Literal["trace"] = "trace"

    def sample(self, uniform: NDArray[np.float64], trace: TraceRows | None, what: str) -> NDArray[np.int64]:
        """Take the trace's column; the scenario's checks guarantee that there is one."""
        if trace is None:
            raise ValueError("token lengths of kind 'trace' need arrivals of kind 'trace'")
        column = trace.input_tokens if what == "input_tokens" else trace.output_tokens
        return np.resize(column, len(uniform))
