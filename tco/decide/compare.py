"""Compare: every option's cost, latency and verdict, and the recommendation that follows."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from tco.capacity.overload import load_shares
from tco.capacity.sizing import FleetPlan
from tco.finance.totals import by_account_usd, monthly_usd
from tco.finance.value import BUY_ABOVE, break_even_month, build_or_buy, gross_margin, present_value_usd
from tco.pipeline import Evaluation
from tco.scenario import Scenario


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
        cost_usd_per_request: cost over the horizon per request over the horizon.
        monthly_usd: cost per month, shape (horizon_months,).
        accounts_usd: cost over the horizon by account.
        e2e_p95_s: worst busiest-hour 95th percentile end to end; None when no interactive request was answered.
        ttft_p95_s: the same for the first token.
        checks: every limit of the SLO.
        break_even_month: month (0 is the first) from which the option has cost less in total than the baseline;
            None when that does not happen within the horizon.
        is_baseline: whether this is the option that is cheapest to start.
        is_build: whether the team runs capacity of its own.
        build_ratio: total over the cheapest bought option's total; None for bought options or without one.
        verdict: `buy`, `build` or `close` by the 1.5 x rule; None where there is no ratio.
        replicas_first: replicas per fleet tier in the first month.
        replicas_last: replicas per fleet tier in the last month.
        missed: latency limits that no fleet size reaches.
        gross_margin: share of the horizon's revenue left after serving, platform and storage; None without prices.
    """

    name: str
    total_usd: float
    npv_usd: float
    cost_usd_per_request: float
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
    missed: tuple[str, ...]
    gross_margin: float | None

    @property
    def slo_kept(self) -> bool:
        """Whether every limit is known to be kept."""
        return all(check.kept for check in self.checks)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Options side by side.

    Attributes:
        options: in the scenario's order.
        baseline: the option that is cheapest to start, which break-even is measured against.
        chosen: the recommended option: the lowest present value among those that keep the SLO; None when none does.
    """

    options: tuple[OptionSummary, ...]
    baseline: str
    chosen: str | None

    def __getitem__(self, name: str) -> OptionSummary:
        return next(option for option in self.options if option.name == name)


def compare(evaluation: Evaluation) -> Comparison:
    """Reduce an evaluation to its options side by side."""
    scenario = evaluation.scenario
    paths = monthly_usd(evaluation.ledger, scenario)
    accounts = by_account_usd(evaluation.ledger, scenario)
    baseline = min(paths, key=lambda name: paths[name][0])
    builds = {name: any(tier.is_built for tier in scenario.tiers_of(name).values()) for name in paths}
    bought = [float(paths[name].sum()) for name in paths if not builds[name]]
    requests = sum(month.requests for month in evaluation.months)
    options = tuple(
        _summary(
            scenario,
            evaluation.plans[name],
            path,
            accounts[name],
            requests,
            baseline=(baseline, paths[baseline]),
            vendor_usd=min(bought) if bought and builds[name] else None,
            is_build=builds[name],
        )
        for name, path in paths.items()
    )
    keeping = [option for option in options if option.slo_kept]
    chosen = min(keeping, key=lambda option: option.npv_usd).name if keeping else None
    return Comparison(options, baseline, chosen)


def _summary(
    scenario: Scenario,
    plan: FleetPlan,
    path: NDArray[np.float64],
    accounts: dict[str, float],
    requests: float,
    *,
    baseline: tuple[str, NDArray[np.float64]],
    vendor_usd: float | None,
    is_build: bool,
) -> OptionSummary:
    total = float(path.sum())
    worst_e2e = _worst(window.e2e.p95_s for window in plan.windows)
    worst_ttft = _worst(window.ttft.p95_s for window in plan.windows)
    ratio = total / vendor_usd if vendor_usd else None
    is_baseline = plan.option == baseline[0]
    return OptionSummary(
        name=plan.option,
        total_usd=total,
        npv_usd=present_value_usd(path, scenario.finance.discount_fraction_per_year),
        cost_usd_per_request=total / requests,
        monthly_usd=path,
        accounts_usd=accounts,
        e2e_p95_s=worst_e2e,
        ttft_p95_s=worst_ttft,
        checks=_checks(scenario, plan, worst_e2e, worst_ttft, total / requests),
        break_even_month=None if is_baseline else break_even_month(path, baseline[1]),
        is_baseline=is_baseline,
        is_build=is_build,
        build_ratio=ratio,
        verdict=build_or_buy(total, vendor_usd) if vendor_usd else None,
        replicas_first=plan.replicas[0],
        replicas_last=plan.replicas[-1],
        missed=plan.missed,
        gross_margin=_gross_margin(scenario, accounts, requests),
    )


def _gross_margin(scenario: Scenario, accounts: dict[str, float], requests: float) -> float | None:
    """Hold revenue against what serving it costs: everything but people."""
    if scenario.business is None:
        return None
    seat_months = scenario.business.seats * requests / scenario.traffic.requests_per_month
    serving = fsum(amount for account, amount in accounts.items() if not account.startswith("people:"))
    return gross_margin(seat_months * scenario.business.seat_usd_per_month, serving)


def _worst(values: object) -> float | None:
    known = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return max(known) if known else None


def _checks(
    scenario: Scenario, plan: FleetPlan, e2e_s: float | None, ttft_s: float | None, usd_per_request: float
) -> tuple[Check, ...]:
    slo = scenario.slo
    availabilities = [window.availability for window in plan.windows]
    availability = None if None in availabilities else min(a for a in availabilities if a is not None)
    at_most = (
        ("e2e_p95_s", slo.e2e_p95_s, e2e_s),
        ("ttft_p95_s", slo.ttft_p95_s, ttft_s),
        ("cost_usd_per_request", slo.cost_usd_per_request, usd_per_request),
    )
    checks = [
        Check(name, limit, value, None if value is None else value <= limit)
        for name, limit, value in at_most
        if limit is not None
    ]
    if slo.availability_fraction is not None:
        kept = None if availability is None else availability >= slo.availability_fraction
        checks.append(Check("availability_fraction", slo.availability_fraction, availability, kept))
    loads = [share for window in plan.windows for share in load_shares(scenario, window).values()]
    if loads and max(loads) > 1.0:
        checks.append(Check("load_share", 1.0, max(loads), kept=False))
    unanswered = max(fsum(window.unanswered.values()) for window in plan.windows)
    allowed = 1.0 - slo.availability_fraction if slo.availability_fraction is not None else 0.0
    if unanswered > 0:
        checks.append(Check("unanswered_share", allowed, unanswered, unanswered <= allowed))
    return tuple(checks)


def recommendation(comparison: Comparison, scenario: Scenario) -> str:
    """Say in two sentences what to choose, and the numbers that it rests on."""
    return f"{_first_sentence(comparison, scenario)} {_second_sentence(comparison)}"


def _first_sentence(comparison: Comparison, scenario: Scenario) -> str:
    months = scenario.horizon_months
    if comparison.chosen is None:
        near = min(comparison.options, key=lambda option: sum(not check.kept for check in option.checks))
        missed = "; ".join(in_words(check) for check in near.checks if not check.kept)
        return f"No option keeps the SLO; {near.name} comes nearest and misses {missed}."
    best = comparison[comparison.chosen]
    others = sorted(
        (option for option in comparison.options if option.slo_kept and option is not best),
        key=lambda option: option.npv_usd,
    )
    p95 = f", p95 {best.e2e_p95_s:.2f} s" if best.e2e_p95_s is not None else ""
    sentence = (
        f"Choose {best.name}: it keeps the SLO at ${best.total_usd:,.0f} over {months} months "
        f"(NPV ${best.npv_usd:,.0f}, ${best.cost_usd_per_request:.4g} a request{p95})"
    )
    if not others:
        return f"{sentence}, the only option that does."
    saving = 1.0 - best.npv_usd / others[0].npv_usd if others[0].npv_usd > 0 else 0.0
    return f"{sentence}, {saving:.0%} less in present value than {others[0].name}, the next that keeps it."


def _second_sentence(comparison: Comparison) -> str:
    built = [option for option in comparison.options if option.build_ratio is not None]
    bought = [option for option in comparison.options if not option.is_build]
    if not built:
        kinds = "bought" if bought else "built"
        return f"Every option is {kinds}, so there is no build-or-buy choice to make here."
    build = min(built, key=lambda option: option.total_usd)
    buy = min(bought, key=lambda option: option.total_usd)
    facts = (
        f"The cheapest way to build, {build.name}, costs {build.build_ratio:.2f} x the cheapest way to buy, "
        f"{buy.name} (${build.total_usd:,.0f} against ${buy.total_usd:,.0f})"
    )
    verdict = {
        "buy": f"above the rule's {BUY_ABOVE:g} x, so buy",
        "close": f"within the rule's {BUY_ABOVE:g} x, so building needs a reason other than cost",
        "build": "so building pays within the horizon",
    }[build.verdict or "buy"]
    return f"{facts}: {verdict}."


def in_words(check: Check) -> str:
    """Say what a limit asks and what is reached.

    >>> in_words(Check("e2e_p95_s", 45.0, 60.149, kept=False))
    'p95 end to end 60.1 s, limit 45 s'
    """
    name, unit = {
        "e2e_p95_s": ("p95 end to end", " s"),
        "ttft_p95_s": ("p95 to the first token", " s"),
        "cost_usd_per_request": ("cost per request", " USD"),
        "availability_fraction": ("availability", ""),
        "load_share": ("work in the busiest hour over what can be done", ""),
        "unanswered_share": ("share of requests without an answer", ""),
    }[check.limit_name]
    value = "unknown" if check.value is None else f"{check.value:.3g}{unit}"
    if check.limit_name == "availability_fraction" and check.value is not None:
        value = f"{check.value:.5g}"  # nines are told apart by the later digits
    return f"{name} {value}, limit {check.limit:g}{unit}"
