"""Replicate: run independent repetitions of an option, on one core or several, until its p95 is known well enough.

Replication k draws every chance from streams of its own, addressed by (seed, k), so a figure depends on which
replications were run and never on which process ran them. Options run the same replications: their requests are the
same, and differences between them are paired.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import ceil
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from tco.arrivals.trace_rows import TraceRows
from tco.capacity.sample import Sample, take_sample
from tco.demand.workload import Workload, draw_workload
from tco.scenario import Scenario
from tco.sim.result import SimulationResult
from tco.sim.run import simulate
from tco.sim.statistics import Interval, independent_groups, quantile_interval

FIRST = 10  # replications before the interval is looked at; with fewer its ends are luck
GROWTH = 1.5  # looks are few, because every look is a chance to stop on a lucky narrow interval
KEPT_REQUESTS = 200_000  # drawn workloads that a process keeps: about 60 MB
WORTH_A_POOL = 60_000  # requests; below this, starting processes takes longer than it saves

Done = Callable[[int], None]  # replications finished so far


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the week, in which the load follows the week's profile.

    Attributes:
        from_hour: hour of the week at which it begins, from Monday 00:00.
        hours: how long it lasts.
    """

    from_hour: int
    hours: int


@dataclass(frozen=True, slots=True)
class Load:
    """What is run again and again.

    Attributes:
        option: name of the option.
        rate_rps: mean arrival rate, requests per second.
        replicas: replicas of each fleet tier.
        requests: how many requests a replication has, at least; a trace is replayed as it is.
        stretch: hours of the week that are simulated, with exactly `requests`; None for a constant rate.
    """

    option: str
    rate_rps: float
    replicas: dict[str, int]
    requests: int = 0
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """When to stop.

    Attributes:
        precision: half-width of the p95's interval that is good enough, as a fraction of the p95; None to run
            exactly `replications`.
        replications: most replications.
        requests: most requests, over all replications; at least one replication is run.
    """

    precision: float | None
    replications: int
    requests: int

    def most(self, each: int) -> int:
        """Return how many replications of `each` requests the bounds allow."""
        return max(1, min(self.replications, self.requests // each))


@dataclass(frozen=True, slots=True)
class Replicated:
    """Replications of one load.

    Attributes:
        samples: one a replication, in order.
        reached: whether the precision that was asked for was reached; None when none was asked for.
    """

    samples: tuple[Sample, ...]
    reached: bool | None

    def quantile(self, what: str, percent: float) -> Interval | None:
        """Estimate a percentile of `e2e_s`, `ttft_s` or another array of the samples, with its interval.

        Replications are the independent groups; where there are few, each is cut into stretches.
        """
        return quantile_interval(independent_groups([getattr(sample, what) for sample in self.samples]), percent)


class Runner:
    """Runs replications of one scenario; use it as a context, which ends its processes.

    Args:
        scenario: the scenario.
        trace: rows of its trace, if it replays one.
        jobs: processes; 1 to stay in this one.
    """

    def __init__(self, scenario: Scenario, trace: TraceRows | None = None, jobs: int = 1) -> None:
        self.scenario, self.trace, self.jobs = scenario, trace, jobs
        self._here = _Worker(scenario, trace)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def workload(self, replication: int = 0, requests: int = 0, stretch: Stretch | None = None) -> Workload:
        """Return the requests of a replication, at least so many; exactly so many in a stretch of the week."""
        return self._here.workload(replication, requests, stretch)

    def run(self, load: Load, replication: int = 0) -> SimulationResult:
        """Run one replication in this process and return all of it."""
        return self._here.run(load, replication)

    def samples(self, load: Load, replications: Sequence[int], done: Done | None = None) -> list[Sample]:
        """Run replications and return their samples in the order asked for."""
        requests = len(replications) * len(self.workload(0, load.requests, load.stretch))
        found: list[Sample] = []
        if self.jobs > 1 and len(replications) > 1 and (self._pool is not None or requests >= WORTH_A_POOL):
            pool = self._started()
            futures = [pool.submit(_sample_there, load, number) for number in replications]
            results = (future.result() for future in futures)
        else:
            results = (self._here.sample(load, number) for number in replications)
        for sample in results:
            found.append(sample)
            if done is not None:
                done(sample.replication + 1)
        return found

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(self.scenario, self.trace)
            )
        return self._pool


class _Worker:
    """One process's share: simulates, and keeps the workloads it drew last."""

    def __init__(self, scenario: Scenario, trace: TraceRows | None) -> None:
        self.scenario, self.trace = scenario, trace
        self._drawn: OrderedDict[tuple[int, int, Stretch | None], Workload] = OrderedDict()

    def workload(self, replication: int, requests: int, stretch: Stretch | None) -> Workload:
        """Return the requests of a replication, drawn once and kept while there is room."""
        key = replication, requests, stretch
        if key not in self._drawn:
            self._drawn[key] = self._draw(*key)
            while len(self._drawn) > 1 and sum(map(len, self._drawn.values())) > KEPT_REQUESTS:
                self._drawn.popitem(last=False)
        return self._drawn[key]

    def _draw(self, replication: int, requests: int, stretch: Stretch | None) -> Workload:
        if stretch is not None:
            begin, hours = stretch.from_hour, stretch.hours
            return draw_workload(self.scenario, self.trace, replication, begin, requests, hours)
        return draw_workload(_with_requests(self.scenario, requests), self.trace, replication)

    def run(self, load: Load, replication: int) -> SimulationResult:
        """Simulate one replication of a load."""
        workload = self.workload(replication, load.requests, load.stretch)
        return simulate(self.scenario, load.option, workload, load.rate_rps, load.replicas)

    def sample(self, load: Load, replication: int) -> Sample:
        """Simulate one replication and reduce it to its figures."""
        return take_sample(self.run(load, replication), self.scenario.slo, replication)


def _with_requests(scenario: Scenario, requests: int) -> Scenario:
    simulation = scenario.simulation
    if requests <= simulation.window_requests:
        return scenario
    return scenario.model_copy(update={"simulation": simulation.model_copy(update={"window_requests": requests})})


_workers: list[_Worker] = []  # of this process, when it is one of a pool's


def _begin(scenario: Scenario, trace: TraceRows | None) -> None:
    _workers.append(_Worker(scenario, trace))


def _sample_there(load: Load, replication: int) -> Sample:
    return _workers[0].sample(load, replication)


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def replicate(first: Sample, run: Callable[[Sequence[int]], Sequence[Sample]], stop: Stop) -> Replicated:
    """Run replications until the p95 end to end and of the first token are known well enough.

    Args:
        first: replication 0.
        run: runs the replications of the given numbers.
        stop: the precision wanted and the bounds on work.

    Returns:
        The samples, and whether the precision was reached within the bounds.
    """
    samples = [first]
    most = stop.most(samples[0].requests)
    wanted = min(FIRST, most) if stop.precision is not None else most
    while True:
        samples += run(range(len(samples), wanted))
        found = Replicated(tuple(samples), None)
        if stop.precision is None:
            return found
        if precise_enough(found, stop.precision):
            return Replicated(found.samples, reached=True)
        if wanted == most:
            return Replicated(found.samples, reached=False)
        wanted = min(most, ceil(GROWTH * wanted))


def precise_enough(found: Replicated, precision: float) -> bool:
    """Say whether both p95's intervals are narrow enough; a percentile without requests asks for nothing."""
    for what in ("e2e_s", "ttft_s"):
        interval = found.quantile(what, 95)
        if interval is None:
            continue
        half = interval.relative_half_width
        if half is None or half > precision:
            return False
    return True
