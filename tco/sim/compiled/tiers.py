"""Tiers: which loop over arrays serves a tier, all visits to it at once, in order of time."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.tiers import Tier
from tco.scenario.tiers.edge import Edge
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.managed_api import ManagedApi
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.scenario.tiers.rules import Rules
from tco.scenario.tiers.serverless import Serverless
from tco.serving.latency import Z95
from tco.sim.compiled import pools, serverless
from tco.sim.compiled.played import PlayedTier
from tco.sim.compiled.queues import by_batches, by_devices
from tco.sim.compiled.served import Served, Visits
from tco.sim.compiled.vendor import at_once, by_vendor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def is_compiled(tier: Tier) -> bool:
    """Say whether a kernel, or a few passes over arrays, serves a tier; else its SimPy station plays it."""
    if isinstance(tier, Serverless):
        return serverless.is_known(tier)
    return isinstance(tier, ManagedApi | Rules | Edge | MicroBatch) or (
        isinstance(tier, GpuFleet) and pools.is_known(tier)
    )


def serve_or_spill(tier: Tier, visits: Visits, workload: Workload, replicas: int, spill: pools.Spill) -> Served:
    """Serve the visits to a fleet that find room; others end as `SPILLED`, and those that only look as `PROBED`."""
    assert isinstance(tier, GpuFleet)  # noqa: S101  # the caller looked
    return pools.by_fleet(tier, visits, workload, replicas, spill)


def serve(tier: Tier, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Serve all visits to a tier."""
    if isinstance(tier, GpuFleet) and pools.is_known(tier):
        return pools.by_fleet(tier, visits, workload, replicas)
    if isinstance(tier, ManagedApi):
        return at_once(tier, visits, workload) if tier.is_plain else by_vendor(tier, visits, workload)
    if isinstance(tier, Serverless) and serverless.is_known(tier):
        return serverless.Platform(tier, visits, workload).serve()
    if isinstance(tier, Rules):
        return _by_rules(tier, visits, workload)
    if isinstance(tier, Edge):
        return by_devices(tier, visits, workload)
    if isinstance(tier, MicroBatch):
        return by_batches(tier, visits, workload, replicas)
    return PlayedTier(tier, visits, workload, replicas).serve()


def _by_rules(tier: Rules, visits: Visits, workload: Workload) -> Served:
    left_s = visits.entered_s + delays_s(tier.latency, workload, "service", 0)[visits.request]
    nothing = np.zeros(len(visits), np.int64)
    done = np.full(len(visits), Outcome.COMPLETED, np.int8)
    return Served(done, visits.entered_s.copy(), left_s.copy(), left_s, nothing, nothing, nothing)


def delays_s(latency: Any, workload: Workload, purpose: str, attempt: int) -> Floats:
    """Return every request's log-normal delay, seconds, as `DelayStation` draws it."""
    spread = log(latency.p95_s / latency.p50_s) / Z95
    return np.asarray(latency.p50_s * np.exp(spread * workload.normal_array(purpose, attempt)))
