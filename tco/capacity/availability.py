"""Availability: the chance that a request gets an answer, given how often tiers are up in the long run.

A window is minutes long and seldom meets an outage, so the paths that requests take are walked once more with every
tier up or down: the router's tiers in order, and behind a tier that is down whatever the fallback names.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from tco.domain import Outcome
from tco.policies.fallback import Fall
from tco.scenario import Scenario
from tco.scenario.tiers.managed_api import ManagedApi
from tco.sim.result import SimulationResult
from tco.sim.run_view import RunView

Up = dict[str, bool]  # by what is down together


def availability(scenario: Scenario, result: SimulationResult) -> float | None:
    """Average, over requests, the chance of an answer; None where a tier's share of time up is not known.

    APIs of one provider with outages are down together, all other tiers independently of each other.
    """
    walk = _Walk(scenario, result)
    if walk.unknown:
        return None
    names = result.workload.classes
    took, known = result.path, result.known_paths
    paths: Counter[tuple[tuple[str, ...], str]] = Counter()
    meant = result.first_unanswered + 1  # so many of the tiers tried; a fallback led on from there; 0 for all of them
    most = int(meant.max(initial=0)) + 1
    counts = np.bincount((took * len(names) + result.workload.class_index) * most + meant)
    for code in np.flatnonzero(counts).tolist():
        pair, length = divmod(code, most)
        tried = known[pair // len(names)]
        paths[tried[:length] if length else tried, names[pair % len(names)]] += int(counts[code])
    return sum(count * walk.chance(tiers, name) for (tiers, name), count in paths.items()) / len(result)


class _Walk:
    """Walks paths with tiers up or down."""

    def __init__(self, scenario: Scenario, result: SimulationResult) -> None:
        tiers = {tier: scenario.tiers[tier] for tier in result.tiers}
        found = {tier: config.up_fraction(result.replicas.get(tier, 0)) for tier, config in tiers.items()}
        self.unknown = None in found.values()
        self._up_fraction = {tier: fraction or 0.0 for tier, fraction in found.items()}
        self._together = {
            tier: f"provider {config.provider}" if isinstance(config, ManagedApi) and config.outages else f"tier {tier}"
            for tier, config in tiers.items()
        }
        fallback = scenario.options[result.option].fallback
        view = RunView(scenario, result.workload, {})
        self._fall: Fall | None = fallback.start(view) if fallback is not None else None

    def chance(self, meant: tuple[str, ...], request_class: str) -> float:
        """Return the chance of an answer on a path.

        Args:
            meant: the router's tiers, in order; none for a request that a cache answered.
            request_class: name of the request's class.
        """
        return self._route(meant, 0, request_class, {}) if meant else 1.0

    def _route(self, meant: tuple[str, ...], place: int, request_class: str, up: Up) -> float:
        tier = meant[place]
        total = 0.0
        for is_up, weight, known in self._states(tier, up):
            if not is_up:
                total += weight * self._fallen(meant[: place + 1], place > 0, request_class, known)
            elif place + 1 == len(meant):
                total += weight
            else:
                total += weight * self._route(meant, place + 1, request_class, known)
        return total

    def _fallen(self, tried: tuple[str, ...], answered: bool, request_class: str, up: Up) -> float:
        """Return the chance of an answer behind tiers of which the last is down."""
        tier = self._fall(request_class, tried, Outcome.FAILED) if self._fall is not None else None
        if tier is None:
            return 1.0 if answered and self._fall is not None else 0.0  # an answer from before stands
        return sum(
            weight * (1.0 if is_up else self._fallen((*tried, tier), answered, request_class, known))
            for is_up, weight, known in self._states(tier, up)
        )

    def _states(self, tier: str, up: Up) -> list[tuple[bool, float, Up]]:
        """List whether a tier is up, how likely that is, and what is known then."""
        group, fraction = self._together[tier], self._up_fraction[tier]
        if group in up:
            return [(up[group], 1.0, up)]
        return [(True, fraction, {**up, group: True}), (False, 1.0 - fraction, {**up, group: False})]
