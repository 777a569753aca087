"""Cold starts in words: how many requests wait for a worker to start, at which load, and what that does to the p95."""

from __future__ import annotations

from tco.capacity.load_levels import cold_rps, paid_workers
from tco.capacity.sizing import FleetPlan
from tco.capacity.window import Window
from tco.demand.forecast import week_profile
from tco.pipeline import Evaluation
from tco.report.numbers import seconds
from tco.scenario.tiers.serverless import Serverless


def cold_start_notes(evaluation: Evaluation) -> list[str]:
    """Write one note for each option and serverless tier; none where there is no such tier."""
    return [
        _note(evaluation, plan, name, tier)
        for plan in evaluation.plans.values()
        for name, tier in evaluation.scenario.tiers_of(plan.option).items()
        if isinstance(tier, Serverless) and plan.levels
    ]


def _note(evaluation: Evaluation, plan: FleetPlan, name: str, tier: Serverless) -> str:
    first, last = evaluation.months[0], evaluation.months[-1]
    week = week_profile(evaluation.scenario.traffic)
    cold = cold_rps(plan.levels, name)
    shares = [cold.mean_over_week(month.mean_rps, week) / month.mean_rps for month in (first, last)]
    quiet, busy = plan.levels[0], plan.levels[-1]
    text = (
        f"{plan.option}: {shares[0]:.1%} of all requests wait for a worker of {name} to start in {first.label}, "
        f"{shares[1]:.1%} in {last.label}. In the quietest hour {_level(quiet, name)}, in the "
        f"busiest {_level(busy, name)}."
    )
    if tier.gpu_price is None:
        return text
    workers = paid_workers(plan.levels, name, tier.min_workers)
    paid = [workers.mean_over_week(month.mean_rps, week) for month in (first, last)]
    most = tier.max_workers * evaluation.scenario.options[plan.option].regions_of(name)
    return f"{text} Workers paid on average: {paid[0]:.2f} to {paid[1]:.2f}, of at most {most}."


def _level(window: Window, name: str) -> str:
    share = window.tiers[name].counts_per_request["cold_requests"]
    return f"{share:.1%} with a p95 of {seconds(window.e2e.p95_s)} ({window.rate_rps:.3g} req/s)"
