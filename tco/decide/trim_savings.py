"""Trim savings: what an option that trims its prompts saves, held against the same option untrimmed."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.sizing import FleetPlan
from tco.demand.forecast import Month
from tco.finance.totals import monthly_usd
from tco.pipeline import Evaluation, evaluate
from tco.units import TOKENS_PER_MTOK


@dataclass(frozen=True, slots=True)
class TrimSaving:
    """What trimming saves in a month, the mean over the horizon; negative where it costs.

    Attributes:
        saved_mtok_per_month: prompt tokens that no tier has to read, millions.
        saved_usd_per_month: difference of the two ledgers, fleets sized anew, USD.
    """

    saved_mtok_per_month: float
    saved_usd_per_month: float


def trim_savings(evaluation: Evaluation) -> dict[str, TrimSaving]:
    """Evaluate every option that trims once more without its trim, and compare; by the option's name."""
    scenario = evaluation.scenario
    names = [name for name, option in scenario.options.items() if option.trim is not None]
    if not names:
        return {}
    needed = scenario.only(names)
    whole = {name: option.model_copy(update={"trim": None}) for name, option in needed.options.items()}
    other = evaluate(needed.model_copy(update={"options": whole}), evaluation.trace)
    months = len(evaluation.months)
    return {
        name: TrimSaving(
            (_prompt_mtok(other.plans[name], other.months) - _prompt_mtok(evaluation.plans[name], evaluation.months))
            / months,
            (_usd(other, name) - _usd(evaluation, name)) / months,
        )
        for name in names
    }


def _prompt_mtok(plan: FleetPlan, months: tuple[Month, ...]) -> float:
    """Add up the prompt tokens that the tiers read over the horizon, millions."""
    each = [sum(tier.input_tokens_per_request for tier in plan.window(month.index).tiers.values()) for month in months]
    return sum(month.requests * tokens for month, tokens in zip(months, each, strict=True)) / TOKENS_PER_MTOK


def _usd(evaluation: Evaluation, option: str) -> float:
    return float(monthly_usd(evaluation.ledger, evaluation.scenario)[option].sum())
