"""The view of chance that a policy may take: arrays of variates by purpose, one value per request."""

from __future__ import annotations

from typing import Protocol


class Draws(Protocol):
    """What a policy may ask of a workload."""

    def uniforms(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one uniform variate in [0, 1) per request, the same for every option."""
        ...

    def normals(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one standard normal variate per request, the same for every option."""
        ...
