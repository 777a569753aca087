"""The view that a policy has of a run: chances, what each request is like, and how full the tiers are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tco.policies.draws import Draws

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class View(Draws, Protocol):
    """What a policy may look at. Lists have one entry per request."""

    def complexity(self) -> list[float]:
        """Return how hard each request is, 0 to 1."""
        ...

    def products(self) -> list[str]:
        """Return the product tier of each request's customer; empty texts where the traffic names none."""
        ...

    def sensitive(self, request_class: str) -> bool:
        """Say whether requests of a class must stay on own hardware."""
        ...

    def allows(self, request_class: str, tier: str) -> bool:
        """Say whether requests of a class may go to a tier: sensitive ones to own hardware only."""
        ...

    def good(self, tier: str) -> list[bool]:
        """Return whether a tier would answer each request well; KeyError where its quality is not known."""
        ...

    def uniform_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return the same as `uniforms`, as an array, shape (n,)."""
        ...

    def normal_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return the same as `normals`, as an array, shape (n,)."""
        ...

    def complexity_array(self) -> NDArray[np.float64]:
        """Return the same as `complexity`, as an array, shape (n,)."""
        ...

    def good_array(self, tier: str) -> NDArray[np.bool_]:
        """Return the same as `good`, as an array, shape (n,)."""
        ...

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a fresh generator for what is not tied to a request: the same in every option, at every load."""
        ...

    def inside(self, tier: str, request: int) -> int:
        """Count the requests in a tier now, waiting or served; of a placed one, in the region that serves a request."""
        ...

    def replicas(self, tier: str, request: int) -> int:
        """Return the replicas of a tier whose fleet is sized, in the region that serves a request; 1 for others."""
        ...
