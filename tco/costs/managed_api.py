"""Per token, or per request where the scenario says so; batch, cached and very long prompts at their own prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tco import catalog
from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.domain import Meter
from tco.scenario.prices import IncludedPrice, InlinePrice, InlineRequestPrice
from tco.scenario.tiers.managed_api import ManagedApi

ACCOUNT = "serving:api"
CACHED = (  # parts of the prompt at prices of their own: field of the tier, meter of the price, words
    ("cached_input_share", "cached_input", "cached input tokens"),
    ("cache_write_share", "cache_write", "input tokens written into the cache"),
)


class PerToken(PricingModel):
    """Prompt and answer tokens at their own prices; only completed requests are billed."""

    kind: ClassVar[str] = "managed_api"

    def charges(self, config: ManagedApi, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge input and output tokens, or requests, and what the batch endpoint served."""
        name, key = subject.partition(".")[2], f"{subject}.price"
        if config.price is None or isinstance(config.price, IncludedPrice):
            return  # units of throughput are charged, or the contract charges the requests
        if isinstance(config.price, InlineRequestPrice):
            price = rates.price(config.price, "request", "usd_per_request")
            yield charge(ACCOUNT, f"{name} requests", _without(readings, "requests", "batch"), price, key)
        else:
            yield from _interactive(config, name, readings, rates)
        if "batch_requests" in readings:
            yield from _batch(config, name, readings, rates)


def _interactive(config: ManagedApi, name: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
    key = f"tiers.{name}.price"
    for meter in ("input", "output"):
        price = rates.price(config.price, meter, "usd_per_mtok")
        tokens = _without(readings, f"{meter}_tokens", "batch", "long_context")
        apart = CACHED if meter == "input" else ()
        shares = [getattr(config, field) for field, _, _ in apart]
        yield charge(ACCOUNT, f"{name} {meter} tokens", _share(tokens, max(1.0 - sum(shares), 0.0)), price, key)
        for share, (_, priced_as, words) in zip(shares, apart, strict=True):
            if share > 0.0:
                own = rates.price(config.price, priced_as, "usd_per_mtok")
                yield charge(ACCOUNT, f"{name} {words}", _share(tokens, share), own, key)
        long = readings.get(f"long_context_{meter}_tokens")
        if long is not None:
            long_price = rates.price(config.price, f"{meter}_above_tier", "usd_per_mtok")
            yield charge(ACCOUNT, f"{name} {meter} tokens of long prompts", long, long_price, key)


def _batch(config: ManagedApi, name: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
    subject = f"tiers.{name}"
    stated = config.batch.price if config.batch is not None else None
    reference, key = (config.price, f"{subject}.price") if stated is None else (stated, f"{subject}.batch.price")
    if isinstance(reference, InlineRequestPrice):
        price = batch_price(rates, config, reference, "request", "usd_per_request")
        yield charge(ACCOUNT, f"{name} batch requests", readings["batch_requests"], price, key)
        return
    for meter in ("input", "output"):
        price = batch_price(rates, config, reference, meter, "usd_per_mtok")
        tokens = _without(readings, f"batch_{meter}_tokens", "long")
        yield charge(ACCOUNT, f"{name} batch {meter} tokens", tokens, price, key)
        long = readings.get(f"long_batch_{meter}_tokens")
        if long is not None:
            price = batch_price(rates, config, reference, long_batch_meter(config, meter), "usd_per_mtok")
            yield charge(ACCOUNT, f"{name} batch {meter} tokens of long prompts", long, price, key)


def long_batch_meter(config: ManagedApi, meter: str) -> str:
    """Name the meter that very long prompts pay by in a batch: the usual one where they have no price of their own."""
    batch, long = config.batch, f"{meter}_above_tier"
    if batch is None or batch.price is not None or not isinstance(config.price, str):
        return meter
    has_own = batch.discount_share is not None or f"batch_{long}" in catalog.meters_of(config.price)
    return long if has_own else meter


def batch_price(
    rates: Rates, config: ManagedApi, reference: str | InlinePrice | IncludedPrice | None, meter: str, unit: str
) -> Price:
    """Return what a batch request pays: prices of its own, the tier's less the discount, or the catalog's."""
    discount = config.batch.discount_share if config.batch is not None else None
    if discount is not None:
        full = rates.price(reference, meter, unit)
        return replace(full, value=full.value * (1.0 - discount), name=f"{full.name} less {discount:.4g} for batch")
    return rates.price(reference, f"batch_{meter}" if isinstance(reference, str) else meter, unit)


def _without(readings: Readings, item: str, *apart: str) -> Meter:
    """Return a meter less those parts of it that are charged apart."""
    whole = readings[item]
    parts = [readings[name] for part in apart if (name := f"{part}_{item}") in readings]
    if not parts:
        return whole
    rest = whole.quantity - sum(part.quantity for part in parts)
    words = "".join(f"; less {part.quantity:.6g} {part.unit} charged apart" for part in parts)
    return replace(whole, quantity=max(rest, 0.0), basis=f"{whole.basis}{words}")  # 0 but for rounding


def _share(meter: Meter, share: float) -> Meter:
    """Return a share of a meter."""
    if share == 1.0:
        return meter
    return replace(meter, quantity=meter.quantity * share, basis=f"{meter.basis}; of which {share:.4g}")
