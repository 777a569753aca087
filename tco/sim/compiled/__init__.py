"""Compiled engine: feed-forward graphs as recurrences over arrays, tier after tier, with the answers of the other one.

Tiers are served one after the other, in the order in which requests go on: all visits to one at once, then all to the
next. That is right as long as nobody goes back to a tier that was served already, and nothing that is decided depends
on how full a tier is, but for a fleet that sends on whom it has no room for. Chances are those of the other engine,
request by request, so both give the same stamps.
"""

from __future__ import annotations

from tco.demand.workload import Workload
from tco.policies.caching.fixed import FixedHitShare
from tco.policies.routing.spill_over import SpillOver
from tco.scenario import Scenario
from tco.sim.compiled.journeys import Journeys, NotFeedForwardError
from tco.sim.compiled.tiers import can_spill, is_compiled
from tco.sim.result import SimulationResult

__all__ = ["NotFeedForwardError", "is_compiled_throughout", "reason_against", "simulate"]


def reason_against(scenario: Scenario, option: str) -> str | None:
    """Say why an option needs the other engine; None where this one gives the same answers.

    Args:
        scenario: the scenario.
        option: name of the option.
    """
    chosen = scenario.options[option]
    if chosen.router.depends_on_load and (why := _reason_against_spilling(scenario, option)) is not None:
        return f"router of kind {chosen.router.kind_name()} {why}"
    if chosen.cache is not None and not isinstance(chosen.cache.policy, FixedHitShare):
        return f"cache of kind {chosen.cache.policy.kind_name()}"
    return None


def _reason_against_spilling(scenario: Scenario, option: str) -> str | None:
    """Say where the moment at which a request finds a tier full is not known; None where it is."""
    chosen = scenario.options[option]
    router = chosen.router
    if not isinstance(router, SpillOver):
        return "with a spill_over in it"
    if chosen.placement is not None:
        return "in regions"
    if chosen.cache is not None:
        return "behind a cache"
    if not can_spill(scenario.tiers[router.first]):
        return f"at a {scenario.tiers[router.first].kind_name()} that is no single pool which calls reach at once"
    return None


def is_compiled_throughout(scenario: Scenario, option: str) -> bool:
    """Say whether no tier of an option is played by its SimPy station."""
    return all(is_compiled(tier) for tier in scenario.tiers_of(option).values())


def simulate(
    scenario: Scenario, option: str, workload: Workload, rate_rps: float, replicas: dict[str, int] | None = None
) -> SimulationResult:
    """Simulate one option at one load until the last request has left, as `tco.sim.engine.simulate` does.

    Raises:
        NotFeedForwardError: when a request goes back to a tier that was served already.
    """
    run = Journeys(scenario, option, workload, rate_rps, replicas or {})
    run.before_tiers()
    run.through_tiers()
    return run.result()
