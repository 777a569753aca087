"""Tiers as recurrences over arrays: all visits to a tier at once, in order of time. One class a kind of tier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf, log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.dispatch.least_loaded import LeastLoaded
from tco.policies.dispatch.round_robin import RoundRobin
from tco.policies.dispatch.shortest_of_two import ShortestOfTwo
from tco.scenario.server import server_of
from tco.scenario.tiers import Tier
from tco.scenario.tiers.edge import Edge
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.managed_api import ManagedApi
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.scenario.tiers.rules import Rules
from tco.scenario.tiers.serverless import Serverless
from tco.serving.latency import Z95
from tco.sim.answer_time import AnswerTime
from tco.sim.compiled.comings import Changing
from tco.sim.compiled.fleet import run_fleet
from tco.sim.compiled.played import PlayedTier
from tco.sim.compiled.queues import by_batches, by_devices
from tco.sim.compiled.rings import LEAST, ROUND_ROBIN, SPILLED, TWO, new_fleet, server_settings
from tco.sim.compiled.serverless import Platform
from tco.sim.compiled.serverless import is_known as knows_platform
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

    def at(self, places: Ints) -> Visits:
        """Return the visits at some places, in the order of these."""
        return Visits(
            self.request[places], self.entered_s[places], self.input_tokens[places], self.output_tokens[places],
            self.attempt[places],
        )  # fmt: skip


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
        worked_s: time in which something worked, summed, where its share is taken of the whole run; else None.
        places: how much could work at the same time.
        tells_idle: whether the time in which nothing worked is counted as well.
        ended: order in which calls ended that ended at the same moment; None for that of the visits.
        changing: what made replicas come and go, of each pool where anything did.
        played: the station that played the tier, where none of the recurrences knows it.
        platform: the serverless platform that served it.
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
    worked_s: float | None = None
    places: int | None = None
    tells_idle: bool = False
    ended: Ints | None = None
    changing: tuple[Changing, ...] = ()
    played: PlayedTier | None = None
    platform: Platform | None = None

    def at(self, places: Ints) -> Served:
        """Return what came of some of the visits."""
        arrays = {
            name: each[places]
            for name in (
                "outcome", "started_s", "first_token_s", "left_s", "input_tokens", "output_tokens", "cached_tokens",
                "retries", "ended",
            )
            if (each := getattr(self, name)) is not None
        }  # fmt: skip
        return replace(self, **arrays)

    def books(self, visits: Visits, elapsed_s: float, end_s: float) -> StationBooks:
        """Close the books of a run that lasted so long and ended at a moment."""
        if self.played is not None:
            return self.played.books(elapsed_s, end_s)
        answered = self.outcome == Outcome.COMPLETED
        last_s = float(max(self.left_s.max(), visits.entered_s.max())) if len(visits) else 0.0
        busy_share = None
        if self.busy_s is not None:
            busy_share = self.busy_s / (self.replicas * last_s) if last_s else 0.0
        counts = dict(self.counts)
        if self.changing:
            busy_share = self._close_changing(last_s, end_s, float((self.left_s - visits.entered_s).sum()), counts)
        if self.worked_s is not None:
            paid_s = (self.places or 0) * elapsed_s
            busy_share = self.worked_s / paid_s
            if self.tells_idle:
                counts["idle_s"] = paid_s - self.worked_s
        books = StationBooks(
            arrived=len(visits),
            completed=int(answered.sum()),
            rejected=int((self.outcome == Outcome.REJECTED).sum()),
            failed=int((self.outcome == Outcome.FAILED).sum()),
            timed_out=int((self.outcome == Outcome.TIMED_OUT).sum()),
            input_tokens=int(self.input_tokens[answered].sum()),
            output_tokens=int(self.output_tokens[answered].sum()),
            presence_s=float((self.left_s - visits.entered_s).sum()),
            busy_share=busy_share,
            counts=counts,
        )
        return books if self.platform is None else self.platform.books(books, end_s)

    def _close_changing(self, last_s: float, end_s: float, presence_s: float, counts: dict[str, float]) -> float:
        """Let replicas come and go to the end of the run; return the share of their paid time in which they worked."""
        paid_s = 0.0
        for each in self.changing:
            each.until(end_s)
            paid_s += each.paid_s(end_s) - (end_s - last_s) * each.switched_on()
            for name in ("restarts", "failures"):
                if counted := int(each.changes[name][0]):
                    counts[name] = counts.get(name, 0.0) + counted
            if _scales(each):
                counts["replica_on_s"] = counts.get("replica_on_s", 0.0) + each.paid_s(end_s)
                counts["inside_s"] = presence_s
        return (self.busy_s or 0.0) / paid_s if paid_s else 0.0


def _scales(changing: Changing) -> bool:
    return not changing.pool.tier.scaling.is_fixed


def _is_known(tier: GpuFleet) -> bool:
    """Say whether the kernels know all of a fleet; else its SimPy station plays it."""
    steps = server_of(tier).first_token_overhead_steps
    return tier.async_window is None and not steps and type(tier.dispatch) in DISPATCH


def is_compiled(tier: Tier) -> bool:
    """Say whether a kernel, or a few passes over arrays, serves a tier; else its SimPy station plays it."""
    if isinstance(tier, Serverless):
        return knows_platform(tier)
    return isinstance(tier, ManagedApi | Rules | Edge | MicroBatch) or (isinstance(tier, GpuFleet) and _is_known(tier))


class Spill(NamedTuple):
    """When calls to a fleet go elsewhere.

    Attributes:
        at: requests inside from which on it is full.
        may: whether each request may go elsewhere, shape (requests,).
    """

    at: int
    may: NDArray[np.bool_]


def can_spill(tier: Tier) -> bool:
    """Say whether the kernels know how many are inside a tier at every moment: in one pool, without a way into it."""
    if not isinstance(tier, GpuFleet) or not _is_known(tier) or tier.disaggregation is not None:
        return False
    return not server_of(tier).first_token_overhead_s


def serve_or_spill(tier: Tier, visits: Visits, workload: Workload, replicas: int, spill: Spill) -> tuple[Served, Ints]:
    """Serve the visits to a fleet that find room; return what came of all, and the places of those that did not."""
    assert isinstance(tier, GpuFleet)  # noqa: S101  # the caller looked
    served = _by_fleet(tier, visits, workload, replicas, spill)
    return served, np.flatnonzero(served.outcome == SPILLED)


def serve(tier: Tier, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Serve all visits to a tier."""
    if isinstance(tier, GpuFleet) and _is_known(tier):
        return _by_fleet(tier, visits, workload, replicas)
    if isinstance(tier, ManagedApi):
        return _by_api(tier, visits, workload) if tier.is_plain else by_vendor(tier, visits, workload)
    if isinstance(tier, Serverless) and knows_platform(tier):
        return Platform(tier, visits, workload).serve()
    if isinstance(tier, Rules):
        return _by_rules(tier, visits, workload)
    if isinstance(tier, Edge):
        return by_devices(tier, visits, workload)
    if isinstance(tier, MicroBatch):
        return by_batches(tier, visits, workload, replicas)
    return PlayedTier(tier, visits, workload, replicas).serve()


def _settings(tier: GpuFleet, *, limited: bool = True) -> tuple[Any, Floats]:
    """Return what holds for every replica, and its fixed times by tokens; without limits for a pool behind another."""
    speculation, plain = tier.speculation, server_of(tier)
    settings, table = server_settings(speculation.slowed(plain) if speculation else plain)
    figures = {
        "patience_s": tier.queue_timeout_s if limited and tier.queue_timeout_s is not None else inf,
        "per_decode": speculation.draft_tokens + 1 if speculation else 1,
        "max_queue": tier.max_queue_requests if limited and tier.max_queue_requests is not None else -1,
        "dispatch": DISPATCH[type(tier.dispatch)], "grows": tier.kv_reservation == "as_needed",
    }  # fmt: skip
    for name, value in figures.items():
        settings[name] = value
    return settings, table


@dataclass
class Pool:
    """One pool of replicas and the sequences that come to it."""

    tier: GpuFleet
    visits: Visits
    workload: Workload
    replicas: int
    tokens_out: Ints

    def __post_init__(self) -> None:
        self.changing: Changing | None = None
        tokens_in, n = self.visits.input_tokens, len(self.visits)
        most = server_of(self.tier).max_sequences
        self.reps, self.seqs, self.heap = new_fleet(self.replicas, most, tokens_in, self.tokens_out)
        self.cached = np.minimum((self.tier.prefix_cached_share * tokens_in).astype(np.int64), tokens_in - 1)
        self.seqs["cached_tokens"][:n] = self.cached
        self.seqs["prefill_left"][:n] -= self.cached
        if self.tier.interactive_first:
            self.seqs["urgent"][:n] = self.workload.interactive[self.visits.request]

    def speculate(self) -> None:
        """Let the tokens after the first take the steps that each request's luck gives it."""
        speculation, tokens_out = self.tier.speculation, self.tokens_out
        if speculation is None:
            return
        luck = self.workload.normal_array("speculation")[self.visits.request].tolist()
        steps = [speculation.decode_steps(t - 1, z) for t, z in zip(tokens_out.tolist(), luck, strict=True)]
        taken = np.array(steps, np.int64)
        n = len(self.visits)
        self.seqs["steps_left"][:n] = 1 + taken
        self.seqs["rate"][:n] = np.where(taken > 0, (tokens_out - 1) / np.maximum(taken, 1), 1.0)

    def run(self, settings: Any, table: Floats, joined_s: Floats, first: int = 0) -> tuple[NDArray[np.int8], Floats]:
        """Serve what joins in order of time; return how each ended and when.

        Args:
            settings: what holds for every replica.
            table: fixed times by tokens of a step.
            joined_s: when each sequence joins, rising, seconds.
            first: number of the first replica, by which each has chances of its own.
        """
        if self.tier.failures is not None or not self.tier.scaling.is_fixed:
            self.changing = Changing(self, first)
            return self.changing.run(settings, table, joined_s)
        n = len(self.visits)
        chances = np.zeros(n)
        if settings["dispatch"][0] == TWO:
            chances = self.workload.uniform_array("dispatch")[self.visits.request]
        left_s, outcome = np.full(n, np.nan), np.zeros(n, np.int8)
        tally = np.zeros(2, np.int64)
        run_fleet(settings, table, self.reps, self.seqs, self.heap, joined_s, chances, tally, left_s, outcome)
        return outcome, left_s

    def of(self, field: str) -> Any:
        """Return a field of the sequences, without the marks of the queues."""
        return self.seqs[field][: len(self.visits)]


def _by_fleet(tier: GpuFleet, visits: Visits, workload: Workload, replicas: int, spill: Spill | None = None) -> Served:
    if tier.failures is not None:
        replicas = tier.paid_replicas(replicas)  # the spare ones stand in for broken ones
    if tier.disaggregation is not None:
        return _by_two_pools(tier, visits, workload, replicas)
    pool = Pool(tier, visits, workload, replicas, visits.output_tokens)
    pool.speculate()
    settings, table = _settings(tier)
    if spill is not None:
        settings["spill_at"] = spill.at
        pool.of("spills")[:] = spill.may[visits.request]
    outcome, left_s = pool.run(settings, table, visits.entered_s + server_of(tier).first_token_overhead_s)
    return _from_pools(visits, outcome, left_s, pool.of("started_s").copy(), pool.cached, [pool])


def _by_two_pools(tier: GpuFleet, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Prompts in one pool, then their context on its way, then answers in the other."""
    split, n = tier.disaggregation, len(visits)
    assert split is not None  # noqa: S101  # the caller looked
    prefill = split.prefill_replicas(replicas)
    joined_s = visits.entered_s + server_of(tier).first_token_overhead_s
    fits = visits.input_tokens + visits.output_tokens <= server_of(tier).kv_capacity_tokens
    here = np.flatnonzero(fits)
    prompts = Pool(tier, visits.at(here), workload, prefill, np.ones(len(here), np.int64))
    first_outcome, first_left_s = prompts.run(*_settings(tier), joined_s[here], first=replicas - prefill)
    outcome = np.full(n, Outcome.REJECTED, np.int8)
    left_s, started_s = joined_s.copy(), np.full(n, np.nan)
    outcome[here], left_s[here], started_s[here] = first_outcome, first_left_s, prompts.of("started_s")
    on = np.flatnonzero((first_outcome == Outcome.COMPLETED) & (visits.output_tokens[here] > 1))
    moved_s = [split.transfer_s(tokens) for tokens in visits.input_tokens[here[on]].tolist()]
    comes_s = first_left_s[on] + np.array(moved_s)
    order = np.lexsort((prompts.of("ended")[on], comes_s))
    on, comes_s = on[order], comes_s[order]
    answers = Pool(tier, visits.at(here[on]), workload, replicas - prefill, visits.output_tokens[here[on]])
    answers.speculate()
    answers.of("held")[:] += 1.0
    answers.of("steps_left")[:] -= 1
    answers.of("prefill_left")[:] = 0
    answers.of("first_token_s")[:] = prompts.of("first_token_s")[on]
    answers.of("started_s")[:] = prompts.of("started_s")[on]
    answers.of("recomputed")[:] = prompts.of("recomputed")[on]
    prompts.of("recomputed")[on] = 0  # counted with the answer
    outcome[here[on]], left_s[here[on]] = answers.run(*_settings(tier, limited=False), comes_s)
    cached, first_s, ended = np.zeros(n, np.int64), np.full(n, np.nan), np.zeros(n, np.int64)
    for pool, mine in ((prompts, here), (answers, here[on])):  # an answer of one token ends with its prompt
        cached[mine], first_s[mine], ended[mine] = pool.cached, pool.of("first_token_s"), pool.of("ended")
    served = _from_pools(visits, outcome, left_s, started_s, cached, [answers, prompts])
    return replace(served, first_token_s=np.where(outcome == Outcome.COMPLETED, first_s, np.nan), ended=ended)


def _from_pools(
    visits: Visits, outcome: NDArray[np.int8], left_s: Floats, started_s: Floats, cached: Ints, pools: list[Pool]
) -> Served:
    done = outcome == Outcome.COMPLETED
    counted = {
        "recomputed_tokens": sum(float(pool.of("recomputed").sum()) for pool in pools),
        "prefix_cached_tokens": int(cached[done].sum()),
        "preemptions": sum(int(pool.reps["preemptions"].sum()) for pool in pools),
    }
    first_s = np.full(len(visits), np.nan)
    if len(pools) == 1:
        first_s = np.where(done, pools[0].of("first_token_s"), np.nan)
    return Served(
        outcome, started_s, first_s, left_s, visits.input_tokens, visits.output_tokens, np.where(done, cached, 0),
        sum(float(pool.reps["busy_s"].sum()) for pool in pools), sum(pool.replicas for pool in pools),
        {name: amount for name, amount in counted.items() if amount},
        ended=pools[0].of("ended").copy() if len(pools) == 1 else None,
        changing=tuple(pool.changing for pool in pools if pool.changing is not None),
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
    return np.asarray(latency.p50_s * np.exp(spread * workload.normal_array(purpose, attempt)))
