"""Tier load: whether more requests come to a tier than it can ever serve, told by rates instead of by a long wait.

What a plain fleet carries is measured on a replica that never runs out of work (`throughput`); what serves a fixed
number of requests at once carries follows from how long it holds one. Of any other tier it is asked whether the number
inside kept growing through the whole window, as it does only where less leaves than comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.relief import is_relieved
from tco.capacity.throughput import replica_rps
from tco.scenario import Scenario
from tco.scenario.tiers import FleetTier, Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.sim.result import SimulationResult
from tco.sim.visits import Visits, leaving_rps, prompt_visits, read_visits

LENGTHS = 5000  # requests whose lengths the throughput of a replica rests on
SHEDDING = ("max_queue_requests", "queue_timeout_s", "timeout_s")  # keys of tiers whose queue cannot grow for ever


@dataclass(frozen=True, slots=True)
class TierLoad:
    """How much comes to a tier and how much it can serve.

    Attributes:
        tier: name of the tier.
        arrivals_rps: requests that come to it, per second.
        capacity_rps: requests that it can serve, per second; None where nothing limits it, or the limit is not known.
            Of a tier in several regions, the arrivals with which its fullest region is full, since none helps another.
        sheds: whether it turns requests away or lets them give up, so that its queue stays short under any load.
        fullest: that region; None where the tier is not placed.
    """

    tier: str
    arrivals_rps: float
    capacity_rps: float | None
    sheds: bool = False
    fullest: str | None = None

    @property
    def overloaded(self) -> bool:
        """Whether the queue grows without end."""
        return not self.sheds and self.capacity_rps is not None and self.arrivals_rps >= self.capacity_rps

    @property
    def used_share(self) -> float | None:
        """Arrivals as a share of the capacity; None where that is not known."""
        return self.arrivals_rps / self.capacity_rps if self.capacity_rps else None

    def describe(self) -> str:
        """Say it in words.

        >>> TierLoad("small-gpu", 12.1, 9.8).describe()
        'arrivals 12.1 req/s exceed capacity 9.8 req/s of tier small-gpu'
        """
        if self.capacity_rps is None:
            return f"arrivals {self.arrivals_rps:.3g} req/s to tier {self.tier}, no known limit"
        verb = "exceed" if self.overloaded else "are within"
        where = f", whose region {self.fullest} is full first" if self.fullest is not None else ""
        return (
            f"arrivals {self.arrivals_rps:.3g} req/s {verb} capacity {self.capacity_rps:.3g} req/s of tier "
            f"{self.tier}{where}"
        )


def tier_loads(scenario: Scenario, result: SimulationResult) -> tuple[TierLoad, ...]:
    """Hold the arrivals of every tier against what it can serve, at the rate and with the fleet of a run.

    Async calls that have hours of their own are left out of both.
    """
    loads = []
    visits = read_visits(result)
    for tier in result.tiers:
        seen = prompt_visits(result, tier, visits[tier])
        arrivals_rps = result.rate_rps * len(seen) / len(result)
        capacity, fullest = _fullest(scenario, result, tier, seen)
        config = scenario.tiers[tier]
        sheds = any(getattr(config, key, None) is not None for key in SHEDDING)
        sheds = sheds or is_relieved(scenario, result.option, tier)
        loads.append(TierLoad(tier, arrivals_rps, capacity, sheds, fullest))
    return tuple(loads)


def _fullest(
    scenario: Scenario, result: SimulationResult, tier: str, visits: Visits
) -> tuple[float | None, str | None]:
    """Return the arrivals at a tier with which the first of its regions is full, per second, and that region."""
    found: list[tuple[float, str | None]] = []
    for part in result.parts(tier):
        here = visits.of(part.near)
        if not len(here):
            continue
        capacity = _capacity_rps(scenario.tiers[tier], result, tier, part.replicas, here)
        if capacity is None:
            capacity = leaving_rps(result, here)
        if capacity is not None:
            found.append((capacity * len(visits) / len(here), part.region))
    return min(found, key=lambda each: each[0], default=(None, None))


def _capacity_rps(config: Tier, result: SimulationResult, tier: str, replicas: int, visits: Visits) -> float | None:
    """Return what so many replicas, or the slots of one place, serve of these visits, per second."""
    if isinstance(config, FleetTier):
        return _fleet_rps(config, result, replicas, visits) if is_plain(config) else None
    slots = config.slots if config.slots is not None else getattr(config, "max_concurrency", None)
    service_s = visits.left_s - visits.started_s - result.way_back_s(tier, visits.request)
    known = service_s[~np.isnan(service_s)]
    if slots is None or not len(known) or known.mean() <= 0:
        return None
    return float(slots / known.mean())


def is_plain(config: Tier) -> bool:
    """Say whether the throughput of a bare replica is that of the tier's: no feature changes speed or number."""
    if not isinstance(config, GpuFleet):
        return True
    features = (config.speculation, config.disaggregation, config.failures)
    fixed = config.scaling.is_fixed and config.kv_reservation == "whole"
    return fixed and config.prefix_cached_share == 0 and all(feature is None for feature in features)


def _fleet_rps(config: FleetTier, result: SimulationResult, replicas: int, visits: Visits) -> float | None:
    lengths = visits.of(result.answered).lengths(result.workload.output_tokens)[:LENGTHS]
    return replicas * replica_rps(config, lengths) if lengths else None
