"""Window: what one simulated run says about a load, in the few figures that a plan needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tco.capacity.arms import ArmsSeen, arms_seen
from tco.capacity.availability import availability
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim.result import SimulationResult, percentile, percentiles
from tco.sim.statistics import Interval, independent_groups, quantile_interval

PERCENTS = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the judged requests, seconds; None where no request was judged."""

    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class RegionWindow:
    """One region of a tier in one window.

    Attributes:
        replicas: replicas there; 1 where the tier's fleet is not sized.
        visits_per_request: calls that it answered, per arriving request of the option.
        counts_per_request: what its station counted, by name with unit, per arriving request of the option.
        e2e_p95_s: 95th percentile of the judged requests that visited the tier there, seconds.
        ttft_p95_s: the same for the first token, seconds.
    """

    replicas: int
    visits_per_request: float
    counts_per_request: dict[str, float]
    e2e_p95_s: float | None
    ttft_p95_s: float | None


@dataclass(frozen=True, slots=True)
class TierWindow:
    """One tier in one window.

    Attributes:
        visits_per_request: calls to the tier per arriving request.
        served_share: share of arriving requests whose answer came from the tier.
        input_tokens_per_request: prompt tokens per arriving request.
        output_tokens_per_request: generated tokens per arriving request.
        busy_share: mean share of time that a replica works; None for tiers without own capacity.
        counts_per_request: further quantities of the tier's kind, by name with unit, per arriving request.
        e2e_p95_s: 95th percentile of the judged requests that visited the tier, seconds.
        ttft_p95_s: the same for the first token, seconds.
        regions: figures per region of a placed tier; else none.
    """

    visits_per_request: float
    served_share: float
    input_tokens_per_request: float
    output_tokens_per_request: float
    busy_share: float | None
    counts_per_request: dict[str, float]
    e2e_p95_s: float | None
    ttft_p95_s: float | None
    regions: dict[str, RegionWindow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """One option at one load.

    Attributes:
        rate_rps: mean arrival rate, requests per second.
        replicas: replicas per fleet tier.
        requests: how many requests were simulated.
        judged: how many of them the latency figures rest on.
        e2e: end-to-end latency.
        ttft: time to first token.
        tiers: figures per tier.
        cached_share: share of requests that the cache answered.
        unanswered: share of requests that ended without an answer, by outcome (`rejected`, `failed`, `timed_out`);
            outcomes that did not occur are left out.
        retrievals_per_request: retrievals per arriving request that the vector database answers.
        ann_answers_per_request: retrievals per arriving request that an ANN cache in front of it answers.
        lookups_per_request: cache lookups per arriving request.
        lookup_tokens_per_request: tokens that the cache embeds to look requests up, per arriving request.
        availability: expected share of requests that find every tier they need up; None when unknown.
        e2e_p95: 95th percentile end to end, with an interval; None when nothing was judged.
        success_share: share of requests that got a good answer; None where the quality of some answer is not known.
        bad_answers_per_request: answers that are not good, per arriving request; None where that is not known.
        degraded_share: share of requests that a fallback answered.
        false_hit_share: share of requests to which the cache gave the answer to another question.
        decisions_per_request: decisions of each decider, per arriving request.
        answer_tokens_per_request: tokens of the answers that users got, cached ones included, per arriving request.
        ab_tests: the A/B tests of the router, and what they saw.
        retries_per_request: calls that were sent again, or begun anew, per arriving request.
        engine: which engine simulated it.
        engine_why: why that one.
        loads: loads of the week that its counts by the request are the mean of.
    """

    rate_rps: float
    replicas: dict[str, int]
    requests: int
    judged: int
    e2e: Latency
    ttft: Latency
    tiers: dict[str, TierWindow]
    cached_share: float
    unanswered: dict[str, float]
    retrievals_per_request: float
    lookups_per_request: float
    lookup_tokens_per_request: float
    availability: float | None
    e2e_p95: Interval | None = None
    success_share: float | None = None
    bad_answers_per_request: float | None = None
    degraded_share: float = 0.0
    false_hit_share: float = 0.0
    decisions_per_request: dict[str, float] = field(default_factory=dict)
    retries_per_request: float = 0.0
    ab_tests: tuple[ArmsSeen, ...] = ()
    answer_tokens_per_request: float = 0.0
    ann_answers_per_request: float = 0.0
    engine: str = "simpy"
    engine_why: str = ""
    loads: int = 1


def summarise(scenario: Scenario, result: SimulationResult, *, timed: bool = True) -> Window:
    """Reduce a run to the figures of a window.

    Args:
        scenario: the scenario.
        result: the run.
        timed: whether percentiles of all requests are wanted, which take a fifth of the time.
    """
    count = len(result)
    e2e_s, nobody = result.e2e_s(), np.zeros(0)
    e2e, ttft = (percentiles(times if timed else nobody, PERCENTS) for times in (e2e_s, result.ttft_s()))
    return Window(
        rate_rps=result.rate_rps,
        replicas=result.replicas,
        requests=count,
        judged=int(result.judged.sum()),
        e2e=Latency(*e2e),
        e2e_p95=quantile_interval(independent_groups([e2e_s]), 95) if timed else None,
        ttft=Latency(*ttft),
        tiers={tier: _tier(result, index) for index, tier in enumerate(result.tiers)},
        cached_share=float((result.outcome == Outcome.CACHED).mean()),
        unanswered=_unanswered(result),
        retrievals_per_request=_visits(result, "retrieval") / count,
        ann_answers_per_request=max(_visits(result, "ann") - _visits(result, "retrieval"), 0) / count,
        lookups_per_request=_visits(result, "cache") / count,
        lookup_tokens_per_request=_lookup_tokens(result) / count,
        availability=availability(scenario, result),
        success_share=result.success_share,
        bad_answers_per_request=_bad_answers(result),
        degraded_share=float(result.degraded.mean()),
        false_hit_share=float(result.false_hit.mean()),
        decisions_per_request=_decisions(scenario, result),
        retries_per_request=float(result.retries.mean()),
        ab_tests=arms_seen(scenario, result),
        answer_tokens_per_request=float(result.workload.output_tokens[result.answered].sum()) / count,
        engine=result.engine,
        engine_why=result.engine_why,
    )


def _unanswered(result: SimulationResult) -> dict[str, float]:
    shares = {
        outcome.name.lower(): float((result.outcome == outcome).mean())
        for outcome in (Outcome.REJECTED, Outcome.FAILED, Outcome.TIMED_OUT)
    }
    return {name: share for name, share in shares.items() if share > 0}


def _visits(result: SimulationResult, station: str) -> int:
    return result.books[station].completed if station in result.books else 0


def _lookup_tokens(result: SimulationResult) -> float:
    """Sum what the cache embeds: what the user asked, where the prompt is given by parts, else the whole prompt."""
    looked_up = result.reached_s.get("cache")
    if looked_up is None:
        return 0.0
    asked = result.workload.prompt_parts.get("user")
    whole = result.workload.input_tokens
    tokens = whole if asked is None else np.where(asked > 0, asked, whole)
    return float(tokens[~np.isnan(looked_up)].sum())


def _bad_answers(result: SimulationResult) -> float | None:
    return None if result.success_share is None else float((result.good == 0).mean())


def _decisions(scenario: Scenario, result: SimulationResult) -> dict[str, float]:
    deciders = scenario.options[result.option].router.deciders()
    return {decider.name: _visits(result, f"router {decider.name}") / len(result) for decider in deciders}


def _tier(result: SimulationResult, index: int) -> TierWindow:
    tier, count = result.tiers[index], len(result)
    books = result.books[tier]
    visitors = result.judged & result.visited(tier)
    return TierWindow(
        visits_per_request=books.completed / count,
        served_share=float((result.served_by == index).mean()),
        input_tokens_per_request=books.input_tokens / count,
        output_tokens_per_request=books.output_tokens / count,
        busy_share=books.busy_share,
        counts_per_request={name: quantity / count for name, quantity in books.counts.items()},
        e2e_p95_s=percentile(result.e2e_s(visitors), 95),
        ttft_p95_s=percentile(result.ttft_s(visitors), 95),
        regions=_regions(result, tier, visitors),
    )


def _regions(result: SimulationResult, tier: str, visitors: NDArray[np.bool_]) -> dict[str, RegionWindow]:
    found = {}
    for part in result.parts(tier):
        if part.region is None:
            continue
        books, here = result.books[tier].regions[part.region], visitors & part.near
        found[part.region] = RegionWindow(
            replicas=part.replicas,
            visits_per_request=books.completed / len(result),
            counts_per_request={name: quantity / len(result) for name, quantity in books.counts.items()},
            e2e_p95_s=percentile(result.e2e_s(here), 95),
            ttft_p95_s=percentile(result.ttft_s(here), 95),
        )
    return found
