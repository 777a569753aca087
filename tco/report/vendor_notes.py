"""Notes on managed APIs: what was refused, what failed, and how far a short window can tell."""

from __future__ import annotations

from tco.capacity.sizing import FleetPlan
from tco.pipeline import Evaluation
from tco.scenario.tiers.managed_api import ManagedApi
from tco.units import SECONDS_PER_MINUTE


def vendor_notes(evaluation: Evaluation) -> list[str]:
    """Say, for each option, how its managed APIs treated it in the worst window."""
    notes = []
    for option, plan in evaluation.plans.items():
        notes += [f"{option} is overloaded: {overload.words}." for overload in plan.overloads]
        for name, tier in evaluation.scenario.tiers_of(option).items():
            if isinstance(tier, ManagedApi):
                notes += _refusals(option, name, plan)
                notes += _outages(option, name, tier, plan)
    return notes


def _refusals(option: str, name: str, plan: FleetPlan) -> list[str]:
    worst = max(plan.windows, key=lambda window: window.tiers[name].counts_per_request.get("rejected_429_tries", 0.0))
    counts = worst.tiers[name].counts_per_request
    refused = counts.get("rejected_429_tries", 0.0)
    if refused == 0.0:
        return []
    lost = sum(worst.unanswered.values())
    fate = "none of the requests is left without an answer."
    if lost > 0:
        billed = "The bill has those that did." if plan.whole_months else "The bill leaves out the same share."
        if plan.hours_of:
            billed = "The bill takes the mean over the loads of the week."
        fate = f"{lost:.2%} of the requests get no answer. {billed}"
    when = "in its worst month" if plan.whole_months else f"at {worst.rate_rps:.3g} req/s"
    return [
        f"{option}: {name} answers 429 {refused:.3g} times for each of the option's requests {when}; with "
        f"{counts.get('retries', 0.0):.3g} retries a request, {fate}"
    ]


def _outages(option: str, name: str, tier: ManagedApi, plan: FleetPlan) -> list[str]:
    if tier.outages is None:
        return []
    window = plan.worst
    minutes = window.requests / window.rate_rps / SECONDS_PER_MINUTE
    simulated = "every request" if plan.whole_months else f"the simulated {minutes:.3g} minutes"
    met = max(each.tiers[name].counts_per_request.get("outage_tries", 0.0) for each in plan.windows)
    seen = "none was met" if met == 0.0 else f"{met:.3g} tries a request met one"
    return [
        f"{option}: {name} is down {tier.outages.down_share:.2%} of the time, {tier.outages.mttr_hours:g} h each time; "
        f"in {simulated} {seen}. Availability counts the long run, not this window."
    ]
