"""The view of chance that a policy may take: arrays of variates by purpose, one value per request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Draws(Protocol):
    """What a policy may ask of a workload."""

    def uniforms(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one uniform variate in [0, 1) per request, the same for every option."""
        ...

    def normals(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one standard normal variate per request, the same for every option."""
        ...


class ArrayDraws(Protocol):
    """The same variates as arrays, for whoever looks at all requests at once."""

    def uniform_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return one uniform variate in [0, 1) per request, shape (n,)."""
        ...

    def normal_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return one standard normal variate per request, shape (n,)."""
        ...
