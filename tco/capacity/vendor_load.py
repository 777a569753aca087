"""Vendor load: whether a managed API lets through what an option sends it, from averages alone.

A window is short and a bucket starts full, so a window can look fine where the hour would not be; and behind a limit
on concurrency an overloaded queue only shows as a wait that grows with the length of the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.scenario import Scenario
from tco.scenario.tiers.managed_api import ManagedApi
from tco.sim.result import SimulationResult


@dataclass(frozen=True, slots=True)
class Overload:
    """A managed API that gets more requests than it lets through.

    Attributes:
        words: how many arrive, how many pass, and which limit it is.
        load_share: arrivals over what passes, above 1.
    """

    words: str
    load_share: float


def vendor_overloads(scenario: Scenario, result: SimulationResult) -> tuple[Overload, ...]:
    """Find the managed APIs that get more requests than they let through.

    Args:
        scenario: where the limits stand.
        result: a run, which shows which requests visit which tier.
    """
    found = []
    for name in result.tiers:
        tier = scenario.tiers[name]
        if not isinstance(tier, ManagedApi):
            continue
        sent = result.visited(name)
        if tier.batch is not None:
            sent &= result.workload.interactive
        limits = _admitted_rps(tier, result, sent)
        arriving_rps = result.rate_rps * float(sent.mean())
        if limits and arriving_rps > min(limits.values()):
            binding = min(limits, key=lambda which: limits[which])
            words = (
                f"arrivals of {arriving_rps:.4g} req/s exceed the limit of {limits[binding]:.4g} req/s of tier {name} "
                f"({binding})"
            )
            found.append(Overload(words, arriving_rps / limits[binding]))
    return tuple(found)


def _admitted_rps(tier: ManagedApi, result: SimulationResult, sent: NDArray[np.bool_]) -> dict[str, float]:
    """Return the highest rate of these requests under each limit of the tier, by the limit in words."""
    if not sent.any():
        return {}
    found: dict[str, float] = {}
    if tier.limits is not None:
        tokens = (result.workload.input_tokens[sent].mean(), result.workload.output_tokens[sent].mean())
        found |= tier.limits.admitted_rps(tier.limits.counted(*map(float, tokens)))
    if tier.max_concurrency is not None:
        each_s = _mean_service_s(tier, result, sent)
        found[f"max_concurrency {tier.max_concurrency} at {each_s:.4g} s a request"] = tier.max_concurrency / each_s
    return found


def _mean_service_s(tier: ManagedApi, result: SimulationResult, sent: NDArray[np.bool_]) -> float:
    """Return the mean time that a request keeps one of the vendor's slots, seconds."""
    latency, workload = tier.measured_latency, result.workload
    prompts_s = [latency.long_prompt_s(tokens) for tokens in workload.input_tokens.tolist()]
    first_s = np.array(latency.first_token_s(workload)) + prompts_s
    rest_s = np.array(latency.per_token_s(workload)) * (workload.output_tokens - 1)
    return float((first_s + rest_s)[sent].mean())
