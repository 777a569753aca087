"""Serverless platforms: by the token, or by the second of every GPU whose worker lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.prices import IncludedPrice, InlineGpuSecondPrice, InlineRequestPrice
from tco.scenario.tiers.serverless import Serverless
from tco.units import SECONDS_PER_HOUR


class PerTokenOrSecond(PricingModel):
    """Whichever of the two prices the tier states."""

    kind: ClassVar[str] = "serverless"

    def charges(self, config: Serverless, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge GPU-seconds, tokens or requests."""
        name, account = subject.partition(".")[2], "serving:platform"
        if isinstance(config.token_price, IncludedPrice):
            return  # the contract charges the requests
        if config.gpu_price is not None:
            price = per_gpu_second(config, rates)
            yield charge(account, f"{name} GPU-seconds", readings["gpu_seconds"], price, f"{subject}.gpu_price")
        elif isinstance(config.token_price, InlineRequestPrice):
            price = rates.price(config.token_price, "request", "usd_per_request")
            yield charge(account, f"{name} requests", readings["requests"], price, f"{subject}.token_price")
        elif config.token_price is not None:
            for meter in ("input", "output"):
                price = rates.price(config.token_price, meter, "usd_per_mtok")
                key = f"{subject}.token_price"
                yield charge(account, f"{name} {meter} tokens", readings[f"{meter}_tokens"], price, key)


def per_gpu_second(config: Serverless, rates: Rates) -> Price:
    """Return the price of a GPU-second; a price by the hour is divided, as platforms bill by the second."""
    if isinstance(config.gpu_price, InlineGpuSecondPrice):
        return rates.price(config.gpu_price, "gpu_second", "usd_per_gpu_s")
    assert config.gpu_price is not None  # noqa: S101  # the caller asked only where there is one
    hourly = rates.price(config.gpu_price, "gpu_hour", "usd_per_gpu_hour")
    return replace(hourly, value=hourly.value / SECONDS_PER_HOUR, unit="usd_per_gpu_s")
