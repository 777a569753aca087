"""Compiled engine: feed-forward graphs as recurrences over arrays, tier after tier, with the answers of the other one.

Tiers are served one after the other, in the order in which requests go on: all visits to one at once, then all to the
next. That is right as long as nobody goes back to a tier that was served already, and nothing that is decided depends
on how full a tier is, but for a fleet that sends on whom it has no room for. Chances are those of the other engine,
request by request, so both give the same stamps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.policies.caching.fixed import FixedHitShare
from tco.policies.routing.spill_over import SpillOver
from tco.scenario import Scenario
from tco.sim.compiled.journeys import Journeys, NotFeedForwardError
from tco.sim.compiled.pools import can_spill
from tco.sim.compiled.remembering import hits_of, is_steady
from tco.sim.compiled.tiers import is_compiled
from tco.sim.engine import long_run_rps
from tco.sim.result import SimulationResult
from tco.sim.run import SIMPY_WORK

REMEMBERING_WORK = 12.0  # of a request that is sent through twice, and looked up in a cache of plain Python
Hits = tuple[NDArray[np.bool_], NDArray[np.bool_]]

__all__ = ["NotFeedForwardError", "reason_against", "simulate", "work_per_request"]


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
        slow = [name for name, tier in scenario.tiers_of(option).items() if not is_steady(tier)]
        if slow:
            return f"cache of kind {chosen.cache.policy.kind_name()} in front of {slow[0]}, which may fill up"
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


def work_per_request(scenario: Scenario, option: str) -> float:
    """Say how long a request of a known option takes, over one that nothing but compiled code simulates."""
    if not all(is_compiled(tier) for tier in scenario.tiers_of(option).values()):
        return SIMPY_WORK
    cache = scenario.options[option].cache
    return 1.0 if cache is None or isinstance(cache.policy, FixedHitShare) else REMEMBERING_WORK


def simulate(
    scenario: Scenario, option: str, workload: Workload, rate_rps: float, replicas: dict[str, int] | None = None
) -> SimulationResult:
    """Simulate one option at one load until the last request has left, as `tco.sim.engine.simulate` does.

    Raises:
        NotFeedForwardError: when a request goes back to a tier that was served already.
    """
    hits = _remembered(scenario, option, workload, rate_rps)
    run = Journeys(scenario, option, workload, rate_rps, replicas or {}, hits)
    run.before_tiers()
    run.through_tiers()
    return run.result()


def _remembered(scenario: Scenario, option: str, workload: Workload, rate_rps: float) -> Hits | None:
    """Find out who is answered by a cache that remembers; None where the option has no such cache."""
    cache = scenario.options[option].cache
    if cache is None or isinstance(cache.policy, FixedHitShare):
        return None
    nobody = np.zeros(len(workload), np.bool_)
    without = Journeys(scenario, option, workload, rate_rps, {}, (nobody, nobody))
    without.before_tiers()
    without.through_tiers()
    state = cache.policy.start(without.view, long_run_rps(scenario, without.workload, rate_rps))
    return hits_of(state, without.front.looks(), without.front.reached_s["cache"], without.finished_s)
