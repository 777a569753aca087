"""Queues: edge devices, each with a line of its own, and micro-batches: their draws and tables, around the kernels."""

from __future__ import annotations

from math import inf

import numpy as np

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.tiers.edge import Edge
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.sim.answer_time import AnswerTime
from tco.sim.compiled.kernels.lines import BENCH, Line, run_batches, run_devices
from tco.sim.compiled.kernels.rings import COMPLETED, NONE
from tco.sim.compiled.served import Served, Visits
from tco.sim.compiled.vendor import by_attempt


def by_devices(tier: Edge, visits: Visits, workload: Workload) -> Served:
    """Serve each call at its user's device, in order."""
    n, tokens_in, tokens_out = len(visits), visits.input_tokens, visits.output_tokens
    if tier.latency is not None:
        times = AnswerTime(tier.latency, workload)
        ttft_s, each_s = times.draw_many_s(visits.request, visits.attempt, tokens_in)
        ttft_s = np.asarray(np.maximum(ttft_s - tier.round_trip_saved_s, 0.0), np.float64)
        rest_s = each_s * (tokens_out - 1)
    else:
        assert tier.speed is not None  # noqa: S101  # a tier has a speed or a latency
        word_s = 1.0 / tier.speed.decode_tokens_per_s
        ttft_s = tokens_in.astype(np.float64) / tier.speed.prefill_tokens_per_s + word_s
        rest_s = (tokens_out - 1).astype(np.float64) * word_s
    chosen = (workload.uniform_array("device") * tier.devices).astype(np.int64)[visits.request]
    used, device = np.unique(chosen, return_inverse=True)
    service_s, started_s = ttft_s + rest_s, np.empty(n)
    most = min(tier.requests_at_once, int(np.bincount(device).max(initial=1)))  # no device is asked for more at once
    run_devices(np.zeros((len(used), most)), device, visits.entered_s, service_s, started_s)
    worked_s = float(service_s.sum())
    return Served(
        np.full(n, Outcome.COMPLETED, np.int8), started_s, started_s + ttft_s, started_s + service_s, tokens_in,
        tokens_out, np.zeros(n, np.int64), counts={"service_s": worked_s}, worked_s=worked_s, places=tier.slots,
    )  # fmt: skip


def by_batches(tier: MicroBatch, visits: Visits, workload: Workload, replicas: int) -> Served:
    """Serve all calls to a micro-batch tier."""
    n, bench = len(visits), np.zeros(1, BENCH)
    terms = {
        "window_s": tier.window_s, "patience_s": inf if tier.queue_timeout_s is None else tier.queue_timeout_s,
        "fixed_s": tier.batch_fixed_s, "each_s": tier.batch_s_per_request, "token_s": tier.batch_s_per_token,
        "most": tier.max_batch, "max_waiting": -1 if tier.max_queue_requests is None else tier.max_queue_requests,
        "free": replicas, "exponential": tier.batch_time == "exponential",
    }  # fmt: skip
    for name, value in terms.items():
        bench[name] = value
    luck = np.zeros(n)
    if tier.batch_time == "exponential":
        luck = by_attempt(visits, lambda attempt: workload.uniform_array("batch_time", attempt))
    line = Line(
        bench, np.full(replicas, inf), np.zeros(replicas, np.int64), np.full(n, NONE), visits.entered_s,
        visits.input_tokens, luck, np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, np.int8),
    )  # fmt: skip
    run_batches(line)
    busy_s = float(bench["busy_s"][0])
    return Served(
        line.outcome, line.started_s, np.where(line.outcome == COMPLETED, line.left_s, np.nan), line.left_s,
        visits.input_tokens, visits.output_tokens, np.zeros(n, np.int64),
        counts={"batches": float(bench["batches"][0]), "busy_s": busy_s}, worked_s=busy_s, places=replicas,
        tells_idle=True,
    )  # fmt: skip
