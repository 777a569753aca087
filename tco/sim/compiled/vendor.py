"""Vendor: calls to an API with limits, slots, errors, outages and retries: its draws and tables, around the kernel."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.backoff import MOST_RETRIES, Backoff
from tco.policies.token_bucket import TokenBucket
from tco.scenario.tiers.managed_api import ManagedApi
from tco.serving.latency import Z95
from tco.serving.outages import Outages
from tco.sim.answer_time import MOST_ATTEMPTS, AnswerTime, few_values
from tco.sim.compiled.kernels.calls import CALL, DESK, MOMENT, TERMS, TRIES, Tries, run_calls
from tco.sim.compiled.kernels.rings import COMPLETED, NONE, Floats
from tco.sim.compiled.served import Served, Visits
from tco.units import SECONDS_PER_HOUR

FIRST_SWITCHES = 16  # of a vendor between up and down; more where a run outlasts them
ENDLESS = np.full(1, inf)  # the switches of a vendor that is never down


class Vendor:
    """A vendor's terms, and what each call would meet there.

    Args:
        tier: the terms.
        visits: the calls that keep to them, in order of time.
        workload: the requests and their chances.
    """

    def __init__(self, tier: ManagedApi, visits: Visits, workload: Workload) -> None:
        self.tier, self.visits, self.workload = tier, visits, workload
        self.times = AnswerTime(tier.latency, workload)
        self.backoff = tier.retry or Backoff(max_retries=0)
        limits = tier.limits_in_force
        requests, tokens = limits.buckets() if limits else (None, None)
        self.settings = np.zeros(1, TERMS)
        figures: dict[str, Any] = {
            **_bucket("requests", requests), **_bucket("tokens", tokens), "error_share": tier.error_share,
            "jitter_share": self.backoff.jitter_share, "honours_wait": self.backoff.honour_retry_after,
            "max_retries": self.backoff.max_retries,
            "max_waiting": -1 if tier.max_queue_requests is None else tier.max_queue_requests,
        }  # fmt: skip
        for name, value in figures.items():
            self.settings[name] = value
        self.calls = np.zeros(len(visits) + 1, CALL)
        if limits is not None:
            self.calls["tokens"][:-1] = limits.counted(
                visits.input_tokens.astype(np.float64), visits.output_tokens.astype(np.float64)
            )
        self.calls["deadline_s"][:-1] = visits.entered_s + (tier.timeout_s or inf)
        self.calls["started_s"] = self.calls["first_token_s"] = self.calls["left_s"] = np.nan
        self.calls["after"] = self.calls["before"] = NONE
        self.calls["after"][-1] = self.calls["before"][-1] = len(visits)
        self.full_s = np.array([self.backoff.full_s(retry) for retry in range(max(self.backoff.max_retries, 1))])

    def run(self) -> tuple[Any, dict[str, float]]:
        """Play every call to its end; return how each went, and what was counted."""
        tries, switches = 1, FIRST_SWITCHES
        while True:
            calls, desks = self.calls.copy(), np.zeros(1, DESK)
            switches_s = self._outages(self.tier.outages, switches, desks) if self.tier.outages else ENDLESS
            desks["requests"], desks["tokens"] = self.settings["requests_capacity"], self.settings["tokens_capacity"]
            desks["free"] = len(calls) if self.tier.max_concurrency is None else self.tier.max_concurrency
            room = np.empty((tries + 1) * len(calls), MOMENT)
            run_calls(
                self.settings, desks, self.full_s, switches_s, calls, self._tries(tries), room, self.visits.entered_s
            )
            if not desks["short"][0]:
                counted = {
                    "retries": "resent", "rejected_429_tries": "refused", "outage_tries": "lost",
                    "error_tries": "failed",
                }  # fmt: skip
                counts = {name: float(desks[field][0]) for name, field in counted.items()}
                return calls[:-1], {name: count for name, count in counts.items() if count}
            if desks["short"][0] == TRIES:
                tries = min(tries * 3, self.backoff.max_retries + 1)
            else:
                switches *= 4

    def _outages(self, outages: Outages, switches: int, desks: Any) -> Floats:
        """Draw when the vendor goes down and comes back, as `Timeline` does one by one."""
        generator = self.workload.streams.generator(f"outage:{self.tier.provider}")
        down = bool(generator.random() < outages.down_share)
        desks["down"] = down
        means_s = np.array([outages.mtbf_hours, outages.mttr_hours]) * SECONDS_PER_HOUR
        is_down = (np.arange(switches) % 2 == 0) == down
        return np.cumsum(means_s[is_down.astype(np.int64)] * generator.standard_exponential(switches))

    def _tries(self, count: int) -> Tries:
        """Draw times and luck of the first tries of every call."""
        visits, share = self.visits, self.tier.error_share
        ttft_s, decode_s = (np.zeros((count, len(visits))) for _ in range(2))
        error, jitter = (np.zeros((count, len(visits))) for _ in range(2))
        for number in range(count):
            first_s, each_s = self.times.draw_many_s(
                visits.request, visits.attempt + MOST_ATTEMPTS * number, visits.input_tokens
            )
            ttft_s[number], decode_s[number] = first_s, each_s * (visits.output_tokens - 1)
            if share > 0.0:
                error[number] = self._luck("api_error", number)
            if number + 1 < count:
                jitter[number] = self._luck("retry_jitter", number)
        return Tries(ttft_s, decode_s, error, jitter)

    def _luck(self, purpose: str, number: int) -> Floats:
        """Return a uniform variate of each call's try, by the number of the try over all tiers."""
        draw = self.workload.uniform_array
        return by_attempt(self.visits, lambda attempt: draw(purpose, attempt * (MOST_RETRIES + 1) + number))


def _bucket(name: str, bucket: TokenBucket | None) -> dict[str, Any]:
    if bucket is None:
        return {}
    return {f"limits_{name}": True, f"{name}_capacity": bucket.capacity, f"{name}_per_s": bucket.rate_per_s}


def by_vendor(tier: ManagedApi, visits: Visits, workload: Workload) -> Served:
    """Serve all calls to a vendor, those of its batch endpoint apart."""
    n, tokens_in = len(visits), visits.input_tokens
    batched = np.zeros(n, np.bool_) if tier.batch is None else ~workload.interactive[visits.request]
    here = np.flatnonzero(~batched)
    calls, counts = Vendor(tier, visits.at(here), workload).run()
    outcome, retries = np.full(n, Outcome.COMPLETED, np.int8), np.zeros(n, np.int64)
    outcome[here], retries[here] = calls["outcome"], calls["retries"]
    started_s, first_s, left_s = visits.entered_s.copy(), np.full(n, np.nan), np.full(n, np.nan)
    started_s[here], first_s[here], left_s[here] = calls["started_s"], calls["first_token_s"], calls["left_s"]
    cached = (tokens_in * tier.cached_input_share).astype(np.int64)
    threshold = tier.long_context_tokens
    above = np.zeros(n, np.bool_)
    if threshold is not None and int(workload.input_tokens.max()) > threshold:
        above = tokens_in > threshold
    is_long = above & ~batched & (outcome == COMPLETED)
    if is_long.any():
        counts |= _tokens("long_context", visits, is_long)
    if batched.any() and tier.batch is not None:
        spread = log(tier.batch.turnaround_p95_s / tier.batch.turnaround_p50_s) / Z95
        luck = by_attempt(visits, lambda attempt: workload.normal_array("service", attempt))[batched]
        left_s[batched] = visits.entered_s[batched] + tier.batch.turnaround_p50_s * np.exp(spread * luck)
        first_s[batched] = left_s[batched]
        counts["batch_requests"] = int(batched.sum())
        counts |= _tokens("batch", visits, batched)
        if (batched & above).any():
            counts |= _tokens("long_batch", visits, batched & above)
    cached[is_long | batched | (outcome != COMPLETED)] = 0
    ended = np.zeros(n, np.int64)
    ended[here] = calls["ended"]  # those that an outage fails, or a deadline, may end at the same moment
    return Served(
        outcome,
        started_s,
        first_s,
        left_s,
        tokens_in,
        visits.output_tokens,
        cached,
        counts=counts,
        retries=retries,
        ended=ended,
    )


def at_once(tier: ManagedApi, visits: Visits, workload: Workload) -> Served:
    """Serve all calls to a vendor whose terms hold nobody up."""
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


def _tokens(name: str, visits: Visits, who: NDArray[np.bool_]) -> dict[str, float]:
    return {
        f"{name}_input_tokens": int(visits.input_tokens[who].sum()),
        f"{name}_output_tokens": int(visits.output_tokens[who].sum()),
    }


def by_attempt(visits: Visits, draw: Callable[[int], Floats]) -> Floats:
    """Return each call's own of the chances that its attempt has for all requests."""
    found = np.zeros(len(visits))
    for attempt in few_values(visits.attempt):
        mine = visits.attempt == attempt
        found[mine] = draw(attempt)[visits.request[mine]]
    return found
