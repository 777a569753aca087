"""Lengths taken row by row from the trace file that also gives the arrivals, so that they stay correlated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.arrivals.trace_rows import TraceRows
from tco.lengths import LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FromTrace(LengthDistribution):
    """The trace's own lengths, request by request."""

    kind: Literal["trace"] = "trace"

    def sample(self, uniform: NDArray[np.float64], trace: TraceRows | None, what: str) -> NDArray[np.int64]:
        """Take the trace's column; the scenario's checks guarantee that there is one."""
        if trace is None:
            raise ValueError("token lengths of kind 'trace' need arrivals of kind 'trace'")
        import numpy as np  # not at the top: `tco check` does without it

        column = trace.input_tokens if what == "input_tokens" else trace.output_tokens
        return np.resize(column, len(uniform))
