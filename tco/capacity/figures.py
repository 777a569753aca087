"""Figures: what an option's replications say, per option and per tier, each percentile with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.capacity.replicate import Load, Replicated
from tco.capacity.sample import Sample, TierSample
from tco.capacity.tier_load import TierLoad
from tco.sim.statistics import (
    Interval,
    PairedDifference,
    independent_groups,
    mean_interval,
    paired_difference,
    quantile_interval,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of a time in seconds; None where nothing was judged."""

    p50: Interval | None
    p95: Interval | None
    p99: Interval | None


@dataclass(frozen=True, slots=True)
class TierFigures:
    """One tier of one option.

    Attributes:
        tier: name of the tier.
        replicas: of a fleet; None for other kinds of tier.
        visits_share: visits per arriving request.
        served_share: share of arriving requests whose answer came from the tier.
        busy_share: mean share of time that a replica works; None for tiers without own capacity.
        inside: mean number of requests in the tier, waiting or in service; None in an overload, where it only grows.
        waiting: mean number that waits; None where the station does not tell when service begins.
        wait_mean_s: mean wait, seconds; None likewise.
        wait_p95_s: 95th percentile of the wait, seconds; None likewise.
        output_tokens_per_s: tokens that the tier generates; None in an overload.
        e2e: of the judged requests that the tier answered.
        ttft: the same for the first token.
        load: arrivals against capacity.
    """

    tier: str
    replicas: int | None
    visits_share: float
    served_share: float
    busy_share: float | None
    inside: float | None
    waiting: float | None
    wait_mean_s: float | None
    wait_p95_s: float | None
    output_tokens_per_s: float | None
    e2e: Percentiles
    ttft: Percentiles
    load: TierLoad


@dataclass(frozen=True, slots=True)
class AsyncFigures:
    """The async calls of an option, over all replications.

    Attributes:
        calls: how many came.
        held: visits that were held for a tier's window.
        answered: how many were answered.
        missed: visits that missed a tier's deadline.
        e2e: of those answered after the warm-up, end to end.
    """

    calls: int
    held: int
    answered: int
    missed: int
    e2e: Percentiles


@dataclass(frozen=True, slots=True)
class OptionFigures:
    """One option at one load.

    Attributes:
        option: name of the option.
        rate_rps: mean arrival rate, requests per second.
        replicas: replicas per fleet tier.
        replications: how many were run.
        requests: how many requests were simulated in all.
        judged: how many the latency figures rest on.
        precision_reached: whether the p95's are as precise as was asked for; None when nothing was asked.
        overloaded: tiers to which more comes than they can serve; latencies then say how long the window was, not
            how long a request waits, so `e2e`, `ttft`, `tpot`, waits and the goodput are None.
        e2e: end to end.
        ttft: first token.
        tpot: time per output token after the first.
        outcome_shares: share of requests by how they ended.
        goodput_rps: requests per second that are answered within the latency SLO; None where it sets no limit.
        within_share: the same as a share of the requests.
        output_tokens_per_s: tokens that all tiers generate; None in an overload.
        tiers: figures per tier.
        e2e_p95_s_by_replication: for paired differences.
        jobs: the async calls; None where none came.
        engines: which engines ran, and why each did.
    """

    option: str
    rate_rps: float
    replicas: dict[str, int]
    replications: int
    requests: int
    judged: int
    precision_reached: bool | None
    overloaded: tuple[TierLoad, ...]
    e2e: Percentiles
    ttft: Percentiles
    tpot: Percentiles
    outcome_shares: dict[str, float]
    goodput_rps: float | None
    within_share: Interval | None
    output_tokens_per_s: float | None
    tiers: tuple[TierFigures, ...]
    e2e_p95_s_by_replication: tuple[float, ...]
    jobs: AsyncFigures | None
    engines: tuple[tuple[str, str], ...]


def read_figures(load: Load, found: Replicated, loads: tuple[TierLoad, ...]) -> OptionFigures:
    """Reduce an option's replications to figures."""
    samples = found.samples
    over = tuple(entry for entry in loads if entry.overloaded)
    within = _within(samples) if not over else None
    return OptionFigures(
        option=load.option,
        rate_rps=load.rate_rps,
        replicas=load.replicas,
        replications=len(samples),
        requests=sum(sample.requests for sample in samples),
        judged=sum(len(sample.e2e_s) for sample in samples),
        precision_reached=found.reached,
        overloaded=over,
        e2e=_percentiles([sample.e2e_s for sample in samples], known=not over),
        ttft=_percentiles([sample.ttft_s for sample in samples], known=not over),
        tpot=_percentiles([sample.tpot_s[~np.isnan(sample.tpot_s)] for sample in samples], known=not over),
        outcome_shares=_mean_shares(samples),
        goodput_rps=None if within is None else within.estimate * load.rate_rps,
        within_share=within,
        output_tokens_per_s=None if over else load.rate_rps * _output_tokens(samples),
        tiers=tuple(_tier(load, samples, place, entry, known=not over) for place, entry in enumerate(loads)),
        e2e_p95_s_by_replication=tuple(
            float(np.percentile(sample.e2e_s, 95)) for sample in samples if len(sample.e2e_s)
        ),
        jobs=_jobs(samples, known=not over),
        engines=tuple(dict.fromkeys(sample.engine for sample in samples)),
    )


def _jobs(samples: tuple[Sample, ...], *, known: bool) -> AsyncFigures | None:
    jobs = [sample.jobs for sample in samples]
    calls = sum(each.calls for each in jobs)
    if not calls:
        return None
    return AsyncFigures(
        calls=calls,
        held=sum(each.held for each in jobs),
        answered=sum(each.answered for each in jobs),
        missed=sum(each.missed for each in jobs),
        e2e=_percentiles([each.e2e_s for each in jobs], known=known),
    )


def difference(one: OptionFigures, other: OptionFigures) -> PairedDifference | None:
    """How far the p95 end to end of one option lies above another's, over the replications that both ran.

    None where there are fewer than two, or one of the options is overloaded.
    """
    pairs = min(len(one.e2e_p95_s_by_replication), len(other.e2e_p95_s_by_replication))
    if pairs < 2 or one.overloaded or other.overloaded:
        return None
    return paired_difference(one.e2e_p95_s_by_replication[:pairs], other.e2e_p95_s_by_replication[:pairs])


def _percentiles(groups: list[Floats], *, known: bool) -> Percentiles:
    if not known:
        return Percentiles(None, None, None)
    groups = independent_groups(groups)
    p50, p95, p99 = (quantile_interval(groups, percent) for percent in (50, 95, 99))
    return Percentiles(p50, p95, p99)


def _within(samples: tuple[Sample, ...]) -> Interval | None:
    shares = [sample.within_share for sample in samples if sample.within_share is not None]
    return mean_interval(shares) if shares else None


def _mean_shares(samples: tuple[Sample, ...]) -> dict[str, float]:
    names = samples[0].outcome_shares
    return {name: float(np.mean([sample.outcome_shares[name] for sample in samples])) for name in names}


def _output_tokens(samples: tuple[Sample, ...]) -> float:
    return sum(_mean(samples, tier, "output_tokens_per_request") for tier in samples[0].tiers)


def _mean(samples: tuple[Sample, ...], tier: str, name: str) -> float:
    return float(np.mean([getattr(sample.tiers[tier], name) for sample in samples]))


def _tier(load: Load, samples: tuple[Sample, ...], place: int, entry: TierLoad, *, known: bool) -> TierFigures:
    tier = entry.tier
    parts: list[TierSample] = [sample.tiers[tier] for sample in samples]
    waits = np.concatenate([part.wait_s for part in parts])
    visits = _mean(samples, tier, "visits_per_request")
    prompt_rps = load.rate_rps * _mean(samples, tier, "prompt_visits_per_request")
    wait_mean = float(waits.mean()) if len(waits) and known else None
    busy = [part.busy_share for part in parts if part.busy_share is not None]
    return TierFigures(
        tier=tier,
        replicas=load.replicas.get(tier),
        visits_share=visits,
        served_share=_mean(samples, tier, "served_share"),
        busy_share=float(np.mean(busy)) if busy else None,
        inside=_mean(samples, tier, "inside") if known else None,
        waiting=None if wait_mean is None else wait_mean * prompt_rps,  # Little's law
        wait_mean_s=wait_mean,
        wait_p95_s=float(np.percentile(waits, 95)) if wait_mean is not None else None,
        output_tokens_per_s=load.rate_rps * _mean(samples, tier, "output_tokens_per_request") if known else None,
        e2e=_percentiles([sample.e2e_s[sample.served_by == place] for sample in samples], known=known),
        ttft=_percentiles([sample.ttft_s[sample.served_by == place] for sample in samples], known=known),
        load=entry,
    )
