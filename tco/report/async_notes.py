"""Notes on async windows: how much of what idle replicas carry the jobs take, and what people notice of them."""

from __future__ import annotations

from typing import Any

from tco.capacity.async_nights import AsyncLoad
from tco.capacity.sizing import FleetPlan
from tco.pipeline import Evaluation
from tco.report.numbers import seconds


def async_notes(evaluation: Evaluation) -> list[str]:
    """Say, for each option whose async calls have a window, whether it carries them, and how people fare meanwhile."""
    notes = []
    for option, plan in evaluation.plans.items():
        notes += [
            f"{option}: {load.describe()}; that is {load.load_share:.0%}, in the month that fills it most."
            for load in fullest(plan)
            if load.load_share <= 1.0  # else it is told as an overload
        ]
        if plan.nights:
            e2e_s = max(window.e2e.p95_s or 0.0 for window in plan.nights)
            ttft_s = max(window.ttft.p95_s or 0.0 for window in plan.nights)
            by_day_s = max(window.e2e.p95_s or 0.0 for window in plan.judged)
            notes.append(
                f"{option}: while async calls run, a p95 of {seconds(e2e_s)} and {seconds(ttft_s)} to the first token "
                f"for people, {seconds(by_day_s)} in the busiest hour; the SLO is held against the worse of both."
            )
    return notes


def fullest(plan: FleetPlan) -> list[AsyncLoad]:
    """Return, of each tier with a window, the month that fills it most."""
    worst: dict[str, AsyncLoad] = {}
    for load in (load for month in plan.async_loads for load in month):
        if load.tier not in worst or load.load_share > worst[load.tier].load_share:
            worst[load.tier] = load
    return list(worst.values())


def async_json(plan: FleetPlan) -> list[dict[str, Any]]:
    """Write the fullest month of each window; hours are None where it is a whole week that is full."""
    return [
        {
            "tier": load.tier,
            "replicas": load.replicas,
            "requests": load.calls,
            "carried_requests": load.carried,
            "load_share": load.load_share,
            "from_hour": load.from_hour,
            "to_hour": load.to_hour,
            "due_hour": load.due_hour,
        }
        for load in fullest(plan)
    ]
