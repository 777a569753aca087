"""Complexity: how hard the requests of a class are, from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Complexity(Plugin):
    """Base of the complexity distributions."""

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn uniform variates, shape (n,), into complexities from 0 to 1, shape (n,)."""
        raise NotImplementedError
