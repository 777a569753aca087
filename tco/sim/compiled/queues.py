"""Queues: edge devices, each with a line of its own, and micro-batches, as loops over the moments of their calls."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from math import log1p
from typing import TYPE_CHECKING

import numpy as np

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.tiers.edge import Edge
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.sim.answer_time import AnswerTime

if TYPE_CHECKING:
    from tco.sim.compiled.tiers import Served, Visits

CAME, WINDOW, DONE, PATIENCE = 0, 1, 2, 3  # moments of a micro-batch tier


def by_devices(tier: Edge, visits: Visits, workload: Workload) -> Served:
    """Serve each call at its user's device, in order."""
    from tco.sim.compiled.tiers import Served

    n = len(visits)
    device = [int(chance * tier.devices) for chance in workload.uniforms("device")]
    times = AnswerTime(tier.latency, workload) if tier.latency is not None else None
    free: dict[int, list[float]] = {}  # by device, when each of its places is free, a heap
    started_s, first_s, left_s = np.empty(n), np.empty(n), np.empty(n)
    busy_s = 0.0
    rows = zip(
        visits.request.tolist(), visits.attempt.tolist(), visits.entered_s.tolist(), visits.input_tokens.tolist(),
        visits.output_tokens.tolist(), strict=True,
    )  # fmt: skip
    for place, (request, attempt, entered_s, tokens_in, tokens_out) in enumerate(rows):
        if times is not None:
            first, each = times.of_try(attempt)
            ttft_s = first[request] + times.long_prompt_s(tokens_in)
            ttft_s, rest_s = max(ttft_s - tier.round_trip_saved_s, 0.0), each[request] * (tokens_out - 1)
        else:
            assert tier.speed is not None  # noqa: S101  # a tier has a speed or a latency
            word_s = 1.0 / tier.speed.decode_tokens_per_s
            ttft_s, rest_s = tokens_in / tier.speed.prefill_tokens_per_s + word_s, (tokens_out - 1) * word_s
        places = free.setdefault(device[request], [])
        at_s = entered_s
        if len(places) == tier.requests_at_once:
            at_s = max(heappop(places), entered_s)
        started_s[place], first_s[place], left_s[place] = at_s, at_s + ttft_s, at_s + (ttft_s + rest_s)
        heappush(places, left_s[place])
        busy_s += ttft_s + rest_s
    return Served(
        np.full(n, Outcome.COMPLETED, np.int8), started_s, first_s, left_s, visits.input_tokens, visits.output_tokens,
        np.zeros(n, np.int64), counts={"service_s": busy_s}, worked_s=busy_s, places=tier.slots,
    )  # fmt: skip


class BatchLoop:
    """All calls to a micro-batch tier.

    Args:
        tier: the tier.
        visits: the calls, in order of time.
        workload: the requests and their chances.
        replicas: how many run batches.
    """

    def __init__(self, tier: MicroBatch, visits: Visits, workload: Workload, replicas: int) -> None:
        self.tier, self.visits, self.workload, self.free = tier, visits, workload, replicas
        n = len(visits)
        self.entered_s = visits.entered_s.tolist()
        self.tokens = visits.input_tokens.tolist()
        self.request, self.attempt = visits.request.tolist(), visits.attempt.tolist()
        self.started_s, self.left_s = [np.nan] * n, [np.nan] * n
        self.outcome = [Outcome.IN_FLIGHT] * n
        self.line: deque[int] = deque()
        self.members: list[list[int]] = []
        self.busy_s = 0.0
        self.moments: list[tuple[float, int, int, int]] = [(at, i, CAME, i) for i, at in enumerate(self.entered_s)]
        heapify(self.moments)
        self._order = n

    def run(self) -> None:
        """Play every call to its end."""
        while self.moments:
            now_s, _, kind, which = heappop(self.moments)
            if kind == CAME:
                self._come(which, now_s)
            elif kind == WINDOW:
                self._begin(now_s)
            elif kind == DONE:
                self._done(which, now_s)
            elif self.outcome[which] is Outcome.IN_FLIGHT and self.started_s[which] != self.started_s[which]:
                self.line.remove(which)
                self.outcome[which], self.left_s[which] = Outcome.TIMED_OUT, now_s

    def _at(self, at_s: float, kind: int, which: int) -> None:
        self._order += 1
        heappush(self.moments, (at_s, self._order, kind, which))

    def _come(self, call: int, now_s: float) -> None:
        tier = self.tier
        if tier.max_queue_requests is not None and len(self.line) >= tier.max_queue_requests:
            self.outcome[call], self.left_s[call] = Outcome.REJECTED, now_s
            return
        self.line.append(call)
        if tier.queue_timeout_s is not None:
            self._at(now_s + tier.queue_timeout_s, PATIENCE, call)
        if tier.window_s > 0:
            self._at(now_s + tier.window_s, WINDOW, call)
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        """Let free replicas take what is due, by the rule of the other engine's station."""
        tier, line = self.tier, self.line
        while self.free and line:
            if len(line) < tier.max_batch and now_s < self.entered_s[line[0]] + tier.window_s:
                return
            members = [line.popleft() for _ in range(min(len(line), tier.max_batch))]
            batch_s = tier.batch_s(len(members), sum(self.tokens[call] for call in members))
            if tier.batch_time == "exponential":
                first = members[0]
                luck = self.workload.uniforms("batch_time", self.attempt[first])[self.request[first]]
                batch_s *= -log1p(-luck)
            for call in members:
                self.started_s[call] = now_s
            self.free -= 1
            self.busy_s += batch_s
            self.members.append(members)
            self._at(now_s + batch_s, DONE, len(self.members) - 1)

    def _done(self, batch: int, now_s: float) -> None:
        self.free += 1
        for call in self.members[batch]:
            self.outcome[call], self.left_s[call] = Outcome.COMPLETED, now_s
        self._begin(now_s)


def by_batches(tier: MicroBatch, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Serve all calls to a micro-batch tier."""
    from tco.sim.compiled.tiers import Served

    loop = BatchLoop(tier, visits, workload, replicas)
    loop.run()
    outcome, left_s = np.array(loop.outcome, np.int8), np.array(loop.left_s)
    return Served(
        outcome, np.array(loop.started_s), np.where(outcome == Outcome.COMPLETED, left_s, np.nan), left_s,
        visits.input_tokens, visits.output_tokens, np.zeros(len(visits), np.int64),
        counts={"batches": float(len(loop.members)), "busy_s": loop.busy_s}, worked_s=loop.busy_s, places=replicas,
        tells_idle=True,
    )  # fmt: skip
