"""Run view: what a policy may see of a run in progress."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.quality import answers_well
from tco.scenario import Scenario
from tco.sim.stations import Station


class RunView:
    """Chances, what requests are like, and how full the tiers are.

    Args:
        scenario: the scenario.
        workload: the requests.
        stations: the tiers' stations, by name.
    """

    def __init__(self, scenario: Scenario, workload: Workload, stations: Mapping[str, Station]) -> None:
        self._scenario, self._workload, self._stations = scenario, workload, stations
        self._good: dict[str, list[bool]] = {}
        self._goods: dict[str, NDArray[np.bool_]] = {}
        self._sensitive = {name: entry.sensitive for name, entry in scenario.classes.items()}

    def uniforms(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one uniform variate per request."""
        return self._workload.uniforms(purpose, attempt)

    def normals(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one standard normal variate per request."""
        return self._workload.normals(purpose, attempt)

    def uniform_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return one uniform variate per request as an array, shape (n,)."""
        return self._workload.uniform_array(purpose, attempt)

    def normal_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return one standard normal variate per request as an array, shape (n,)."""
        return self._workload.normal_array(purpose, attempt)

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a fresh generator for what is not tied to a request."""
        return self._workload.streams.generator(purpose)

    def complexity(self) -> list[float]:
        """Return how hard each request is."""
        return self._workload.complexity()

    def complexity_array(self) -> NDArray[np.float64]:
        """Return how hard each request is, shape (n,)."""
        return self._workload.complexity_array()

    def products(self) -> list[str]:
        """Return the product tier of each request's customer."""
        return self._workload.products()

    def sensitive(self, request_class: str) -> bool:
        """Say whether requests of a class must stay on own hardware."""
        return self._sensitive[request_class]

    @property
    def some_uncacheable(self) -> bool:
        """Whether any class goes past caches."""
        return not all(entry.cacheable for entry in self._scenario.classes.values())

    def cacheable(self, request_class: str) -> bool:
        """Say whether a cache may answer requests of a class."""
        return self._scenario.classes[request_class].cacheable

    def allows(self, request_class: str, tier: str) -> bool:
        """Say whether requests of a class may go to a tier."""
        return not self._sensitive[request_class] or self._scenario.tiers[tier].keeps_data

    def good(self, tier: str) -> list[bool]:
        """Return whether a tier would answer each request well; the same in every option.

        Raises:
            KeyError: where the tier's quality is not known.
        """
        if tier not in self._good:
            self._good[tier] = self.good_array(tier).tolist()
        return self._good[tier]

    def good_array(self, tier: str) -> NDArray[np.bool_]:
        """Return the same as an array, shape (n,)."""
        if tier not in self._goods:
            self._goods[tier] = self._judge(tier)
        return self._goods[tier]

    def knows_quality(self, tier: str) -> bool:
        """Say whether the tier's quality is known."""
        return self._scenario.tiers[tier].quality is not None

    def _judge(self, tier: str) -> NDArray[np.bool_]:
        curve = self._scenario.tiers[tier].quality
        if curve is None:
            raise KeyError(tier)
        chances = curve.success_probability(self.complexity_array())
        shared_share = self._scenario.quality.shared_luck_share
        own = self.normal_array("success", crc32(tier.encode()))  # by the tier's name, so that options agree
        shared = self.normal_array("shared_luck") if shared_share > 0.0 else np.zeros(len(own))
        return answers_well(chances, shared, own, shared_share)

    def inside(self, tier: str, request: int) -> int:
        """Count the requests in a tier now, where it serves a request; those on their way are not there."""
        return self._stations[tier].at(request).inside

    def replicas(self, tier: str, request: int) -> int:
        """Return the replicas of a tier where it serves a request."""
        return max(self._stations[tier].at(request).replicas, 1)
