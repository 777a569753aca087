"""Token lengths: how long prompts and answers are, as a distribution or row by row from a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.arrivals.trace_rows import TraceRows
from tco.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_TOKENS = 10_000_000  # far above any context window; a larger figure is a slip of the pen


class LengthDistribution(Plugin):
    """Base of the length distributions."""

    @property
    def longest_tokens(self) -> float | None:
        """Longest length, tokens; None where there is none, or where it is not known beforehand, as of a trace."""
        return None

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn uniform variates, shape (n,), into lengths in tokens, shape (n,), before rounding."""
        raise NotImplementedError

    def sample(self, uniform: NDArray[np.float64], trace: TraceRows | None, what: str) -> NDArray[np.int64]:
        """Return whole tokens, at least 1, one per request.

        Args:
            uniform: one variate per request, shape (n,).
            trace: rows of the trace that gives the arrivals, if there is one.
            what: `input_tokens` or `output_tokens`.
        """
        del trace, what  # only a trace's own lengths look at them
        import numpy as np  # not at the top: `tco check` does without it

        return np.maximum(np.rint(self.quantile(uniform)), 1).astype(np.int64)
