"""Micro-batching replicas: per GPU-hour, every hour, busy or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.tiers.micro_batch import MicroBatch


class MicroBatchHours(PricingModel):
    """Rented GPUs of a micro-batching tier, kept on all month."""

    kind: ClassVar[str] = "micro_batch"

    def charges(self, config: MicroBatch, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the GPU-hours of the month."""
        if config.purchase is not None:
            return  # its own pricing model charges the hours
        name = subject.partition(".")[2]
        price = rates.price(config.price, "gpu_hour", "usd_per_gpu_hour")
        yield charge("serving:gpu", f"{name} GPU-hours", readings["gpu_hours"], price, f"{subject}.price")
