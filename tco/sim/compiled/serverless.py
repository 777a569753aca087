"""Serverless: a platform's calls, with its draws and tables, around the kernel, and its books."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isclose, log

import numpy as np

from tco.demand.workload import Workload
from tco.errors import SimulationError
from tco.scenario.tiers.serverless import Serverless
from tco.serving.latency import Z95
from tco.sim.answer_time import AnswerTime
from tco.sim.compiled.kernels.calls import MOMENT
from tco.sim.compiled.kernels.rings import COMPLETED, SEQUENCE, SETTINGS, Floats, new_fleet, server_settings
from tco.sim.compiled.kernels.workers import OFF, PLATFORM, STAFF, STARTING, WARM, WORKER, Site, run_workers
from tco.sim.compiled.served import Served, Visits
from tco.sim.compiled.vendor import by_attempt
from tco.sim.stations import StationBooks


class Platform:
    """A serverless tier and all its calls.

    Args:
        tier: the platform's terms.
        visits: the calls, in order of time.
        workload: the requests and their chances.
    """

    def __init__(self, tier: Serverless, visits: Visits, workload: Workload) -> None:
        self.tier, self.visits, n = tier, visits, len(visits)
        server = tier.replica
        platform, staff = np.zeros(1, PLATFORM), np.zeros(1, STAFF)
        terms = {
            "idle_timeout_s": tier.idle_timeout_s, "settle_s": tier.settle_s, "places": tier.requests_per_worker,
            "patience_s": inf if tier.queue_timeout_s is None else tier.queue_timeout_s,
            "overhead_s": 0.0 if server is None else server.first_token_overhead_s, "least": tier.min_workers,
            "most": tier.max_workers, "start_is_billed": tier.start_is_billed, "is_server": server is not None,
            "max_waiting": -1 if tier.max_queue_requests is None else tier.max_queue_requests,
        }  # fmt: skip
        for name, value in terms.items():
            platform[name] = value
        workers = np.zeros(tier.max_workers, WORKER)
        workers["event_s"] = inf
        workers["state"][: tier.min_workers] = WARM
        workers["since"][: tier.min_workers] = np.arange(tier.min_workers) - tier.min_workers
        staff["paid"] = staff["warm"] = staff["used"] = tier.min_workers
        staff["from_s"] = -1.0
        settings, table = server_settings(server) if server is not None else (np.zeros(1, SETTINGS), np.zeros((2, 0)))
        reps, seqs, heap = new_fleet(
            tier.max_workers if server is not None else 0, tier.requests_per_worker, visits.input_tokens,
            visits.output_tokens,
        )  # fmt: skip
        seqs = np.concatenate([seqs[:n], np.zeros(1, SEQUENCE), seqs[n:]])  # the line's mark before those of batches
        seqs["after"][n:] = seqs["before"][n:] = np.arange(n, len(seqs))
        reps["queues"] += 1
        started_s, first_token_s, left_s = (np.full(n, np.nan) for _ in range(3))
        ttft_s, decode_s, start_s = self._draws(workload)
        self.site = Site(
            platform, settings, table, staff, workers, reps, seqs, heap, np.empty(n + 1, MOMENT),
            np.zeros(n + 1, np.int64), np.zeros(2, np.int64), visits.entered_s, ttft_s, decode_s, start_s,
            workload.measured[visits.request], started_s, first_token_s, left_s, np.zeros(n, np.int8),
        )  # fmt: skip

    def _draws(self, workload: Workload) -> tuple[Floats, Floats, Floats]:
        """Draw how long each call is served, to its first token and from there, and how long its start takes."""
        tier, visits = self.tier, self.visits
        ttft_s = decode_s = np.zeros(len(visits))
        if tier.latency is not None:
            times = AnswerTime(tier.latency, workload)
            ttft_s, each_s = times.draw_many_s(visits.request, visits.attempt, visits.input_tokens)
            decode_s = each_s * (visits.output_tokens - 1)
        spread = log(tier.cold_start.p95_s / tier.cold_start.p50_s) / Z95
        luck = by_attempt(visits, lambda attempt: workload.normal_array("cold_start", attempt))
        return ttft_s, decode_s, tier.cold_start.p50_s * np.exp(spread * luck)

    def serve(self) -> Served:
        """Serve all calls."""
        run_workers(self.site, -inf)
        visits, site = self.visits, self.site
        done = site.outcome == COMPLETED
        is_server = self.tier.replica is not None
        first_s = site.seqs["first_token_s"][: len(visits)] if is_server else site.first_token_s
        ended = site.seqs["ended"][: len(visits)].copy() if is_server else None  # a batch lets several go at once
        return Served(
            site.outcome, site.started_s, np.where(done, first_s, np.nan), site.left_s, visits.input_tokens,
            visits.output_tokens, np.zeros(len(visits), np.int64), ended=ended, platform=self,
        )  # fmt: skip

    def books(self, books: StationBooks, end_s: float) -> StationBooks:
        """Let workers go on until the whole run ends, and close the books.

        Raises:
            SimulationError: when the worker-seconds are not the sum of the workers' lives; a defect.
        """
        run_workers(self.site, end_s)
        staff = {name: float(self.site.staff[name][0]) for name in STAFF.names or ()}
        integral_s = staff["integral_s"] + staff["paid"] * (end_s - staff["changed_s"])
        alive = self.site.workers["state"] > (OFF if self.tier.start_is_billed else STARTING)
        lives_s = staff["lives_s"] + float((end_s - self.site.workers["paid_from_s"][alive]).sum())
        if not isclose(lives_s, integral_s, rel_tol=1e-9, abs_tol=1e-6):
            raise SimulationError(f"workers lived {lives_s:.6f} s, {integral_s:.6f} worker-seconds were counted")
        settled = staff["from_s"] >= 0
        done = self.site.outcome == COMPLETED
        counts = {
            "cold_requests": staff["cold_requests"],
            "cold_starts": staff["cold_starts"],
            "service_s": float((self.site.left_s - self.site.started_s)[done].sum()),
            "paid_worker_s": integral_s,
            "steady_s": staff["to_s"] - staff["from_s"] if settled else 0.0,
            "steady_worker_s": staff["to_integral_s"] - staff["from_integral_s"] if settled else 0.0,
        }
        return replace(books, busy_share=staff["busy_s"] / integral_s if integral_s else 0.0, counts=counts)


def is_known(tier: Serverless) -> bool:
    """Say whether the kernel knows all of a platform: not where prompts look up every so many steps."""
    return tier.replica is None or not tier.replica.first_token_overhead_steps
