"""Comings and goings: a pool whose replicas break or are switched, with its draws and its tables, around the kernel."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from tco.scenario.server import server_of
from tco.sim.compiled.kernels.changing import CHANGES, HOUR_S, STATE, WEEK_HOURS, Fleet, run_changing
from tco.sim.compiled.kernels.rings import LEAST, ROUND_ROBIN, SEQUENCE, Floats

if TYPE_CHECKING:
    from tco.sim.compiled.pools import Pool

FIRST_TIMES = 64  # drawn for each replica; more where a run outlasts them


class Changing:
    """What makes the replicas of a pool come and go, and what came of it.

    Args:
        pool: the pool.
        first: number of its first replica, by which each has chances of its own.
    """

    def __init__(self, pool: Pool, first: int) -> None:
        self.pool = pool
        tier, replicas, n = pool.tier, pool.replicas, len(pool.visits)
        self.state = np.zeros(replicas, STATE)
        self.state["starting_s"] = self.state["toggle_s"] = inf
        self.state["up"] = self.state["open"] = self.state["taking"] = True
        self.changes = np.zeros(1, CHANGES)
        scaling, most = tier.scaling, server_of(tier).max_sequences
        hours = [float(hour) for hour in range(WEEK_HOURS)]
        by_hour = scaling.kind_name() == "schedule"
        self.least = np.array([scaling.least(min(tier.min_replicas, replicas), hour) for hour in hours], np.int64)
        if by_hour:
            self.wanted = np.array([scaling.wanted(0.0, hour, most, replicas) for hour in hours], np.int64)
        else:
            self.wanted = scaling.wanted_by_inside(0 if scaling.is_fixed else n, most, replicas)
        figures = {
            "startup_s": scaling.startup_s, "interval_s": scaling.interval_s, "by_hour": by_hour, "takers": replicas,
            "hour_of_week": pool.workload.start_hour, "tick_s": inf if scaling.is_fixed else 0.0,
            "backlog": len(pool.seqs),
        }  # fmt: skip
        for name, value in figures.items():
            self.changes[name] = value
        mark = np.zeros(1, SEQUENCE)
        mark["after"] = mark["before"] = len(pool.seqs)
        pool.seqs = np.concatenate([pool.seqs, mark])
        self.first = first
        self.tally = np.zeros(2, np.int64)

    def run(self, settings: Any, table: Floats, joined_s: Floats) -> tuple[Any, Floats]:
        """Serve what joins in order of time; return how each ended and when."""
        pool, n = self.pool, len(self.pool.visits)
        self.left_s, self.outcome = np.full(n, np.nan), np.zeros(n, np.int8)
        self.arguments = settings, table, joined_s
        self.fresh = self.state.copy(), self.changes.copy(), pool.reps.copy(), pool.seqs.copy()
        self.times = FIRST_TIMES
        self._begin()
        return self.outcome, self.left_s

    def _begin(self) -> None:
        """Serve everybody from the start, with more times up and down until they suffice."""
        while True:
            self._draw(self.times)
            self._go_on(-inf)
            if not self.changes["short"][0]:
                return
            self._forget()

    def _forget(self) -> None:
        """Go back to the start; the next time more is drawn."""
        self.times *= 4
        self.state, self.changes, self.pool.reps, self.pool.seqs = (each.copy() for each in self.fresh)
        self.left_s[:], self.outcome[:], self.tally[:] = np.nan, 0, 0

    def _draw(self, times: int) -> None:
        """Draw times up and down; a replica is in its steady state when the run begins."""
        failures = self.pool.tier.failures
        self.times_s = np.zeros((self.pool.replicas, times))
        if failures is None:
            return
        mtbf_s, mttr_s = failures.mtbf_hours * HOUR_S, failures.mttr_hours * HOUR_S
        for place in range(self.pool.replicas):
            generator = self.pool.workload.streams.generator(f"failures:{self.first + place}")
            is_up = bool(generator.random() < mtbf_s / (mtbf_s + mttr_s))
            means = np.where((np.arange(times) % 2 == 0) == is_up, mtbf_s, mttr_s)
            self.times_s[place] = means * generator.standard_exponential(times)
            self.state["toggle_s"][place] = self.times_s[place, 0]
            if not is_up:
                self.state["up"][place] = self.state["taking"][place] = False
                self.changes["takers"] -= 1
                self.changes["failures"] += 1

    def _go_on(self, until_s: float) -> None:
        pool = self.pool
        settings, table, joined_s = self.arguments
        chances = np.zeros(len(pool.workload))
        if settings["dispatch"][0] not in (LEAST, ROUND_ROBIN):
            chances = pool.workload.uniform_array("dispatch")
        lost = np.zeros(max(len(pool.visits), 1), np.int64)
        fleet = Fleet(
            settings, table, pool.reps, self.state, self.changes, pool.seqs, pool.heap, joined_s, pool.visits.request,
            chances, self.wanted, self.least, self.times_s, lost, self.tally, self.left_s, self.outcome,
        )  # fmt: skip
        run_changing(fleet, until_s)

    def until(self, end_s: float) -> None:
        """Let replicas come and go after everybody has left, until the run ends."""
        self._go_on(end_s)
        while self.changes["short"][0]:
            self._forget()
            self._begin()
            self._go_on(end_s)

    def paid_s(self, end_s: float) -> float:
        """Return the time for which replicas were on, summed."""
        since_s = self.state["since_s"]
        return float(self.state["on_s"].sum() + np.where(np.isnan(since_s), 0.0, end_s - since_s).sum())

    def switched_on(self) -> int:
        """Count the replicas that are paid for at the end."""
        return int((~np.isnan(self.state["since_s"])).sum())
