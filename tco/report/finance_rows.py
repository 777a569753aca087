"""Money over time and by the unit, as rows and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.decide.build_case import BuildCase
from tco.decide.compare import OptionSummary
from tco.demand.forecast import month_label
from tco.finance.statement import YearCost, statement
from tco.finance.tier_costs import TierCost
from tco.finance.totals import left_over_usd, still_owed_usd
from tco.pipeline import Evaluation
from tco.report.money import Money
from tco.scenario import Scenario
from tco.units import MONTHS_PER_YEAR


def finance_rows(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Write the statement as tidy rows: one an option, plan year, kind and view."""
    scenario, money = evaluation.scenario, Money.of(evaluation.scenario)
    for cell in statement(evaluation.ledger, evaluation.tail, scenario):
        first, last = _months(cell, scenario)
        yield {
            "option": cell.option,
            "year": cell.year,
            "first_period": month_label(scenario.start, first),
            "last_period": month_label(scenario.start, last),
            "within_plan": cell.within_plan,
            "kind": cell.kind,
            "view": cell.lens,
            "cost_usd": cell.cost_usd,
            "cost_plan_currency": money.amount(cell.cost_usd),
            "currency": money.currency,
        }


def _months(cell: YearCost, scenario: Scenario) -> tuple[int, int]:
    """Return the first and the last month of a cell; the year in which the plan ends is cut there."""
    first, end = (cell.year - 1) * MONTHS_PER_YEAR, cell.year * MONTHS_PER_YEAR
    horizon = scenario.horizon_months
    return (first, min(end, horizon) - 1) if cell.within_plan else (max(first, horizon), end - 1)


def unit_row(option: OptionSummary) -> dict[str, Any]:
    """Write an option's unit economics flat; None is not known, or has no sense."""
    units = option.units
    years = {"": units.plan, "first_year_": units.first_year}
    return {
        "marginal_usd_per_request": units.marginal_usd_per_request,
        "cost_usd_per_seat_month": units.cost_usd_per_seat_month,
        "cost_usd_per_user_month": units.cost_usd_per_user_month,
        **{
            f"{start}{name}_share": None if year is None else getattr(year, f"{name}_share")
            for start, year in years.items()
            for name in ("model_revenue", "model_margin")
        },
        "first_year_gross_margin_fraction": None if units.first_year is None else units.first_year.gross_margin,
    }


def finance_json(evaluation: Evaluation, option: OptionSummary, costs: tuple[TierCost, ...]) -> dict[str, Any]:
    """Write an option's tiers by the token, its years, and what is owed and left after the plan."""
    scenario = evaluation.scenario
    return {
        "still_owed_usd": still_owed_usd(evaluation.tail, scenario)[option.name],
        "left_over_usd": left_over_usd(evaluation.tail, scenario)[option.name],
        "tiers": [
            {
                "tier": cost.tier,
                "is_built": cost.is_built,
                "cost_usd": cost.cost_usd,
                "input_mtok": cost.input_mtok,
                "output_mtok": cost.output_mtok,
                "allocated_usd_per_mtok": cost.usd_per_mtok,
                "allocated_usd_per_output_mtok": cost.usd_per_output_mtok,
                "used_usd_per_mtok": cost.used_usd_per_mtok,
                "used_share": cost.used_share,
                "load_share": cost.load_share,
                "full_usd_per_output_mtok": cost.full_usd_per_output_mtok,
                "replica_usd_per_month": cost.replica_month_usd,
            }
            for cost in costs
        ],
        "years": [row for row in finance_rows(evaluation) if row["option"] == option.name],
    }


def build_case_json(case: BuildCase | None) -> dict[str, Any] | None:
    """Write the build case; None where there is none."""
    if case is None:
        return None
    return {
        "build": case.build,
        "vendor": case.vendor,
        "flow_usd": case.flow_usd.tolist(),
        "left_over_usd": case.left_over_usd,
        "rates_fraction_per_year": list(case.rates_per_year),
        "payback_month": case.payback_month,
        "discounted_payback_month": case.discounted_payback_month,
    }
