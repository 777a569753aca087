"""Vendor: calls to an API with limits, slots, errors, outages and retries, as one loop over their moments.

Plain Python over the same buckets, back-off and time line as the SimPy station: a call has so few moments that the loop
is quick without being compiled.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from math import exp, inf, log
from typing import TYPE_CHECKING

import numpy as np

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.backoff import MOST_RETRIES, Backoff
from tco.scenario.tiers.managed_api import ManagedApi
from tco.serving.latency import Z95
from tco.serving.outages import Timeline
from tco.sim.answer_time import MOST_ATTEMPTS, AnswerTime

if TYPE_CHECKING:
    from tco.sim.compiled.tiers import Served, Visits

SENT, OVER, DEADLINE = 0, 1, 2  # moments of a call: it is sent, its service is over, its patience ends in the line


class VendorLoop:
    """All calls to one vendor.

    Args:
        tier: the vendor's terms.
        visits: the calls, in order of time.
        workload: the requests and their chances.
    """

    def __init__(self, tier: ManagedApi, visits: Visits, workload: Workload) -> None:
        self.tier, self.visits, self.workload = tier, visits, workload
        n = len(visits)
        self.request, self.attempt = visits.request.tolist(), visits.attempt.tolist()
        self.tokens_in, self.tokens_out = visits.input_tokens.tolist(), visits.output_tokens.tolist()
        self.times = AnswerTime(tier.latency, workload)
        self.limits = tier.limits_in_force
        self.buckets = self.limits.buckets() if self.limits else (None, None)
        self.backoff = tier.retry or Backoff(max_retries=0)
        generator = workload.streams.generator
        self.timeline = Timeline(tier.outages, generator(f"outage:{tier.provider}")) if tier.outages else None
        self.free = inf if tier.max_concurrency is None else float(tier.max_concurrency)
        self.most_waiting = inf if tier.max_queue_requests is None else tier.max_queue_requests
        self.line: deque[int] = deque()
        patience_s = tier.timeout_s or inf
        self.deadline_s = [at + patience_s for at in visits.entered_s.tolist()]
        self.started_s, self.first_s, self.left_s = [np.nan] * n, [np.nan] * n, [np.nan] * n
        self.outcome, self.retries = [Outcome.IN_FLIGHT] * n, [0] * n
        self.ends_as = [Outcome.COMPLETED] * n  # of the service under way
        self.counts: dict[str, float] = {}
        self.moments: list[tuple[float, int, int, int]] = []
        self._order = 0

    def run(self, here: list[int]) -> None:
        """Play the calls of some places in `visits` to their end."""
        entered_s = self.visits.entered_s.tolist()
        self.moments = [(entered_s[place], order, SENT, place) for order, place in enumerate(here)]
        heapify(self.moments)
        self._order = len(here)
        while self.moments:
            now_s, _, kind, call = heappop(self.moments)
            if kind == SENT:
                self._send(call, now_s)
            elif kind == OVER:
                self._over(call, now_s)
            elif call in self.line and self.outcome[call] is Outcome.IN_FLIGHT:
                self.line.remove(call)
                self._end(call, Outcome.TIMED_OUT, now_s)

    def _at(self, at_s: float, kind: int, call: int) -> None:
        self._order += 1
        heappush(self.moments, (at_s, self._order, kind, call))

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0.0) + 1

    def _counted(self, call: int) -> float:
        limits = self.limits
        return 0.0 if limits is None else limits.counted(self.tokens_in[call], self.tokens_out[call])

    def _send(self, call: int, now_s: float) -> None:
        volume = self.buckets[1]
        if volume is not None and not self.retries[call] and self._counted(call) > volume.capacity:
            self._end(call, Outcome.REJECTED, now_s)
            return
        outcome, wait_s = self._refusal(call, now_s)
        if outcome is not Outcome.COMPLETED:
            self._again(call, outcome, wait_s, now_s)
        elif self.free > 0:
            self._serve(call, now_s)
        else:
            self.line.append(call)
            if self.deadline_s[call] < inf:
                self._at(self.deadline_s[call], DEADLINE, call)

    def _refusal(self, call: int, now_s: float) -> tuple[Outcome, float]:
        if self.timeline is not None and self.timeline.down(now_s):
            self._count("outage_tries")
            return Outcome.FAILED, 0.0
        if self.free <= 0 and len(self.line) >= self.most_waiting:
            self._count("rejected_429_tries")
            return Outcome.REJECTED, 0.0
        wanted = zip(self.buckets, (1.0, self._counted(call)), strict=True)
        asked = [(bucket, amount) for bucket, amount in wanted if bucket is not None]
        wait_s = max((bucket.short_s(amount, now_s) for bucket, amount in asked), default=0.0)
        if wait_s > 0.0:
            self._count("rejected_429_tries")
            return Outcome.REJECTED, wait_s
        for bucket, amount in asked:
            bucket.take(amount)
        return Outcome.COMPLETED, 0.0

    def _serve(self, call: int, now_s: float) -> None:
        self.free -= 1
        if self.started_s[call] != self.started_s[call]:
            self.started_s[call] = now_s
        first, each = self.times.of_try(self.attempt[call] + MOST_ATTEMPTS * self.retries[call])
        request = self.request[call]
        ttft_s = first[request] + self.times.long_prompt_s(self.tokens_in[call])
        share = self.tier.error_share
        errs = share > 0.0 and self.workload.uniforms("api_error", self._try(call))[request] < share
        self.first_s[call] = now_s + ttft_s
        service_s = ttft_s if errs else ttft_s + each[request] * (self.tokens_out[call] - 1)
        in_time = now_s + service_s <= self.deadline_s[call]
        self.ends_as[call] = (Outcome.FAILED if errs else Outcome.COMPLETED) if in_time else Outcome.TIMED_OUT
        self._at(now_s + (service_s if in_time else self.deadline_s[call] - now_s), OVER, call)

    def _over(self, call: int, now_s: float) -> None:
        self.free += 1
        if self.line:
            self._serve(self.line.popleft(), now_s)
        outcome = self.ends_as[call]
        if outcome is Outcome.FAILED:
            self._count("error_tries")
        self._again(call, outcome, 0.0, now_s)

    def _again(self, call: int, outcome: Outcome, wait_s: float, now_s: float) -> None:
        """Send a call again, or end it."""
        retries = self.retries[call]
        if outcome in (Outcome.COMPLETED, Outcome.TIMED_OUT) or retries == self.backoff.max_retries:
            self._end(call, outcome, now_s)
            return
        chance = self.workload.uniforms("retry_jitter", self._try(call))[self.request[call]]
        resent_s = now_s + self.backoff.delay_s(retries, chance, wait_s)
        if resent_s >= self.deadline_s[call]:
            self._end(call, Outcome.TIMED_OUT, now_s + (self.deadline_s[call] - now_s))
            return
        self.retries[call] = retries + 1
        self._count("retries")
        self._at(now_s + (resent_s - now_s), SENT, call)

    def _try(self, call: int) -> int:
        return int(self.attempt[call] * (MOST_RETRIES + 1) + self.retries[call])

    def _end(self, call: int, outcome: Outcome, now_s: float) -> None:
        self.outcome[call] = outcome
        self.left_s[call] = now_s
        if outcome is not Outcome.COMPLETED:
            self.first_s[call] = np.nan


def by_vendor(tier: ManagedApi, visits: Visits, workload: Workload) -> Served:
    """Serve all calls to a vendor, those of its batch endpoint apart."""
    from tco.sim.compiled.tiers import Served

    batched = np.zeros(len(visits), np.bool_)
    if tier.batch is not None:
        batched = ~workload.interactive[visits.request]
    loop = VendorLoop(tier, visits, workload)
    here = np.flatnonzero(~batched)
    loop.run(here.tolist())
    outcome, left_s = np.array(loop.outcome, np.int8), np.array(loop.left_s)
    started_s, first_s = np.array(loop.started_s), np.array(loop.first_s)
    counts, tokens_in = loop.counts, visits.input_tokens
    cached = (tokens_in * tier.cached_input_share).astype(np.int64)
    threshold = tier.long_context_tokens
    above = np.zeros(len(visits), np.bool_)
    if threshold is not None and int(workload.input_tokens.max()) > threshold:
        above = tokens_in > threshold
    is_long = above & ~batched & (outcome == Outcome.COMPLETED)
    if is_long.any():
        counts["long_context_input_tokens"] = int(tokens_in[is_long].sum())
        counts["long_context_output_tokens"] = int(visits.output_tokens[is_long].sum())
    if batched.any() and tier.batch is not None:
        spread = log(tier.batch.turnaround_p95_s / tier.batch.turnaround_p50_s) / Z95
        for place in np.flatnonzero(batched).tolist():
            luck = workload.normals("service", loop.attempt[place])[loop.request[place]]
            started_s[place] = visits.entered_s[place]
            left_s[place] = visits.entered_s[place] + tier.batch.turnaround_p50_s * exp(spread * luck)
        first_s[batched], outcome[batched] = left_s[batched], Outcome.COMPLETED
        counts["batch_requests"] = int(batched.sum())
        counts["batch_input_tokens"] = int(tokens_in[batched].sum())
        counts["batch_output_tokens"] = int(visits.output_tokens[batched].sum())
        if (batched & above).any():
            counts["long_batch_input_tokens"] = int(tokens_in[batched & above].sum())
            counts["long_batch_output_tokens"] = int(visits.output_tokens[batched & above].sum())
    cached[is_long | batched | (outcome != Outcome.COMPLETED)] = 0
    return Served(
        outcome, started_s, first_s, left_s, tokens_in, visits.output_tokens, cached, counts=counts,
        retries=np.array(loop.retries, np.int64),
    )  # fmt: skip
