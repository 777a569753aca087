"""Managed API: a measured latency, and in front of it what a vendor puts there: limits, queues, errors, outages."""

from __future__ import annotations

from collections.abc import Generator
from math import exp, inf, log
from typing import Any, ClassVar

from simpy import Event, Resource
from simpy.events import Timeout
from simpy.resources.resource import Request

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.backoff import MOST_RETRIES, Backoff
from tco.scenario.tiers.managed_api import ManagedApi
from tco.serving.latency import Z95
from tco.serving.outages import Timeline
from tco.sim.answer_time import AnswerTime
from tco.sim.stations import Call, Station, Visit

GIVES_UP = Backoff(max_retries=0)


class ManagedApiStation(Station):
    """Serves every request at once, up to the limits; a request that is unlucky here is unlucky in every option."""

    kind: ClassVar[str] = "managed_api"

    def setup(self, config: ManagedApi, workload: Workload, replicas: int) -> None:
        """Look up the latency, fill the buckets, and lay out the outages."""
        del replicas  # the vendor's capacity is not ours to size
        self._config, self._workload = config, workload
        self._cached_share = config.cached_input_share
        self._answer_time = AnswerTime(config.latency, workload)
        self._slots = Resource(self.env, config.max_concurrency) if config.max_concurrency else None
        self._limits = config.limits_in_force
        self._requests, self._volume = self._limits.buckets() if self._limits else (None, None)
        self._most_waiting = inf if config.max_queue_requests is None else config.max_queue_requests
        self._backoff = config.retry or GIVES_UP
        self._timeline = (
            Timeline(config.outages, workload.streams.generator(f"outage:{config.provider}"))
            if config.outages
            else None
        )
        if config.batch is not None:
            p50_s, p95_s = config.batch.turnaround_p50_s, config.batch.turnaround_p95_s
            self._turnaround = p50_s, log(p95_s / p50_s) / Z95
        self._batched = [False] * len(workload) if config.batch is None else (~workload.interactive).tolist()
        longest, threshold = int(workload.input_tokens.max()), config.long_context_tokens
        self._long_context = threshold if threshold is not None and longest > threshold else inf
        self._is_plain = (
            self._limits is None
            and config.max_queue_requests is None
            and config.timeout_s is None
            and config.error_share == 0.0
            and config.outages is None
            and config.batch is None
            and self._long_context == inf
        )

    def visit(self, call: Call) -> Visit:
        """Serve a call: at once, by the batch endpoint, or within the limits."""
        if self._is_plain:
            return self._plain(call)
        return self._by_batch(call) if self._batched[call.request] else self._within_limits(call)

    def _plain(self, call: Call) -> Visit:
        """Wait for a slot where there is a limit, for the first token, then for the rest; nothing can go wrong."""
        self.enter()
        slots, slot = self._slots, None
        call.cached_tokens = int(call.input_tokens * self._cached_share)
        if slots is not None:
            slot = slots.request()
            yield slot
        call.started_s = self.env.now
        ttft_s, decode_s = self._answer_time.draw_s(call)
        call.first_token_s = self.env.now + ttft_s
        yield Timeout(self.env, ttft_s + decode_s)
        if slots is not None and slot is not None:
            slots.release(slot)
        self.leave(call)

    def _by_batch(self, call: Call) -> Visit:
        """Hand the request in and wait hours for the answer, which comes in one piece."""
        self.enter()
        call.started_s = self.env.now
        luck = self._workload.normals("service", call.attempt)[call.request]
        yield Timeout(self.env, self._turnaround[0] * exp(self._turnaround[1] * luck))
        self.counts["batch_requests"] += 1
        self.counts["batch_input_tokens"] += call.input_tokens
        self.counts["batch_output_tokens"] += call.output_tokens
        if call.input_tokens > self._long_context:
            self.counts["long_batch_input_tokens"] += call.input_tokens
            self.counts["long_batch_output_tokens"] += call.output_tokens
        self.leave(call)
        call.first_token_s = self.env.now

    def _within_limits(self, call: Call) -> Visit:
        """Send the request until it is answered, the retries are used up, or the client's patience ends."""
        self.enter()
        env, backoff, request = self.env, self._backoff, call.request
        deadline_s = env.now + (self._config.timeout_s or inf)
        if self._never_passes(call):
            self.turn_away(call, Outcome.REJECTED)
            return
        while True:
            outcome, retry_after_s = self._refusal(call)
            if outcome is Outcome.COMPLETED:
                outcome = yield from self._served(call, deadline_s)
            if outcome in (Outcome.COMPLETED, Outcome.TIMED_OUT) or call.retries == backoff.max_retries:
                break
            chance = self._workload.uniforms("retry_jitter", _try_number(call))[request]
            resent_s = env.now + backoff.delay_s(call.retries, chance, retry_after_s)
            yield Timeout(env, min(resent_s, deadline_s) - env.now)
            if resent_s >= deadline_s:
                outcome = Outcome.TIMED_OUT
                break
            call.retries += 1
            self.counts["retries"] += 1
        if outcome is Outcome.COMPLETED:
            self._leave_billed(call)
        else:
            self.turn_away(call, outcome)

    def _counted(self, call: Call) -> float:
        limits = self._limits
        return 0.0 if limits is None else limits.counted(call.input_tokens, call.output_tokens)

    def _never_passes(self, call: Call) -> bool:
        """Say whether a request is larger than the full bucket, as rows of a trace may be."""
        return self._volume is not None and self._counted(call) > self._volume.capacity

    def _refusal(self, call: Call) -> tuple[Outcome, float]:
        """Say why the vendor does not take a request now, and how long it asks to wait; COMPLETED when it takes it."""
        now = self.env.now
        if self._timeline is not None and self._timeline.down(now):
            self.counts["outage_tries"] += 1
            return Outcome.FAILED, 0.0
        slots = self._slots
        if slots is not None and slots.count == slots.capacity and len(slots.queue) >= self._most_waiting:
            self.counts["rejected_429_tries"] += 1
            return Outcome.REJECTED, 0.0
        wanted = ((self._requests, 1.0), (self._volume, self._counted(call)))
        asked = [(bucket, amount) for bucket, amount in wanted if bucket is not None]
        wait_s = max((bucket.short_s(amount, now) for bucket, amount in asked), default=0.0)
        if wait_s > 0.0:
            self.counts["rejected_429_tries"] += 1
            return Outcome.REJECTED, wait_s
        for bucket, amount in asked:
            bucket.take(amount)
        return Outcome.COMPLETED, 0.0

    def _served(self, call: Call, deadline_s: float) -> Generator[Event, Any, Outcome]:
        """Wait for a slot and for the answer; return COMPLETED, FAILED (an error) or TIMED_OUT."""
        env, slots, slot = self.env, self._slots, None
        if slots is not None:
            slot = slots.request()
            if not slot.triggered:
                yield from self._queue(slot, deadline_s)
            if not slot.triggered:
                return Outcome.TIMED_OUT
        if call.started_s is None:
            call.started_s = env.now
        ttft_s, decode_s = self._answer_time.draw_s(call)
        errs = self._errs(call)
        call.first_token_s = env.now + ttft_s
        service_s = ttft_s if errs else ttft_s + decode_s
        in_time = env.now + service_s <= deadline_s
        yield Timeout(env, service_s if in_time else deadline_s - env.now)
        if slots is not None and slot is not None:
            slots.release(slot)
        if not in_time:
            return Outcome.TIMED_OUT
        if errs:
            self.counts["error_tries"] += 1
        return Outcome.FAILED if errs else Outcome.COMPLETED

    def _queue(self, slot: Request, deadline_s: float) -> Visit:
        """Wait for a slot, and leave the queue at the deadline."""
        if deadline_s == inf:
            yield slot
            return
        yield slot | Timeout(self.env, deadline_s - self.env.now)
        if not slot.triggered:
            slot.cancel()

    def _errs(self, call: Call) -> bool:
        share = self._config.error_share
        return share > 0.0 and self._workload.uniforms("api_error", _try_number(call))[call.request] < share

    def _leave_billed(self, call: Call) -> None:
        """Book the answer, and apart from it what is billed at the prices of long prompts."""
        if call.input_tokens > self._long_context:
            self.counts["long_context_input_tokens"] += call.input_tokens
            self.counts["long_context_output_tokens"] += call.output_tokens
        else:
            call.cached_tokens = int(call.input_tokens * self._cached_share)
        self.leave(call)


def _try_number(call: Call) -> int:
    """Number the tries of a request over all tiers, so that each has luck of its own."""
    return call.attempt * (MOST_RETRIES + 1) + call.retries
