"""Saturate: the highest rate that an option's fleet carries within the latency SLO, and what binds there.

Every rate is tried with the same requests, only closer together, so that a higher rate is never luckier than a lower
one; halving then encloses the highest rate between one that was seen to do and one that was seen not to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, isfinite, sqrt

import numpy as np

from tco.capacity.replicate import Load, Replicated, Runner
from tco.capacity.tier_load import TierLoad, tier_loads
from tco.demand.workload import lasting_requests
from tco.scenario import Scenario
from tco.sim.statistics import Interval

WIDTH = 0.02  # the bounds end up this close, relatively
STRIDE = 4.0  # from one rate to the next while no limit is known
MOST_STRIDES = 5  # a thousand times the rate asked about; beyond, "no limit found" says enough
PROBE_REQUESTS = 20_000  # simulated at each rate, at least, spread over replications
CURVE = (0.2, 0.4, 0.6, 0.75, 0.88)  # shares of the highest rate at which the load-latency curve is drawn as well


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate that was tried.

    Attributes:
        rate_rps: the rate.
        e2e_p95: end to end; None when nothing was judged.
        ttft_p95: first token.
        unanswered_share: share of the requests that got no answer.
        busy_shares: by tier; tiers without own capacity are left out.
        failures: what does not hold at this rate, in words, the plainest reason first; empty when all holds.
    """

    rate_rps: float
    e2e_p95: Interval | None
    ttft_p95: Interval | None
    unanswered_share: float
    busy_shares: dict[str, float]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saturation:
    """The highest rate of one option with one fleet.

    Attributes:
        option: name of the option.
        replicas: replicas per fleet tier.
        holds_rps: highest rate that was seen to hold; None when even the lowest one tried does not.
        fails_rps: lowest rate that was seen to fail; None when none did.
        binds: what fails there, in words; empty when nothing did.
        used_shares: by tier, arrivals over capacity at the rate that holds; tiers without a known capacity left out.
        busy_shares: by tier, share of time in which a replica works at the rate that holds.
        probes: every rate tried, ascending.
    """

    option: str
    replicas: dict[str, int]
    holds_rps: float | None
    fails_rps: float | None
    binds: tuple[str, ...]
    used_shares: dict[str, float]
    busy_shares: dict[str, float]
    probes: tuple[Probe, ...]

    @property
    def at(self) -> Probe | None:
        """The probe at the highest rate that holds."""
        return next((probe for probe in self.probes if probe.rate_rps == self.holds_rps), None)


def saturate(
    runner: Runner, option: str, rate_rps: float, replicas: dict[str, int], tried: Callable[[], None] = lambda: None
) -> Saturation:
    """Find the highest rate that an option carries within its SLO.

    Args:
        runner: runs the replications.
        option: name of the option.
        rate_rps: where to begin, requests per second.
        replicas: replicas of each fleet tier.
        tried: called after each rate.
    """
    search = _Search(runner, Load(option, rate_rps, replicas), tried)
    low, high = search.bracket()
    while low is not None and isfinite(high) and high / low > 1 + WIDTH:
        middle = sqrt(low * high)
        if search.holds(middle):
            low = middle
        else:
            high = middle
    if low is not None and isfinite(high):
        for share in CURVE:
            search.probe(share * low)
    elif low is not None:
        search.probe(CURVE[0] * rate_rps)  # a second point to draw a line from
    return search.saturation(low, high)


def capacity_ceiling_rps(loads: tuple[TierLoad, ...], rate_rps: float) -> float:
    """Return the arrival rate at which the first tier is overloaded; infinite where no limit is known.

    >>> capacity_ceiling_rps((TierLoad("a", 2.0, 5.0), TierLoad("b", 1.0, None)), 4.0)
    10.0
    """
    ceilings = [
        rate_rps * load.capacity_rps / load.arrivals_rps
        for load in loads
        if load.capacity_rps is not None and load.arrivals_rps > 0 and not load.sheds
    ]
    return min(ceilings, default=float("inf"))


class _Search:
    """Tries rates, remembering each."""

    def __init__(self, runner: Runner, load: Load, tried: Callable[[], None]) -> None:
        self.runner, self.tried = runner, tried
        self.loads = tier_loads(runner.scenario, runner.run(load))
        self.ceiling_rps = capacity_ceiling_rps(self.loads, load.rate_rps)
        highest_rps = self.ceiling_rps if isfinite(self.ceiling_rps) else load.rate_rps
        self.load = replace(load, requests=lasting_requests(runner.scenario, highest_rps))
        traced = runner.trace is not None  # replications of a trace hold the same requests: one says as much
        count = len(runner.workload(0, self.load.requests))
        self.replications = 1 if traced else max(2, ceil(PROBE_REQUESTS / count))
        self._probes: dict[float, Probe] = {}

    def bracket(self) -> tuple[float | None, float]:
        """Return a rate that holds (None when none was found) and a higher one that does not."""
        start = 0.5 * self.ceiling_rps if isfinite(self.ceiling_rps) else self.load.rate_rps
        if self.holds(start):
            return self._upwards(start)
        high = start
        for _ in range(MOST_STRIDES):
            if self.holds(high / STRIDE):
                return high / STRIDE, high
            high /= STRIDE
        return None, high

    def _upwards(self, low: float) -> tuple[float, float]:
        for _ in range(MOST_STRIDES):
            high = min(STRIDE * low, self.ceiling_rps)
            if not self.holds(high):
                return low, high
            low = high
        return low, float("inf")

    def holds(self, rate_rps: float) -> bool:
        """Say whether the SLO holds at a rate; at the ceiling it cannot, and nothing is simulated."""
        return rate_rps < self.ceiling_rps and not self.probe(rate_rps).failures

    def probe(self, rate_rps: float) -> Probe:
        """Try a rate, once."""
        if rate_rps not in self._probes:
            load = replace(self.load, rate_rps=rate_rps)
            samples = self.runner.samples(load, range(self.replications))
            self._probes[rate_rps] = _probe(self.runner.scenario, load, Replicated(tuple(samples), None))
            self.tried()
        return self._probes[rate_rps]

    def saturation(self, low: float | None, high: float) -> Saturation:
        """Gather what was found."""
        binds: tuple[str, ...] = ()
        if high in self._probes:
            binds = self._probes[high].failures
        elif isfinite(high):
            binds = tuple(f"capacity of tier {load.tier} ({load.capacity_rps:.3g} req/s)" for load in self._full())
        return Saturation(
            option=self.load.option,
            replicas=self.load.replicas,
            holds_rps=low,
            fails_rps=high if isfinite(high) else None,
            binds=binds,
            used_shares=self._used_shares(low) if low is not None else {},
            busy_shares=self._probes[low].busy_shares if low is not None else {},
            probes=tuple(self._probes[rate] for rate in sorted(self._probes)),
        )

    def _used_shares(self, rate_rps: float) -> dict[str, float]:
        ceilings = {load.tier: capacity_ceiling_rps((load,), self.load.rate_rps) for load in self.loads}
        return {tier: rate_rps / ceiling for tier, ceiling in ceilings.items() if isfinite(ceiling)}

    def _full(self) -> list[TierLoad]:
        """List the tiers that are full at the ceiling."""
        base_rps = self.load.rate_rps
        return [load for load in self.loads if capacity_ceiling_rps((load,), base_rps) == self.ceiling_rps]


def _probe(scenario: Scenario, load: Load, found: Replicated) -> Probe:
    e2e, ttft = found.quantile("e2e_s", 95), found.quantile("ttft_s", 95)
    shares = [sample.outcome_shares for sample in found.samples]
    unanswered = float(np.mean([each["rejected"] + each["failed"] + each["timed_out"] for each in shares]))
    busy = {
        tier: float(np.mean([sample.tiers[tier].busy_share for sample in found.samples]))
        for tier, first in found.samples[0].tiers.items()
        if first.busy_share is not None
    }
    return Probe(load.rate_rps, e2e, ttft, unanswered, busy, _failures(scenario, found, e2e, ttft, unanswered))


def _failures(
    scenario: Scenario, found: Replicated, e2e: Interval | None, ttft: Interval | None, unanswered: float
) -> tuple[str, ...]:
    slo = scenario.slo
    failures = []
    for words, what, limit_s, interval in (
        ("first-token", "ttft_s", slo.ttft_p95_s, ttft),
        ("end-to-end", "e2e_s", slo.e2e_p95_s, e2e),
    ):
        if limit_s is not None and interval is not None and interval.estimate > limit_s:
            slowest = _slowest(found, what)
            failures.append(f"{words} p95 limit of {limit_s:g} s ({interval.estimate:.3g} s{slowest})")
    failures += _growing(found)
    allowed = 1.0 - slo.availability_fraction if slo.availability_fraction is not None else 0.0
    if unanswered > allowed:
        turning = _turning_away(found)
        failures.append(f"{unanswered:.2%} of requests unanswered, {allowed:.2%} allowed{turning}")
    return tuple(failures)


def _growing(found: Replicated) -> list[str]:
    """Name the tiers from which less leaves than comes, in most of the replications."""
    growing = []
    for tier in found.samples[0].tiers:
        rates = [rate for sample in found.samples for rate in [sample.tiers[tier].leaving_rps] if rate is not None]
        if 2 * len(rates) > len(found.samples):
            growing.append(f"capacity of tier {tier} (about {float(np.mean(rates)):.3g} req/s leave)")
    return growing


def _slowest(found: Replicated, what: str) -> str:
    """Name the tier whose own requests are slowest at the 95th percentile."""
    values = np.concatenate([getattr(sample, what) for sample in found.samples])
    served = np.concatenate([sample.served_by for sample in found.samples])
    p95 = {
        tier: float(np.percentile(values[served == place], 95))
        for place, tier in enumerate(found.samples[0].tiers)
        if (served == place).any()
    }
    return f", slowest in tier {max(p95, key=lambda tier: p95[tier])}" if p95 else ""


def _turning_away(found: Replicated) -> str:
    """Name the tier that leaves most requests without an answer."""
    shares = {
        tier: float(np.mean([sample.tiers[tier].unanswered_share for sample in found.samples]))
        for tier in found.samples[0].tiers
    }
    return f", most at tier {max(shares, key=lambda tier: shares[tier])}" if shares else ""
