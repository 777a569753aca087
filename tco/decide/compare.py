"""Compare: every option's cost, latency and verdict, and the option that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tco.capacity.overload import load_shares
from tco.capacity.sizing import FleetPlan
from tco.finance.totals import by_account_usd, left_over_usd, monthly_usd
from tco.finance.unit_economics import UnitEconomics, unit_economics
from tco.finance.value import break_even_month, build_or_buy, cheapest_usd, present_value_usd
from tco.pipeline import Evaluation
from tco.scenario import Scenario
from tco.scenario.purchase.owned import Owned
from tco.scenario.tiers import FleetTier


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of the SLO, held against what the option reaches; `kept` is None when the value is unknown."""

    limit_name: str
    limit: float
    value: float | None
    kept: bool | None


@dataclass(frozen=True, slots=True)
class OptionSummary:
    """One option, reduced to what a decision needs.

    Attributes:
        name: name of the option.
        total_usd: cost over the horizon.
        npv_usd: present value of that cost.
        monthly_usd: cost per month, shape (horizon_months,).
        accounts_usd: cost over the horizon by account.
        e2e_p95_s: worst busiest-hour 95th percentile end to end; None when no interactive request was answered.
        ttft_p95_s: the same for the first token.
        checks: every limit of the SLO.
        break_even_month: month (0 is the first) from which the option has cost less in total than the baseline;
            None when that does not happen within the horizon.
        is_baseline: whether this is the option that is cheapest to start.
        is_build: whether the team runs capacity of its own; where every option does, whether it owns the servers.
        build_ratio: total over the vendor's total; None for bought options, without a vendor, or with a free one.
        verdict: `buy`, `build` or `close` by the 1.5 x rule; None where there is no ratio.
        replicas_first: replicas per fleet tier in the first month.
        replicas_last: replicas per fleet tier in the last month.
        success_share: share of the horizon's requests that get a good answer; None where the quality of some answer
            is not known. The SLO is held against the window where it is least.
        units: what one request, good answer, seat or user costs.
        degraded_share: share of requests that a fallback answered, in the window where it is most.
    """

    name: str
    total_usd: float
    npv_usd: float
    monthly_usd: NDArray[np.float64]
    accounts_usd: dict[str, float]
    e2e_p95_s: float | None
    ttft_p95_s: float | None
    checks: tuple[Check, ...]
    break_even_month: int | None
    is_baseline: bool
    is_build: bool
    build_ratio: float | None
    verdict: str | None
    replicas_first: dict[str, int]
    replicas_last: dict[str, int]
    units: UnitEconomics
    success_share: float | None = None
    degraded_share: float = 0.0

    @property
    def cost_usd_per_request(self) -> float:
        """Cost over the horizon per request over the horizon."""
        return self.units.cost_usd_per_request

    @property
    def cost_usd_per_success(self) -> float | None:
        """Cost over the horizon per good answer; None where that is not known, or there is none."""
        return self.units.cost_usd_per_success

    @property
    def gross_margin(self) -> float | None:
        """Share of the horizon's revenue left after all but people; None where nothing is sold."""
        return None if self.units.plan is None else self.units.plan.gross_margin

    @property
    def slo_kept(self) -> bool:
        """Whether every limit is known to be kept."""
        return all(check.kept for check in self.checks)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Options side by side.

    Attributes:
        options: in the scenario's order.
        baseline: the option that is cheapest to start, which break-even is measured against; one that keeps the SLO
            where any does.
        vendor: the cheapest bought option, which building is held against; one that keeps the SLO where any does; None
            where every option is built, and all rent their GPUs or all own them.
        chosen: the recommended option: the lowest present value among those that keep the SLO; None when none does.
        contest: what the two sides are: `build or buy`, or `own or rent` where every option runs GPUs.
    """

    options: tuple[OptionSummary, ...]
    baseline: str
    vendor: str | None
    chosen: str | None
    contest: Literal["build or buy", "own or rent"] = "build or buy"

    def __getitem__(self, name: str) -> OptionSummary:
        return next(option for option in self.options if option.name == name)


def compare(evaluation: Evaluation, against: str | None = None) -> Comparison:
    """Reduce an evaluation to its options side by side.

    Args:
        evaluation: what was computed.
        against: option that building is held against; None for the cheapest that is bought, or rented.
    """
    scenario = evaluation.scenario
    paths = monthly_usd(evaluation.ledger, scenario)
    accounts = by_account_usd(evaluation.ledger, scenario)
    alone = [_alone(evaluation, evaluation.plans[name], path, accounts[name]) for name, path in paths.items()]
    owning = {option.name: _owns_servers(scenario, option.name) for option in alone}
    rents = all(option.is_build for option in alone) and len(set(owning.values())) > 1
    if rents:  # nobody to buy from, but somebody to rent from: the servers are what is built
        alone = [replace(option, is_build=owning[option.name]) for option in alone]
    alone = [replace(option, is_build=False) if option.name == against else option for option in alone]
    keeping = [option for option in alone if option.slo_kept]
    baseline = min(keeping or alone, key=lambda option: option.monthly_usd[0])
    bought = [option for option in keeping or alone if not option.is_build]
    bought = bought or [option for option in alone if not option.is_build]
    bought = [option for option in alone if option.name == against] or bought
    vendor = min(bought, key=lambda option: option.total_usd) if bought else None
    return Comparison(
        options=tuple(_beside(option, baseline, vendor) for option in alone),
        baseline=baseline.name,
        vendor=vendor.name if vendor else None,
        chosen=_chosen(keeping),
        contest="own or rent" if rents else "build or buy",
    )


def _owns_servers(scenario: Scenario, option: str) -> bool:
    tiers = scenario.tiers_of(option).values()
    return any(isinstance(tier, FleetTier) and isinstance(tier.purchase, Owned) for tier in tiers)


def _chosen(keeping: list[OptionSummary]) -> str | None:
    """Return the option with the lowest present value; of those that cost the same, the fastest."""
    if not keeping:
        return None
    limit_usd = cheapest_usd([option.npv_usd for option in keeping])
    tied = [option for option in keeping if option.npv_usd <= limit_usd]
    return min(tied, key=lambda option: option.e2e_p95_s or 0.0).name


def _alone(
    evaluation: Evaluation, plan: FleetPlan, path: NDArray[np.float64], accounts: dict[str, float]
) -> OptionSummary:
    """Summarise an option without a look at the others."""
    scenario, total = evaluation.scenario, float(path.sum())
    requests = fsum(month.requests for month in evaluation.months)
    worst_e2e = _worst(window.e2e.p95_s for window in plan.timed)
    success = _mean_success(evaluation, plan, requests)
    units = unit_economics(scenario, evaluation.ledger, evaluation.months, plan.option, success)
    worst_ttft = _worst(window.ttft.p95_s for window in plan.timed)
    return OptionSummary(
        name=plan.option,
        total_usd=total,
        npv_usd=_npv_usd(evaluation, plan.option),
        monthly_usd=path,
        accounts_usd=accounts,
        e2e_p95_s=worst_e2e,
        ttft_p95_s=worst_ttft,
        checks=_checks(scenario, plan, worst_e2e, worst_ttft, units.cost_usd_per_request),
        break_even_month=None,
        is_baseline=False,
        is_build=any(tier.is_built for tier in scenario.tiers_of(plan.option).values()),
        build_ratio=None,
        verdict=None,
        replicas_first=plan.replicas[0],
        replicas_last=plan.replicas[-1],
        units=units,
        success_share=success,
        degraded_share=max(window.degraded_share for window in plan.judged),
    )


def _npv_usd(evaluation: Evaluation, option: str) -> float:
    """Discount what is paid, and set off what is left of it at the end, where the scenario counts that."""
    finance = evaluation.scenario.finance
    paid = monthly_usd(evaluation.ledger, evaluation.scenario, "cash")[option]
    left = left_over_usd(evaluation.tail, evaluation.scenario)[option] if finance.left_over == "book" else 0.0
    return present_value_usd(np.append(paid, -left), finance.discount_fraction_per_year)


def _beside(option: OptionSummary, baseline: OptionSummary, vendor: OptionSummary | None) -> OptionSummary:
    """Add what an option is beside the baseline and the vendor."""
    if option.name != baseline.name:
        overtakes = break_even_month(option.monthly_usd, baseline.monthly_usd)
        option = replace(option, break_even_month=overtakes)
    else:
        option = replace(option, is_baseline=True)
    if not option.is_build or vendor is None:
        return option
    ratio = option.total_usd / vendor.total_usd if vendor.total_usd > 0 else None
    return replace(option, build_ratio=ratio, verdict=build_or_buy(option.total_usd, vendor.total_usd))


def _worst(values: object) -> float | None:
    known = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return max(known) if known else None


def _mean_success(evaluation: Evaluation, plan: FleetPlan, requests: float) -> float | None:
    """Average over the requests of all months; None where the quality of some answer is not known."""
    good = 0.0
    for month in evaluation.months:
        share = plan.window(month.index).success_share
        if share is None:
            return None
        good += month.requests * share
    return good / requests


def _least_success(plan: FleetPlan) -> float | None:
    shares = [window.success_share for window in plan.judged]
    return None if None in shares else min(share for share in shares if share is not None)


def _checks(
    scenario: Scenario, plan: FleetPlan, e2e_s: float | None, ttft_s: float | None, usd_per_request: float
) -> tuple[Check, ...]:
    slo = scenario.slo
    success = _least_success(plan)
    availabilities = [window.availability for window in plan.judged]
    availability = None if None in availabilities else min(a for a in availabilities if a is not None)
    at_most = (
        ("e2e_p95_s", slo.e2e_p95_s, e2e_s),
        ("ttft_p95_s", slo.ttft_p95_s, ttft_s),
        ("cost_usd_per_request", slo.cost_usd_per_request, usd_per_request),
    )
    nobody_waits = not any(entry.latency_class == "interactive" and entry.share for entry in scenario.classes.values())
    checks = [
        Check(name, limit, value, None if value is None else value <= limit)
        for name, limit, value in at_most
        if limit is not None and not (nobody_waits and value is None)
    ]
    if slo.availability_fraction is not None:
        kept = None if availability is None else availability >= slo.availability_fraction
        checks.append(Check("availability_fraction", slo.availability_fraction, availability, kept))
    if slo.success_fraction is not None:
        kept = None if success is None else success >= slo.success_fraction
        checks.append(Check("success_fraction", slo.success_fraction, success, kept))
    fixed = [share for window in plan.judged for share in load_shares(scenario, window).values()]
    loads = [*fixed, *plan.load_shares.values(), *(overload.load_share for overload in plan.overloads)]
    if loads and max(loads) > 1.0:
        checks.append(Check("load_share", 1.0, max(loads), kept=False))
    unanswered = max(fsum(window.unanswered.values()) for window in plan.judged)
    allowed = 1.0 - slo.availability_fraction if slo.availability_fraction is not None else 0.0
    if unanswered > 0:
        checks.append(Check("unanswered_share", allowed, unanswered, unanswered <= allowed))
    return tuple(checks)
