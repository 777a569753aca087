"""Build case: building as an investment, held against buying: what it pays back, when, and at which rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.decide.compare import Comparison, OptionSummary
from tco.finance.returns import payback_month, rates_of_return
from tco.finance.totals import left_over_usd, monthly_usd
from tco.pipeline import Evaluation


@dataclass(frozen=True, slots=True)
class BuildCase:
    """The cheapest way to build against the cheapest way to buy.

    Attributes:
        build: name of the built option.
        vendor: name of the bought one.
        flow_usd: what building spares in each month, as paid: vendor's cash less build's, shape (horizon_months,).
        left_over_usd: what is left of build's purchases at the end of the plan, less the vendor's; 0 where the scenario
            counts on nothing.
        rates_per_year: every yearly rate at which building is worth as much as buying, what is left included.
        payback_month: month (0 is the first) from which building has cost no more, as paid; None where it never does.
        discounted_payback_month: the same in present values.
    """

    build: str
    vendor: str
    flow_usd: NDArray[np.float64]
    left_over_usd: float
    rates_per_year: tuple[float, ...]
    payback_month: int | None
    discounted_payback_month: int | None


def cheapest_build(comparison: Comparison) -> OptionSummary | None:
    """Return the built option that costs least, one that keeps the SLO where any does; None where all are bought."""
    built = [option for option in comparison.options if option.is_build]
    keeping = [option for option in built if option.slo_kept]
    return min(keeping or built, key=lambda option: option.total_usd, default=None)


def build_case(evaluation: Evaluation, comparison: Comparison) -> BuildCase | None:
    """Take building for an investment; None where every option is built, or every one bought."""
    build, vendor = cheapest_build(comparison), comparison.vendor
    if build is None or vendor is None:
        return None
    scenario, finance = evaluation.scenario, evaluation.scenario.finance
    paid = monthly_usd(evaluation.ledger, scenario, "cash")
    left = left_over_usd(evaluation.tail, scenario)
    left_usd = left[build.name] - left[vendor] if finance.left_over == "book" else 0.0
    flow = paid[vendor] - paid[build.name]
    return BuildCase(
        build=build.name,
        vendor=vendor,
        flow_usd=flow,
        left_over_usd=left_usd,
        rates_per_year=rates_of_return(np.append(flow, left_usd)),
        payback_month=payback_month(flow),
        discounted_payback_month=payback_month(flow, finance.discount_fraction_per_year),
    )
