"""Arrivals replayed from a trace file, stretched in time to the rate that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.arrivals import ArrivalProcess
from tco.arrivals.trace_rows import TraceRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TraceFile(ArrivalProcess):
    """Every row of the file once, with the file's own burstiness."""

    kind: Literal["trace"] = "trace"
    path: Annotated[str, Field(min_length=1)]
    """CSV file of arrival times and token counts; a relative path starts at the scenario's folder."""

    def gaps(self, _generator: np.random.Generator, count: int, trace: TraceRows | None) -> NDArray[np.float64]:
        """Return the trace's gaps, scaled to mean 1."""
        if trace is None:
            raise ValueError("arrivals of kind 'trace' need the rows of the trace")
        import numpy as np  # not at the top: `tco check` does without it

        return np.resize(trace.gaps, count)
