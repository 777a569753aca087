"""Reserved, spot and on-demand GPU-hours; a commitment is paid whether it is used or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.purchase.mix import Mix
from tco.scenario.tiers import FleetTier
from tco.units import HOURS_PER_MONTH


class MixedHours(PricingModel):
    """Every GPU-hour at the price of the way it was come by; reserved ones at that of the month of signing."""

    kind: ClassVar[str] = "mix"

    def charges(self, config: Mix, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge reserved hours as used up and as paid, then spot and on-demand hours."""
        name, key = subject.partition(".")[2], f"tiers.{subject.partition('.')[2]}"
        for item, meter in readings.items():
            what, _, which = item.partition("/")
            if what == "reserved_hours":
                yield from _reserved(config, name, readings, item, rates)
            elif what == "upfront_hours":
                block = config.reserved[int(which.split("/")[0])]
                price = rates.at(meter.priced_month).price(block.price, "gpu_hour", "usd_per_gpu_hour")
                words = f"{name} reserved GPU-hours, upfront"
                yield charge("serving:gpu:reserved", words, meter, price, _key(key, which), "cash")
        if config.spot is not None and "spot_hours" in readings:
            price = rates.price(config.spot.price, "gpu_hour", "usd_per_gpu_hour")
            where, account = f"{key}.purchase.spot.price", "serving:gpu:spot"
            yield charge(account, f"{name} spot GPU-hours", readings["spot_hours"], price, where)
            yield charge(account, f"{name} spot GPU-hours lost", readings["spot_lost_hours"], price, where)
        if "on_demand_hours" in readings:
            tier = rates.scenario.tiers[name]
            assert isinstance(tier, FleetTier)  # noqa: S101  # only fleets are purchased
            price = rates.price(tier.price, "gpu_hour", "usd_per_gpu_hour")
            yield charge("serving:gpu", f"{name} GPU-hours", readings["on_demand_hours"], price, f"{key}.price")


def _reserved(config: Mix, name: str, readings: Readings, item: str, rates: Rates) -> Iterator[Charge]:
    which = item.partition("/")[2]
    block, meter = config.reserved[int(which.split("/")[0])], readings[item]
    price = rates.at(meter.priced_month).price(block.price, "gpu_hour", "usd_per_gpu_hour")
    key, account = _key(f"tiers.{name}", which), "serving:gpu:reserved"
    if block.upfront_share == 0:
        yield charge(account, f"{name} reserved GPU-hours", meter, price, key)
        return
    yield charge(account, f"{name} reserved GPU-hours, used up", meter, price, key, "accrual")
    if block.upfront_share < 1:
        hours = block.gpus * HOURS_PER_MONTH * (1.0 - block.upfront_share)
        basis = f"{meter.basis}; {1 - block.upfront_share:.4g} of it month by month"
        yield Charge(
            account, f"{name} reserved GPU-hours, paid", hours, meter.unit, price, key, basis, "fixed", "cash",
            meter.priced_month,
        )  # fmt: skip


def _key(tier: str, which: str) -> str:
    """Name the price of a commitment; lists are counted from 0 as in the file's faults.

    >>> _key("tiers.own", "1/12")
    'tiers.own.purchase.reserved[1].price'
    """
    return f"{tier}.purchase.reserved[{which.split('/')[0]}].price"
