"""Tier costs: what a million tokens of each tier cost, with the hours in which nobody asked, and without them.

Allocation-based: everything that is paid for the tier over the tokens that it served. Usage-based: the same, times the
share of the paid hours in which it worked: what those hours alone would have cost. The second is what a rate card of
one's own tends to quote, and it flatters own hardware, whose idle hours are paid all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import pandas as pd

from tco.capacity.sizing import FleetPlan
from tco.demand.forecast import Month
from tco.domain import Meter
from tco.finance.totals import through
from tco.scenario import Scenario
from tco.scenario.prices import IncludedPrice
from tco.scenario.purchase.mix import Mix
from tco.scenario.purchase.owned import Owned
from tco.scenario.tiers import FleetTier, Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.units import HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class TierCost:
    """One tier of one option over the plan.

    Attributes:
        option: name of the option.
        tier: name of the tier.
        is_built: whether it is capacity of the team's own.
        cost_usd: all that serving by it costs, as it is used up.
        input_mtok: prompt tokens that it read, millions.
        output_mtok: tokens that it generated, millions.
        replica_month_usd: what one more replica costs a month, at the plan's mean; None for tiers without a fleet.
        used_share: share of the paid GPU-hours in which it worked; None where that is not known, and for other tiers.
        load_share: tokens served over those that the paid GPU-hours could have served, always full; None where that is
            not known, and for other tiers.
        by_contract: whether the option's contract pays it, so that no part of the fees is the tier's own.
    """

    option: str
    tier: str
    is_built: bool
    cost_usd: float
    input_mtok: float
    output_mtok: float
    replica_month_usd: float | None
    used_share: float | None
    load_share: float | None = None
    by_contract: bool = False

    @property
    def usd_per_mtok(self) -> float | None:
        """Allocation-based cost of a million tokens, prompt and answer alike; None where none, or by contract.

        >>> TierCost("it", "own", True, 900.0, 250.0, 50.0, None, 0.25).usd_per_mtok
        3.0
        """
        tokens = self.input_mtok + self.output_mtok
        return self.cost_usd / tokens if tokens > 0 and not self.by_contract else None

    @property
    def usd_per_output_mtok(self) -> float | None:
        """The same, all of it laid on the answers."""
        return self.cost_usd / self.output_mtok if self.output_mtok > 0 and not self.by_contract else None

    @property
    def used_usd_per_mtok(self) -> float | None:
        """Usage-based cost of a million tokens.

        >>> TierCost("it", "own", True, 900.0, 250.0, 50.0, None, 0.25).used_usd_per_mtok
        0.75
        """
        each = self.usd_per_mtok
        return None if each is None or self.used_share is None else each * self.used_share

    @property
    def full_usd_per_output_mtok(self) -> float | None:
        """Cost of a million answer tokens if replicas were full in every paid hour, as studies tend to quote it.

        >>> TierCost("it", "own", True, 900.0, 250.0, 50.0, None, 0.9, 0.25).full_usd_per_output_mtok
        4.5
        """
        each = self.usd_per_output_mtok
        return None if each is None or self.load_share is None else each * self.load_share


def tier_costs(
    scenario: Scenario, ledger: pd.DataFrame, meters: tuple[Meter, ...], plan: FleetPlan, months: tuple[Month, ...]
) -> tuple[TierCost, ...]:
    """Divide what an option's ledger says of each tier by the tokens that the tier served.

    Args:
        scenario: the scenario.
        ledger: lines of the horizon.
        meters: physical quantities, of which those of the horizon count.
        plan: the option's fleets.
        months: the demand.
    """
    lines = through(ledger[ledger["option"] == plan.option])
    serving = lines[lines["account"].str.startswith("serving:")]
    tiers = scenario.tiers_of(plan.option)
    paid = serving["cost_usd"].groupby(serving["scenario_key"].map(lambda key: tier_of(key, tiers))).sum()
    found = []
    own = months[scenario.options[plan.option].first_month :]  # before, another option served in its place
    for name, tier in tiers.items():
        counted, serves = (_Counted(plan.option, name, meters, span) for span in (months, own))
        cost_usd = float(paid.get(name, 0.0))
        held = counted.total("tiers", "gpu_hours") / tier.gpus if isinstance(tier, FleetTier) else 0.0
        found.append(TierCost(
            plan.option, name, tier.is_built, cost_usd, counted.total("tiers", "input_tokens"),
            counted.total("tiers", "output_tokens"), cost_usd / held * HOURS_PER_MONTH if held else None,
            _used_share(tier, name, plan, own, serves), _load_share(tier, name, plan, own, serves),
            _by_contract(tier),
        ))  # fmt: skip
    return tuple(found)


def _by_contract(tier: Tier) -> bool:
    prices = [getattr(tier, name, None) for name in ("price", "token_price")]
    return any(isinstance(price, IncludedPrice) for price in prices)


def tier_of(scenario_key: str, tiers: dict[str, Tier]) -> str:
    """Name the tier that a price belongs to by the key that names the price; "" where it is none's.

    Names may hold dots: of several that the key begins with, it is the one whose own field comes next.
    """
    for name, tier in tiers.items():
        start = f"tiers.{name}."
        if scenario_key.startswith(start):
            field = scenario_key.removeprefix(start).split(".")[0].split("[")[0]
            if field in type(tier).model_fields:
                return name
    return ""


class _Counted:
    """The meters of one tier of one option in some months."""

    def __init__(self, option: str, tier: str, meters: tuple[Meter, ...], months: tuple[Month, ...]) -> None:
        subjects, within = (f"tiers.{tier}", f"purchase.{tier}"), {month.index for month in months}
        self._tier = tier
        self._meters = [
            each for each in meters if each.option == option and each.subject in subjects and each.month in within
        ]

    def total(self, area: str, *items: str) -> float:
        """Add up the meters whose item is one of some, or one of their parts (`item/...`)."""
        subject = f"{area}.{self._tier}"
        return fsum(
            each.quantity for each in self._meters if each.subject == subject and each.item.partition("/")[0] in items
        )


def _used_share(tier: Tier, name: str, plan: FleetPlan, months: tuple[Month, ...], counted: _Counted) -> float | None:
    """Hold the hours in which replicas worked against those that are paid.

    The busiest hour's busy share is carried to the mean hour by the rate. That is exact where work grows with requests;
    with continuous batching a replica works longer on each when few share a step, so that the share is too low.
    """
    paid = _paid_hours(tier, counted)
    if paid is None or not isinstance(tier, FleetTier):
        return None
    used = 0.0
    for month in months:
        window, sized = plan.window(month.index), plan.replicas[month.index][name]
        busy = window.tiers[name].busy_share
        if busy is None:
            return None
        breaks = isinstance(tier, GpuFleet) and tier.failures is not None
        replicas = tier.paid_replicas(sized) if breaks and isinstance(tier, GpuFleet) else sized
        used += busy * replicas * tier.gpus * HOURS_PER_MONTH * month.mean_rps / window.rate_rps
    return min(used / paid, 1.0) if paid else None


def _load_share(tier: Tier, name: str, plan: FleetPlan, months: tuple[Month, ...], counted: _Counted) -> float | None:
    """Hold the GPU-hours that the load would fill against those that are paid."""
    paid, each = _paid_hours(tier, counted), plan.full_replicas_per_rps.get(name)
    if not paid or each is None or not isinstance(tier, FleetTier):
        return None
    return fsum(month.mean_rps for month in months) * HOURS_PER_MONTH * each * tier.gpus / paid


def _paid_hours(tier: Tier, counted: _Counted) -> float | None:
    """Return the GPU-hours that are paid over the plan: rented, committed to, or of the servers that are alive."""
    if not isinstance(tier, FleetTier):
        return None
    if isinstance(tier.purchase, Owned):
        return counted.total("purchase", "alive") * tier.purchase.gpus_per_server * HOURS_PER_MONTH
    if isinstance(tier.purchase, Mix):
        return counted.total("purchase", "reserved_hours", "spot_hours", "on_demand_hours")
    return counted.total("tiers", "gpu_hours")
