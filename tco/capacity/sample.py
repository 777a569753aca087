"""Sample: what one replication of one option contributes to the figures, small enough to send between processes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.domain import Outcome
from tco.scenario.slo import Slo
from tco.sim.result import SimulationResult
from tco.sim.stations import HELD, StationBooks
from tco.sim.visits import Visits, leaving_rps, prompt_visits, read_visits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TierSample:
    """One tier in one replication.

    Attributes:
        visits_per_request: visits per arriving request.
        prompt_visits_per_request: the same, less async ones where these have a window.
        served_share: share of arriving requests whose answer came from the tier.
        unanswered_share: visits without an answer per arriving request.
        input_tokens_per_request: prompt tokens per arriving request.
        output_tokens_per_request: generated tokens per arriving request.
        busy_share: mean share of time that a replica works; None for tiers without own capacity.
        inside: mean number of requests in the tier; in this and what follows, async ones that have a window are left
            out.
        leaving_rps: rate at which requests left, where the number inside grew through the whole window; else None.
        wait_s: waits before service of visits after the warm-up, shape (visits,); empty where the station does not
            tell when service begins.
    """

    visits_per_request: float
    prompt_visits_per_request: float
    served_share: float
    unanswered_share: float
    input_tokens_per_request: float
    output_tokens_per_request: float
    busy_share: float | None
    inside: float
    leaving_rps: float | None
    wait_s: Floats


@dataclass(frozen=True, slots=True)
class AsyncSample:
    """The async calls of one replication.

    Attributes:
        calls: how many came.
        held: visits that were held for a tier's window.
        answered: how many were answered.
        missed: visits that missed a tier's deadline.
        e2e_s: from arrival to the last token, of those answered after the warm-up, seconds.
    """

    calls: int
    held: int
    answered: int
    missed: int
    e2e_s: Floats


NO_JOBS = AsyncSample(0, 0, 0, 0, np.zeros(0))


@dataclass(frozen=True, slots=True)
class Sample:
    """One replication; arrays hold the judged requests in order of arrival.

    Attributes:
        replication: its number, which fixes every chance of it.
        requests: how many requests were simulated.
        e2e_s: from arrival to the last token, seconds.
        ttft_s: from arrival to the first token, seconds.
        tpot_s: time per output token after the first, seconds; NaN for answers of one token and from the cache.
        served_by: tier that answered, by position; -1 for the cache.
        outcome_shares: share of all requests by how they ended, every outcome named.
        within_share: share of the requests after the warm-up that were answered within the latency SLO; None where
            it sets no limit.
        tiers: figures per tier, by name.
        jobs: the async calls.
        engine: which engine ran, and why that one.
    """

    replication: int
    requests: int
    e2e_s: Floats
    ttft_s: Floats
    tpot_s: Floats
    served_by: NDArray[np.int16]
    outcome_shares: dict[str, float]
    within_share: float | None
    tiers: dict[str, TierSample]
    jobs: AsyncSample = NO_JOBS
    engine: tuple[str, str] = ("", "")


def take_sample(result: SimulationResult, slo: Slo, replication: int) -> Sample:
    """Reduce a run to what the figures need."""
    judged, measured = result.judged, result.workload.measured
    within = result.within(slo.e2e_p95_s, slo.ttft_p95_s)
    visits = read_visits(result)
    return Sample(
        replication=replication,
        requests=len(result),
        e2e_s=result.e2e_s(),
        ttft_s=result.ttft_s(),
        tpot_s=tpot_s(result)[judged],
        served_by=result.served_by[judged],
        outcome_shares={
            outcome.name.lower(): float((result.outcome == outcome).mean())
            for outcome in Outcome
            if outcome is not Outcome.IN_FLIGHT
        },
        within_share=None if within is None else float(within[measured].mean()),
        tiers={name: _tier(result, index, visits[name]) for index, name in enumerate(result.tiers)},
        jobs=_jobs(result),
        engine=(result.engine, result.engine_why),
    )


def _jobs(result: SimulationResult) -> AsyncSample:
    jobs = ~result.workload.interactive
    counts = [books.counts for books in result.books.values()]
    return AsyncSample(
        calls=int(jobs.sum()),
        held=int(sum(count.get(HELD, 0.0) for count in counts)),
        answered=int((jobs & result.answered).sum()),
        missed=int(sum(count.get("missed_deadlines", 0.0) for count in counts)),
        e2e_s=result.e2e_s(jobs & result.answered & result.workload.measured),
    )


def tpot_s(result: SimulationResult) -> Floats:
    """Time per output token after the first, seconds, shape (n,); NaN where a tier gave no second token."""
    further = result.workload.output_tokens - 1
    many = (result.outcome == Outcome.COMPLETED) & (further > 0)
    return np.where(many, (result.finished_s - result.first_token_s) / np.maximum(further, 1), np.nan)


def _tier(result: SimulationResult, index: int, visits: Visits) -> TierSample:
    books, count = result.books[result.tiers[index]], len(result)
    seen = prompt_visits(result, result.tiers[index], visits)
    measured = result.workload.measured[seen.request]
    waits, stays = seen.wait_s[measured], (seen.left_s - seen.entered_s)[measured]
    return TierSample(
        visits_per_request=books.arrived / count,
        prompt_visits_per_request=len(seen) / count,
        served_share=float((result.served_by == index).mean()),
        unanswered_share=books.unanswered / count,
        input_tokens_per_request=books.input_tokens / count,
        output_tokens_per_request=books.output_tokens / count,
        busy_share=_busy_share(result, books, visits),
        inside=result.rate_rps * len(seen) / count * float(stays.mean()) if len(stays) else 0.0,  # Little's law
        leaving_rps=leaving_rps(result, seen),
        wait_s=waits[~np.isnan(waits)],
    )


def _busy_share(result: SimulationResult, books: StationBooks, visits: Visits) -> float | None:
    """Relate the busy time to the tier's own span: another tier may be answering long after this one's last request.

    Replicas that are switched on and off, or break, have spans of their own, which the station knows better.
    """
    share = books.busy_share
    if share is None or not len(visits) or {"replica_on_s", "failures"} & set(books.counts):
        return share
    span_s = float(visits.left_s.max()) - float(result.arrived_s[0])
    return min(share * result.elapsed_s / span_s, 1.0) if span_s > 0 else share
