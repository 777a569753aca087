"""The async side of sizing: what tiers need whose async calls have hours of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from tco.capacity.async_nights import AsyncDemand, AsyncLoad, async_load, least_replicas, read_demand
from tco.capacity.backlog import Night, busiest_night
from tco.demand.workload import Workload
from tco.scenario.tiers import FleetTier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.sim.result import SimulationResult


@dataclass
class AsyncSide:
    """The fleets of an option with an `async_window`, and what they get; empty for most options.

    Attributes:
        tiers: these fleets, by name.
        week: relative rate of each hour of the week, mean 1.
        demands: what each gets, once a run was read.
    """

    tiers: dict[str, GpuFleet]
    week: list[float]
    demands: dict[str, AsyncDemand] = field(default_factory=dict)

    @classmethod
    def of(cls, tiers: dict[str, FleetTier], week: list[float]) -> AsyncSide:
        """Choose the fleets that have a window."""
        chosen = {name: tier for name, tier in tiers.items() if isinstance(tier, GpuFleet) and tier.async_window}
        return cls(chosen, week)

    def read(self, result: SimulationResult) -> None:
        """Read off a run which requests visit which fleet."""
        self.demands = {name: read_demand(tier, result, name) for name, tier in self.tiers.items()}

    def needed_per_rps(self, name: str) -> float | None:
        """Say how many replicas carry people at one request a second of the option's; None for tiers without a window.

        Jobs need none in the busiest hour: they have the window.
        """
        demand = self.demands.get(name)
        return None if demand is None else demand.people_share / demand.people_rps

    def carrying(self, name: str, peak_rps: float, low: int) -> int:
        """Raise a number of replicas until the window's idle ones carry the jobs, or as far as allowed."""
        if name not in self.tiers:
            return low
        return least_replicas(name, self.tiers[name], self.demands[name], self._mean_rps(peak_rps), self.week, low)

    def loads(self, peak_rps: float, replicas: dict[str, int]) -> tuple[AsyncLoad, ...]:
        """Hold the jobs of each fleet against what its idle replicas carry."""
        return tuple(
            async_load(name, tier, self.demands[name], self._mean_rps(peak_rps), self.week, replicas[name])
            for name, tier in self.tiers.items()
        )

    def nights(self, workload: Workload, peak_rps: float, replicas: dict[str, int]) -> list[Night]:
        """Make, for each fleet, the window in which people meet a queue of jobs."""
        nights = [
            busiest_night(tier, self.demands[name], workload, self._mean_rps(peak_rps), self.week, replicas[name])
            for name, tier in self.tiers.items()
        ]
        return [night for night in nights if night is not None]

    def _mean_rps(self, peak_rps: float) -> float:
        return peak_rps / max(self.week)
