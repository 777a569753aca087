"""Pools: GPU fleets of one pool of replicas, or of one for prompts and one for answers, around the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.policies.dispatch.least_loaded import LeastLoaded
from tco.policies.dispatch.round_robin import RoundRobin
from tco.policies.dispatch.shortest_of_two import ShortestOfTwo
from tco.scenario.server import server_of
from tco.scenario.tiers import Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.sim.compiled.comings import Changing
from tco.sim.compiled.kernels.calls import MOMENT
from tco.sim.compiled.kernels.delayed import HALL, Newcomers, run_delayed
from tco.sim.compiled.kernels.fleet import run_fleet
from tco.sim.compiled.kernels.rings import (
    COMPLETED,
    LEAST,
    NO_FLAGS,
    NO_TOKENS,
    ROUND_ROBIN,
    TWO,
    new_fleet,
    read_out,
    server_settings,
)
from tco.sim.compiled.served import Served, Visits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DISPATCH: dict[type, int] = {LeastLoaded: LEAST, RoundRobin: ROUND_ROBIN, ShortestOfTwo: TWO}


def is_known(tier: GpuFleet) -> bool:
    """Say whether the kernels know all of a fleet; else its SimPy station plays it."""
    steady = tier.failures is None and tier.scaling.is_fixed and tier.disaggregation is None
    if server_of(tier).first_token_overhead_steps and not steady:
        return False
    return tier.async_window is None and type(tier.dispatch) in DISPATCH


class Spill(NamedTuple):
    """When calls to a fleet go elsewhere; arrays have shape (visits,).

    Attributes:
        at: requests inside from which on each does; below 0 for those that never do.
        probes: calls that only look whether they would.
    """

    at: Ints
    probes: NDArray[np.bool_]


def can_spill(tier: Tier) -> bool:
    """Say whether the kernels know how many are inside a tier at every moment: in one pool, without a way into it."""
    if not isinstance(tier, GpuFleet) or not is_known(tier) or tier.disaggregation is not None:
        return False
    server = server_of(tier)
    return not server.first_token_overhead_s and not server.first_token_overhead_steps


def _settings(tier: GpuFleet, *, limited: bool = True) -> tuple[Any, Floats]:
    """Return what holds for every replica, and its fixed times by tokens; without limits for a pool behind another."""
    speculation, plain = tier.speculation, server_of(tier)
    return server_settings(
        speculation.slowed(plain) if speculation else plain,
        patience_s=tier.queue_timeout_s if limited and tier.queue_timeout_s is not None else inf,
        per_decode=speculation.draft_tokens + 1 if speculation else 1,
        max_queue=tier.max_queue_requests if limited and tier.max_queue_requests is not None else -1,
        dispatch=DISPATCH[type(tier.dispatch)],
        grows=tier.kv_reservation == "as_needed",
    )


Went = tuple[NDArray[np.int8], Floats, Changing | None]  # how each sequence ended, when, what changed


class Read(NamedTuple):
    """What sequences hold at the end; arrays have shape (sequences,).

    Attributes:
        started_s: when each began, seconds.
        first_token_s: when each that is complete had its first token, NaN for others.
        cached_tokens: how much of its prompt was not read, 0 for those that are not complete.
        ended: order in which they ended.
        recomputed_tokens: how many tokens were computed again.
    """

    started_s: Floats
    first_token_s: Floats
    cached_tokens: Ints
    ended: Ints
    recomputed_tokens: float


@dataclass
class Pool:
    """One pool of replicas and the sequences that come to it."""

    tier: GpuFleet
    visits: Visits
    workload: Workload
    replicas: int
    tokens_out: Ints

    def __post_init__(self) -> None:
        tokens_in = self.visits.input_tokens
        most = server_of(self.tier).max_sequences
        cached, urgent = NO_TOKENS, NO_FLAGS
        if self.tier.prefix_cached_share:
            cached = np.minimum((self.tier.prefix_cached_share * tokens_in).astype(np.int64), tokens_in - 1)
        if self.tier.interactive_first:
            urgent = self.workload.interactive[self.visits.request]
        self.reps, self.seqs, self.heap = new_fleet(self.replicas, most, tokens_in, self.tokens_out, cached, urgent)

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

    def run(self, settings: Any, table: Floats, joined_s: Floats, first: int = 0) -> Went:
        """Serve what joins in order of time; return how each ended and when, and what made replicas come and go.

        A pool does not keep that, which keeps the pool: a circle of large arrays is freed late.

        Args:
            settings: what holds for every replica.
            table: fixed times by tokens of a step.
            joined_s: when each sequence joins, rising, seconds.
            first: number of the first replica, by which each has chances of its own.
        """
        if self.tier.failures is not None or not self.tier.scaling.is_fixed:
            changing = Changing(self, first)
            return (*changing.run(settings, table, joined_s), changing)
        n = len(self.visits)
        chances = np.zeros(0)
        if settings["dispatch"][0] == TWO:
            chances = self.workload.uniform_array("dispatch")[self.visits.request]
        left_s, outcome = np.full(n, np.nan), np.zeros(n, np.int8)
        tally = np.zeros(2, np.int64)
        if server_of(self.tier).first_token_overhead_steps:
            newcomers = self._newcomers(chances)
            run_delayed(settings, table, self.reps, self.seqs, self.heap, newcomers, tally, left_s, outcome)
        else:
            run_fleet(settings, table, self.reps, self.seqs, self.heap, joined_s, chances, tally, left_s, outcome)
        return outcome, left_s, None

    def _newcomers(self, chances: Floats) -> Newcomers:
        """Return those who come as they wait for some steps before they join."""
        n, server, hall = len(self.visits), server_of(self.tier), np.zeros(1, HALL)
        hall["overhead_s"], hall["overhead_steps"] = server.first_token_overhead_s, server.first_token_overhead_steps
        return Newcomers(hall, np.empty(n, MOMENT), self.visits.entered_s, np.zeros(n, np.int64), np.zeros(n), chances)

    def read(self, outcome: NDArray[np.int8]) -> Read:
        """Read what the sequences hold at the end, by how each ended."""
        n = len(outcome)
        started_s, first_s, cached, ended = np.empty(n), np.empty(n), np.empty(n, np.int64), np.empty(n, np.int64)
        recomputed = read_out(self.seqs, outcome, started_s, first_s, cached, ended)
        return Read(started_s, first_s, cached, ended, recomputed)

    def of(self, field: str) -> Any:
        """Return a field of the sequences, without the marks of the queues."""
        return self.seqs[field][: len(self.visits)]


def by_fleet(tier: GpuFleet, visits: Visits, workload: Workload, replicas: int, spill: Spill | None = None) -> Served:
    """Serve all calls to a fleet, or those that it has room for."""
    if tier.failures is not None:
        replicas = tier.paid_replicas(replicas)  # the spare ones stand in for broken ones
    if tier.disaggregation is not None:
        return _by_two_pools(tier, visits, workload, replicas)
    pool = Pool(tier, visits, workload, replicas, visits.output_tokens)
    pool.speculate()
    settings, table = _settings(tier)
    if spill is not None:
        pool.of("spill_at")[:], pool.of("probes")[:] = spill
    went = pool.run(settings, table, visits.entered_s + server_of(tier).first_token_overhead_s)
    return _from_pools(visits, went, pool.read(went[0]), [pool])


def _by_two_pools(tier: GpuFleet, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Prompts in one pool, then their context on its way, then answers in the other."""
    split, n = tier.disaggregation, len(visits)
    assert split is not None  # noqa: S101  # the caller looked
    prefill = split.prefill_replicas(replicas)
    if not 0 < prefill < replicas:
        raise SimulationError(f"a fleet of {replicas} replicas has no two pools")
    joined_s = visits.entered_s + server_of(tier).first_token_overhead_s
    fits = visits.input_tokens + visits.output_tokens <= server_of(tier).kv_capacity_tokens
    here = np.flatnonzero(fits)
    prompts = Pool(tier, visits.at(here), workload, prefill, np.ones(len(here), np.int64))
    first_outcome, first_left_s, first_changing = prompts.run(
        *_settings(tier), joined_s[here], first=replicas - prefill
    )
    outcome = np.full(n, Outcome.REJECTED, np.int8)
    left_s, started_s = joined_s.copy(), np.full(n, np.nan)
    outcome[here], left_s[here], started_s[here] = first_outcome, first_left_s, prompts.of("started_s")
    on = np.flatnonzero((first_outcome == COMPLETED) & (visits.output_tokens[here] > 1))
    prompts_of, which = np.unique(visits.input_tokens[here[on]], return_inverse=True)
    moved_s = np.array([split.transfer_s(tokens) for tokens in prompts_of.tolist()], np.float64)
    comes_s = first_left_s[on] + moved_s[which]
    order = np.lexsort((prompts.read(first_outcome).ended[on], comes_s))
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
    outcome[here[on]], left_s[here[on]], changing = answers.run(*_settings(tier, limited=False), comes_s)
    cached, first_s, ended, again = np.zeros(n, np.int64), np.full(n, np.nan), np.zeros(n, np.int64), 0.0
    for pool, mine in ((prompts, here), (answers, here[on])):  # an answer of one token ends with its prompt
        read = pool.read(outcome[mine])
        cached[mine], first_s[mine], ended[mine] = read.cached_tokens, read.first_token_s, read.ended
        again += read.recomputed_tokens
    read = Read(started_s, first_s, cached, ended, again)
    return _from_pools(visits, (outcome, left_s, changing), read, [answers, prompts], first_changing)


def _from_pools(visits: Visits, went: Went, read: Read, pools: list[Pool], other: Changing | None = None) -> Served:
    outcome, left_s, changing = went
    counted = {
        "recomputed_tokens": read.recomputed_tokens,
        "prefix_cached_tokens": int(read.cached_tokens.sum()),
        "preemptions": sum(int(pool.reps["preemptions"].sum()) for pool in pools),
    }
    return Served(
        outcome, read.started_s, read.first_token_s, left_s, visits.input_tokens, visits.output_tokens,
        read.cached_tokens, sum(float(pool.reps["busy_s"].sum()) for pool in pools),
        sum(pool.replicas for pool in pools), {name: amount for name, amount in counted.items() if amount},
        ended=read.ended, changing=tuple(each for each in (changing, other) if each is not None),
    )  # fmt: skip
