"""Arms: who reaches the A/B tests of a router, and how well arm a answers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.policies.routing import RoutingPolicy, Some
from tco.policies.routing.ab_split import AbSplit
from tco.policies.routing.branching import Branching
from tco.policies.view import View
from tco.scenario import Scenario
from tco.sim.result import SimulationResult
from tco.sim.run_view import RunView


@dataclass(frozen=True, slots=True)
class ArmsSeen:
    """One A/B test in one window.

    Attributes:
        test: the test.
        reach_share: share of all requests that it splits.
        a_success_share: share of the requests of arm a that got a good answer; None where that is not known.
    """

    test: AbSplit
    reach_share: float
    a_success_share: float | None


def arms_seen(scenario: Scenario, result: SimulationResult) -> tuple[ArmsSeen, ...]:
    """Find the A/B tests of an option's router, and what they saw."""
    view = RunView(scenario, result.workload, {})
    router = scenario.options[result.option].router
    if not isinstance(router, Branching):
        return ()
    everybody = Some(np.arange(len(result)), result.workload.class_index, result.workload.classes)
    return tuple(_tests(router, np.ones(len(result), np.bool_), everybody, view, result))


def _tests(
    policy: RoutingPolicy, reached: NDArray[np.bool_], everybody: Some, view: View, result: SimulationResult
) -> Iterator[ArmsSeen]:
    if not isinstance(policy, Branching):
        return
    taken = policy.choose_many(view)(everybody)
    places = {name: place for place, name in enumerate(policy.branches())}
    if isinstance(policy, AbSplit):
        mine = reached & (taken == places["a"])
        known = mine.any() and not (mine & result.answered & (result.good < 0)).any()
        success = float((result.good[mine] == 1).mean()) if known else None
        yield ArmsSeen(policy, float(reached.mean()), success)
    for name, branch in policy.branches().items():
        yield from _tests(branch, reached & (taken == places[name]), everybody, view, result)
