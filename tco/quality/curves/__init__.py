"""Success curves: the chance that a tier answers well, by how hard the request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SuccessCurve(Plugin):
    """Base of the success curves."""

    def success_probability(self, complexity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance of a good answer.

        Args:
            complexity: how hard each request is, 0 to 1, shape (n,).
        """
        raise NotImplementedError
