"""Vendor load: whether a managed API lets through what an option sends it, from averages alone.

A window is short and a bucket starts full, so a window can look fine where the hour would not be; and behind a limit
on concurrency an overloaded queue only shows as a wait that grows with the length of the window. Limits hold for each
region of a placed tier, so that the requests of each are held against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.relief import is_relieved
from tco.scenario import Scenario
from tco.scenario.tiers.managed_api import ManagedApi
from tco.sim.result import SimulationResult
from tco.sim.visits import Visits, read_visits


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
    visits = read_visits(result)
    for name in result.tiers:
        tier = scenario.tiers[name]
        if not isinstance(tier, ManagedApi) or is_relieved(scenario, result.option, name):
            continue
        sent = visits[name].of(result.workload.interactive) if tier.batch is not None else visits[name]
        for part in result.parts(name):
            where = f"tier {name}" if part.region is None else f"tier {name} in {part.region}"
            found += _overloads(tier, where, result, sent.of(part.near))
    return tuple(found)


def _overloads(tier: ManagedApi, where: str, result: SimulationResult, sent: Visits) -> list[Overload]:
    limits = _admitted_rps(tier, result, sent)
    arriving_rps = result.rate_rps * len(sent) / len(result)
    if not limits or arriving_rps <= min(limits.values()):
        return []
    binding = min(limits, key=lambda which: limits[which])
    words = (
        f"arrivals of {arriving_rps:.4g} req/s exceed the limit of {limits[binding]:.4g} req/s of {where} ({binding})"
    )
    return [Overload(words, arriving_rps / limits[binding])]


def _admitted_rps(tier: ManagedApi, result: SimulationResult, sent: Visits) -> dict[str, float]:
    """Return the highest rate of these requests under each limit of the tier, by the limit in words."""
    if not len(sent):
        return {}
    found: dict[str, float] = {}
    limits = tier.limits_in_force
    if limits is not None:
        tokens = float(sent.input_tokens.mean()), float(result.workload.output_tokens[sent.request].mean())
        found |= limits.admitted_rps(limits.counted(*tokens))
    if tier.max_concurrency is not None:
        each_s = _mean_service_s(tier, result, sent)
        found[f"max_concurrency {tier.max_concurrency} at {each_s:.4g} s a request"] = tier.max_concurrency / each_s
    return found


def _mean_service_s(tier: ManagedApi, result: SimulationResult, sent: Visits) -> float:
    """Return the mean time that a request keeps one of the vendor's slots, seconds."""
    latency, workload = tier.measured_latency, result.workload
    first_s = np.array(latency.first_token_s(workload))[sent.request]
    prompts_s = [latency.long_prompt_s(tokens) for tokens in sent.input_tokens.tolist()]
    rest_s = np.array(latency.per_token_s(workload))[sent.request] * (workload.output_tokens[sent.request] - 1)
    return float((first_s + prompts_s + rest_s).mean())
