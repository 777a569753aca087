"""Own or rented GPUs that serve an open-weight model with continuous batching."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tco.scenario.prices import GpuPrice, ServerRef
from tco.scenario.tiers import Tier


class GpuFleet(Tier):
    """A fleet of equal replicas, as many as the SLO needs in the month's busiest hour."""

    kind: Literal["gpu_fleet"] = "gpu_fleet"
    server: ServerRef
    """Catalog name of a measured server (model, GPU, precision), or inline step-time coefficients."""
    price: GpuPrice
    """Catalog name of a GPU-hour price, or an inline one."""
    min_replicas: Annotated[int, Field(ge=1, le=4096)] = 1
    """Fewest replicas that are kept, for redundancy."""
    max_replicas: Annotated[int, Field(ge=1, le=4096)] = 256
    """Most replicas that can be had; sizing stops there and says so."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas {self.min_replicas} is above max_replicas {self.max_replicas}")
        return self

    @property
    def owns_fleet(self) -> bool:
        """A fleet is sized, staffed and paid whether it is busy or not."""
        return True
