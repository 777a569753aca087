"""Tiers as recurrences over arrays: all visits to a tier at once, in order of time. One class a kind of tier."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.dispatch.least_loaded import LeastLoaded
from tco.policies.dispatch.round_robin import RoundRobin
from tco.policies.dispatch.shortest_of_two import ShortestOfTwo
from tco.scenario.server import server_of
from tco.scenario.tiers import Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.managed_api import ManagedApi
from tco.scenario.tiers.rules import Rules
from tco.serving.latency import Z95
from tco.sim.answer_time import AnswerTime
from tco.sim.compiled.fleet import LEAST, ROUND_ROBIN, SETTINGS, TWO, new_fleet, run_fleet
from tco.sim.compiled.vendor import by_vendor
from tco.sim.stations import StationBooks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DISPATCH: dict[type, int] = {LeastLoaded: LEAST, RoundRobin: ROUND_ROBIN, ShortestOfTwo: TWO}


@dataclass(frozen=True)
class Visits:
    """Calls to a tier in order of time; arrays have shape (visits,).

    Attributes:
        request: number of the request.
        entered_s: when it comes, seconds.
        input_tokens: prompt of the call.
        output_tokens: answer.
        attempt: tiers that the request tried before.
    """

    request: Ints
    entered_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    attempt: Ints

    def __len__(self) -> int:
        return len(self.request)


@dataclass
class Served:
    """What came of them; arrays have shape (visits,), times are NaN where there is none.

    Attributes:
        outcome: `Outcome`.
        started_s: begin of service, seconds.
        first_token_s: first token, seconds.
        left_s: when the call ended, seconds.
        input_tokens: prompt tokens that were read.
        output_tokens: tokens that were written.
        cached_tokens: prompt tokens that a prompt or prefix cache held.
        busy_s: time in which replicas worked, summed; None where there is no capacity of one's own.
        replicas: how many.
        counts: further quantities, as the station of the other engine counts them.
        retries: how often each call was sent again; None where none ever is.
    """

    outcome: NDArray[np.int8]
    started_s: Floats
    first_token_s: Floats
    left_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    cached_tokens: Ints
    busy_s: float | None = None
    replicas: int = 0
    counts: dict[str, float] = field(default_factory=dict)
    retries: Ints | None = None

    def books(self, visits: Visits) -> StationBooks:
        """Close the books."""
        answered = self.outcome == Outcome.COMPLETED
        last_s = float(max(self.left_s.max(), visits.entered_s.max())) if len(visits) else 0.0
        busy_share = None
        if self.busy_s is not None:
            busy_share = self.busy_s / (self.replicas * last_s) if last_s else 0.0
        return StationBooks(
            arrived=len(visits),
            completed=int(answered.sum()),
            rejected=int((self.outcome == Outcome.REJECTED).sum()),
            failed=int((self.outcome == Outcome.FAILED).sum()),
            timed_out=int((self.outcome == Outcome.TIMED_OUT).sum()),
            input_tokens=int(self.input_tokens[answered].sum()),
            output_tokens=int(self.output_tokens[answered].sum()),
            presence_s=float((self.left_s - visits.entered_s).sum()),
            busy_share=busy_share,
            counts=self.counts,
        )


def why_not(tier: Tier) -> str | None:
    """Say what of a tier the compiled engine does not know; None where it knows all."""
    if isinstance(tier, GpuFleet):
        return _fleet_why_not(tier)
    if isinstance(tier, ManagedApi):
        return None
    return None if isinstance(tier, Rules) else f"tiers of kind {tier.kind_name()}"


def _is_plain(tier: ManagedApi) -> bool:
    """Say whether nothing of a vendor's terms can hold a call up, so that all are served at once."""
    terms = ("limits", "max_concurrency", "max_queue_requests", "timeout_s", "outages", "batch")
    return not tier.error_share and all(getattr(tier, name) is None for name in terms)


def _fleet_why_not(tier: GpuFleet) -> str | None:
    server = server_of(tier)
    used = [name for name in ("disaggregation", "failures", "async_window") if getattr(tier, name) is not None]
    used += [] if tier.scaling.is_fixed else ["scaling"]
    used += ["first_token_overhead_steps"] if server.first_token_overhead_steps else []
    used += [] if type(tier.dispatch) in DISPATCH else ["dispatch"]
    return used[0] if used else None


def serve(tier: Tier, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Serve all visits to a tier that `why_not` has nothing against."""
    if isinstance(tier, GpuFleet):
        return _by_fleet(tier, visits, workload, replicas)
    if isinstance(tier, ManagedApi):
        return _by_api(tier, visits, workload) if _is_plain(tier) else by_vendor(tier, visits, workload)
    if isinstance(tier, Rules):
        return _by_rules(tier, visits, workload)
    raise NotImplementedError(tier.kind_name())


def _by_fleet(tier: GpuFleet, visits: Visits, workload: Workload, replicas: int) -> Served:
    speculation, plain = tier.speculation, server_of(tier)
    server = speculation.slowed(plain) if speculation else plain
    settings = np.zeros(1, SETTINGS)
    figures = {
        "alpha_s": server.alpha_s, "beta_s": server.beta_s_per_prefill_token, "gamma_s": server.gamma_s_per_sequence,
        "delta_s": server.delta_s_per_context_token, "kv_capacity": server.kv_capacity_tokens,
        "patience_s": inf if tier.queue_timeout_s is None else tier.queue_timeout_s,
        "budget": server.step_budget_tokens, "max_sequences": server.max_sequences,
        "per_decode": speculation.draft_tokens + 1 if speculation else 1,
        "max_queue": -1 if tier.max_queue_requests is None else tier.max_queue_requests,
        "dispatch": DISPATCH[type(tier.dispatch)], "grows": tier.kv_reservation == "as_needed",
    }  # fmt: skip
    for name, value in figures.items():
        settings[name] = value
    n, tokens_in, tokens_out = len(visits), visits.input_tokens, visits.output_tokens
    reps, seqs, heap = new_fleet(replicas, server.max_sequences, tokens_in, tokens_out)
    cached = np.minimum((tier.prefix_cached_share * tokens_in).astype(np.int64), tokens_in - 1)
    seqs["cached_tokens"][:n] = cached
    seqs["prefill_left"][:n] -= cached
    if tier.interactive_first:
        seqs["urgent"][:n] = workload.interactive[visits.request]
    if speculation is not None:
        luck = np.array(workload.normals("speculation"))[visits.request].tolist()
        steps = np.array([speculation.decode_steps(t - 1, z) for t, z in zip(tokens_out.tolist(), luck, strict=True)])
        seqs["steps_left"][:n] = 1 + steps
        seqs["rate"][:n] = np.where(steps > 0, (tokens_out - 1) / np.maximum(steps, 1), 1.0)
    chances = np.zeros(n)
    if settings["dispatch"][0] == TWO:
        chances = np.array(workload.uniforms("dispatch"))[visits.request]
    left_s, outcome = np.full(n, np.nan), np.zeros(n, np.int8)
    table = np.array(server.fixed_s_by_tokens, np.float64).reshape(-1, 2).T.copy()
    joined_s = visits.entered_s + plain.first_token_overhead_s
    run_fleet(settings, table, reps, seqs, heap, joined_s, chances, left_s, outcome)
    done = outcome == Outcome.COMPLETED
    counted = {
        "recomputed_tokens": int(seqs["recomputed"][:n].sum()),
        "prefix_cached_tokens": int(cached[done].sum()),
        "preemptions": int(reps["preemptions"].sum()),
    }
    counts: dict[str, float] = {name: amount for name, amount in counted.items() if amount}
    return Served(
        outcome, seqs["started_s"][:n].copy(), np.where(done, seqs["first_token_s"][:n], np.nan), left_s, tokens_in,
        tokens_out, np.where(done, cached, 0), float(reps["busy_s"].sum()), replicas, counts,
    )  # fmt: skip


def _by_api(tier: ManagedApi, visits: Visits, workload: Workload) -> Served:
    n = len(visits)
    ttft_s, decode_s = AnswerTime(tier.latency, workload).draw_many_s(
        visits.request, visits.attempt, visits.input_tokens
    )
    decode_s = decode_s * (visits.output_tokens - 1)
    threshold, counts = tier.long_context_tokens, dict[str, float]()
    cached = (visits.input_tokens * tier.cached_input_share).astype(np.int64)
    longest = int(workload.input_tokens.max())
    if threshold is not None and longest > threshold and (long := visits.input_tokens > threshold).any():
        cached[long] = 0
        counts["long_context_input_tokens"] = int(visits.input_tokens[long].sum())
        counts["long_context_output_tokens"] = int(visits.output_tokens[long].sum())
    first_s = visits.entered_s + ttft_s
    left_s = visits.entered_s + (ttft_s + decode_s)
    return Served(
        np.full(n, Outcome.COMPLETED, np.int8), visits.entered_s.copy(), first_s, left_s, visits.input_tokens,
        visits.output_tokens, cached, counts=counts,
    )  # fmt: skip


def _by_rules(tier: Rules, visits: Visits, workload: Workload) -> Served:
    left_s = visits.entered_s + delays_s(tier.latency, workload, "service", 0)[visits.request]
    nothing = np.zeros(len(visits), np.int64)
    done = np.full(len(visits), Outcome.COMPLETED, np.int8)
    return Served(done, visits.entered_s.copy(), left_s.copy(), left_s, nothing, nothing, nothing)


def delays_s(latency: Any, workload: Workload, purpose: str, attempt: int) -> Floats:
    """Return every request's log-normal delay, seconds, as `DelayStation` draws it."""
    spread = log(latency.p95_s / latency.p50_s) / Z95
    return np.asarray(latency.p50_s * np.exp(spread * np.array(workload.normals(purpose, attempt))))
