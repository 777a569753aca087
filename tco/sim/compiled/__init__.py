"""Compiled engine: feed-forward graphs as recurrences over arrays, tier after tier, with the answers of the other one.

Tiers are served one after the other, in the order in which requests go on: all visits to one at once, then all to the
next. That is right as long as nobody goes back to a tier that was served already, and nothing that is decided depends
on how full a tier is, but for a fleet that sends on whom it has no room for. Chances are those of the other engine,
request by request, so both give the same stamps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tco.demand.workload import Workload
from tco.policies.caching.fixed import FixedHitShare
from tco.policies.routing.spill_over import SpillOver
from tco.scenario import Scenario
from tco.sim.compiled.journeys import Journeys, NotCompiledError, NotFeedForwardError
from tco.sim.compiled.pools import can_spill
from tco.sim.compiled.remembering import Hits, Looking, is_known, is_steady
from tco.sim.compiled.spilling import leaves
from tco.sim.compiled.tiers import is_compiled
from tco.sim.engine import long_run_rps
from tco.sim.result import SimulationResult
from tco.sim.run import SIMPY_WORK

REMEMBERING_WORK = (2.0, 8.0)  # of a request that is sent through twice, or until hits settle: 2 to 10 as a rule
MOST_ROUNDS = 40  # in which hits of a cache that remembers settle
HALF_WAY = (15, 0.1)  # rounds after which so many of the looks must be settled: others would take longer than SimPy

__all__ = [
    "NotCompiledError",
    "NotFeedForwardError",
    "NotSettledError",
    "reason_against",
    "simulate",
    "work_per_request",
]


class NotSettledError(NotCompiledError):
    """Hits of a cache that remembers still changed after all rounds."""

    why = "who hits its cache did not settle"


def reason_against(scenario: Scenario, option: str) -> str | None:
    """Say why an option needs the other engine; None where this one gives the same answers.

    Args:
        scenario: the scenario.
        option: name of the option.
    """
    chosen = scenario.options[option]
    if (why := _reason_against_spilling(scenario, option)) is not None:
        return why
    if _remembers(scenario, option) and chosen.cache is not None:
        policy = chosen.cache.policy
        if not is_known(policy):
            return f"cache of kind {policy.kind_name()}"
        played = [name for name, tier in scenario.tiers_of(option).items() if not is_compiled(tier)]
        if played:
            return f"cache of kind {policy.kind_name()} in front of {played[0]}, which is not compiled itself"
    return None


def _remembers(scenario: Scenario, option: str) -> bool:
    cache = scenario.options[option].cache
    return cache is not None and not isinstance(cache.policy, FixedHitShare)


def _reason_against_spilling(scenario: Scenario, option: str) -> str | None:
    """Say where the moment at which a request finds a tier full is not known; None where it is."""
    chosen = scenario.options[option]
    for policy in leaves(chosen.router):
        if not policy.depends_on_load:
            continue
        known = f"router of kind {policy.kind_name()}"
        if not isinstance(policy, SpillOver):
            return known
        if chosen.placement is not None:
            return f"{known} in regions"
        if not can_spill(scenario.tiers[policy.first]):
            kind = scenario.tiers[policy.first].kind_name()
            return f"{known} at a {kind} that is no single pool which calls reach at once"
    return None


def work_per_request(scenario: Scenario, option: str) -> float:
    """Say how long a request of a known option takes, over one that nothing but compiled code simulates."""
    tiers = scenario.tiers_of(option).values()
    if not all(is_compiled(tier) for tier in tiers):
        return SIMPY_WORK
    twice, settling = REMEMBERING_WORK
    if not _remembers(scenario, option):
        return 1.0
    return twice if all(is_steady(tier) for tier in tiers) else settling


def simulate(
    scenario: Scenario, option: str, workload: Workload, rate_rps: float, replicas: dict[str, int] | None = None
) -> SimulationResult:
    """Simulate one option at one load until the last request has left, as `tco.sim.engine.simulate` does.

    Raises:
        NotFeedForwardError: when a request goes back to a tier that was served already.
        NotSettledError: when it cannot be told in the end who hits a cache that remembers.
    """
    begin = partial(Journeys, scenario, option, workload, rate_rps, replicas or {})
    if not _remembers(scenario, option):
        return _through(begin()).result()
    nobody = np.zeros(len(workload), np.bool_)
    run = begin((nobody, nobody))
    run.before_tiers()
    looking = _looking(scenario, option, run, rate_rps)
    if all(is_steady(tier) for tier in scenario.tiers_of(option).values()):
        run.through_tiers()
        return _through(begin(looking.play(run.answered_s(), run.ranks()))).result()
    return _settled(begin, looking).result()


def _looking(scenario: Scenario, option: str, run: Journeys, rate_rps: float) -> Looking:
    cache = scenario.options[option].cache
    assert cache is not None  # noqa: S101  # the caller looked
    long_rps = long_run_rps(scenario, run.workload, rate_rps)
    return Looking(cache.policy, run.view, long_rps, run.front.looks(), run.front.reached_s["cache"])


def _through(run: Journeys) -> Journeys:
    run.before_tiers()
    run.through_tiers()
    return run


def _settled(begin: Callable[[Hits], Journeys], looking: Looking) -> Journeys:
    """Send everybody through with hits that are guessed, until what comes of them reproduces them."""
    guess_s = looking.looked_s  # of those who hit: when they would be answered, which nobody knows; here, at once
    hits = looking.play(guess_s, np.arange(len(guess_s)))
    for rounds in range(1, MOST_ROUNDS + 1):
        run = _through(begin(hits))
        came_s = run.answered_s()
        took_s = (came_s - looking.looked_s)[looking.order]
        took_s = took_s[took_s < np.inf]
        usual_s = float(np.median(took_s)) if len(took_s) else 0.0
        guess_s = np.where(hits.cached, np.maximum(guess_s, looking.looked_s + usual_s), came_s)
        again = looking.play(guess_s, run.ranks())
        settled = looking.settled_share(hits, again)
        if settled == 1.0:
            return run
        if rounds == HALF_WAY[0] and settled < HALF_WAY[1]:
            break
        hits = again
    raise NotSettledError
