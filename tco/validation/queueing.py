"""Queueing: hold simulated queues against closed forms.

Every case is simulated in independent runs. A metric passes when the expected figure lies in the interval that
Student's t gives for the same probability as |z| < 4 (99.994 %), widened by 0.1 % for figures that hardly vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from tco.sim.statistics import Interval
from tco.validation.cases import Case
from tco.validation.metrics import Measure, common_measure
from tco.validation.parallel import Workers
from tco.validation.queues import MOST_REQUESTS, RUNS, QueueModel, TooLongError
from tco.validation.run_queue import run_queue

CONFIDENCE = 0.95  # of the interval that is printed
Z_LIMIT = 4.0  # standard errors, as the cases ask for
PASS_CONFIDENCE = erf(Z_LIMIT / sqrt(2))  # that a normal figure lies within so many standard errors: 99.994 %
TOLERANCE = 1e-3  # of the expected figure: steps and whole tokens are worth less, closed forms are rounded to 8 digits
UNSEEN = 10.0  # requests: what is never seen may still happen to so many, with a chance of e^-10

Floats = NDArray[np.float64]
Expected = float | tuple[float, float]


@dataclass(frozen=True)
class Compared:
    """A metric of a case, expected and simulated.

    Attributes:
        id: case.
        metric: what is compared.
        expected: by theory; a pair for bounds.
        interval: simulated, with its 95 % interval.
        passed: whether the two agree.
    """

    id: str
    metric: str
    expected: Expected
    interval: Interval
    passed: bool


@dataclass(frozen=True)
class NotRun:
    """A case, or one of its metrics, that is not held against theory.

    Attributes:
        id: case.
        metric: which metric; None for the whole case.
        reason: why not.
    """

    id: str
    metric: str | None
    reason: str


@dataclass(frozen=True)
class QueueingValidation:
    """All cases.

    Attributes:
        compared: metrics in the order of the file.
        not_run: cases and metrics that were left out.
        cases: how many cases there are.
        runs: independent runs of each.
        seed: seed of all.
    """

    compared: tuple[Compared, ...]
    not_run: tuple[NotRun, ...]
    cases: int
    runs: int
    seed: int

    @property
    def passed(self) -> bool:
        """Whether no metric disagrees."""
        return all(each.passed for each in self.compared)

    @property
    def cases_run(self) -> int:
        """How many cases were held against theory."""
        return len({each.id for each in self.compared})


@dataclass(frozen=True)
class Run:
    """A piece of work for a process: one run of a case."""

    queue: QueueModel
    law: str
    metrics: tuple[str, ...]
    seed: int
    replication: int


def validate_queueing(cases: Sequence[Case], work: Workers, runs: int = RUNS, seed: int = 1) -> QueueingValidation:
    """Simulate the cases and compare.

    Args:
        cases: queues and what theory says of them.
        work: processes; the result does not depend on their number.
        runs: independent runs of each case, at least 2 for each law of service times.
        seed: seed of all; each case has numbers of its own.
    """
    plans = [_plan(case) for case in cases]
    # Run by run rather than case by case, so that long and short ones share the processes evenly.
    todo = [
        (number, _run(case, measures, runs, replication, seed))
        for replication in range(runs)
        for number, (case, (measures, _)) in enumerate(zip(cases, plans, strict=True))
        if measures
    ]
    results = work.map("simulating queues", collect, [run for _, run in todo])
    gathered: list[list[tuple[str, dict[str, Floats]]]] = [[] for _ in cases]
    for (number, run), found in zip(todo, results, strict=True):
        gathered[number].append((run.law, found))
    compared: list[Compared] = []
    not_run: list[NotRun] = []
    for case, (measures, left_out), rows in zip(cases, plans, gathered, strict=True):
        not_run += left_out
        for metric, measure in measures.items():
            verdict = _compare(case, metric, measure, rows)
            if isinstance(verdict, Compared):
                compared.append(verdict)
            else:
                not_run.append(verdict)
    return QueueingValidation(tuple(compared), tuple(not_run), len(cases), runs, seed)


def _plan(case: Case) -> tuple[dict[str, Measure], list[NotRun]]:
    """Find how each metric of a case is measured, and say which are not."""
    queue = case.queue
    if queue is None or case.refusal is not None:
        return {}, [NotRun(case.id, None, case.refusal or "no model")]
    if (fault := _scenario_fault(queue)) is not None:
        return {}, [NotRun(case.id, None, fault)]
    found: dict[str, Measure] = {}
    left_out = []
    for metric in case.expected:
        reason, measure = queue.not_measured(metric), measure_of(queue, metric)
        if measure is None or reason is not None:
            unknown = f"not a metric that {queue.kind_name()} has here"
            left_out.append(NotRun(case.id, metric, reason or unknown))
        else:
            found[metric] = measure
    return found, left_out


def _scenario_fault(queue: QueueModel) -> str | None:
    """Say why no run can play a case: figures beyond a scenario's bounds, or a memory too long; None when one can."""
    try:
        for law in queue.laws():
            requests = queue.experiment(law).requests
            if requests > 2 * MOST_REQUESTS:
                return f"a run would need {requests:,} requests; allowed: at most {2 * MOST_REQUESTS:,}"
    except TooLongError as error:
        return str(error)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        return f"a scenario cannot hold these figures: {key}: {first['msg']}, found {first['input']}"
    return None


def measure_of(queue: QueueModel, metric: str) -> Measure | None:
    """Find how a queue's metric is measured."""
    return queue.measures().get(metric) or queue.measure_named(metric) or common_measure(metric)


def _run(case: Case, measures: dict[str, Measure], runs: int, replication: int, seed: int) -> Run:
    assert case.queue is not None  # noqa: S101  # there is nothing to measure without
    laws = case.queue.laws()
    law = laws[replication * len(laws) // runs]
    return Run(case.queue, law, tuple(measures), crc32(f"{seed}:{case.id}".encode()), replication)


def collect(run: Run) -> dict[str, Floats]:
    """Simulate one run and take from it what its metrics need."""
    paths = run_queue(run.queue.experiment(run.law), run.seed, run.replication)
    found = {}
    for metric in run.metrics:
        measure = measure_of(run.queue, metric)
        assert measure is not None  # noqa: S101  # the plan found it
        taken = [measure.collect(path) for path in paths]
        found[metric] = taken[0] if len(taken) == 1 else np.mean(taken, axis=0)
    return found


def _compare(
    case: Case, metric: str, measure: Measure, found: Sequence[tuple[str, dict[str, Floats]]]
) -> Compared | NotRun:
    """Compare all runs together, and those of each law of service times alone."""
    expected = case.expected[metric]
    groups = {law: [taken[metric] for each, taken in found if each == law] for law, _ in found}
    everything = [taken[metric] for _, taken in found]
    interval = measure.settle(everything, CONFIDENCE)
    if interval is None:
        return NotRun(case.id, metric, "nothing of the kind happened in the runs")
    assert case.queue is not None  # noqa: S101  # it was run
    requests = case.queue.experiment(found[0][0]).requests
    passed = all(agrees(measure, group, expected, requests) for group in (everything, *groups.values()))
    return Compared(case.id, metric, expected, interval, passed)


def agrees(measure: Measure, taken: Sequence[Floats], expected: Expected, requests: int) -> bool:
    """Say whether the expected figure, or any between the expected bounds, is within four standard errors.

    Args:
        measure: how the figure is estimated.
        taken: what each run gave.
        expected: figure or bounds.
        requests: requests of a run, which limit how small a probability can be seen.
    """
    interval = measure.settle(taken, PASS_CONFIDENCE)
    if interval is None:
        return False
    lowest, highest = expected if isinstance(expected, tuple) else (expected, expected)
    slack = max(TOLERANCE * max(abs(lowest), abs(highest)), 1e-9)
    if measure.is_share and interval.estimate in (0.0, 1.0):
        slack = max(slack, UNSEEN / (requests * len(taken)))
    low = -np.inf if interval.low is None else interval.low - slack
    high = np.inf if interval.high is None else interval.high + slack
    return bool(low <= highest and lowest <= high)


def validation_json(found: QueueingValidation) -> dict[str, Any]:
    """Write the comparison for programs."""
    return {
        "schema_version": 1,
        "passed": found.passed,
        "confidence": CONFIDENCE,
        "z_limit": Z_LIMIT,
        "relative_tolerance": TOLERANCE,
        "runs_per_case": found.runs,
        "seed": found.seed,
        "cases_given": found.cases,
        "cases_run": found.cases_run,
        "cases": comparison_rows(found),
        "not_run": [{"id": each.id, "metric": each.metric, "reason": each.reason} for each in found.not_run],
    }


def comparison_rows(found: QueueingValidation) -> list[dict[str, Any]]:
    """Write one row a metric; expected bounds are a list of two."""
    return [
        {
            "id": each.id,
            "metric": each.metric,
            "expected": list(each.expected) if isinstance(each.expected, tuple) else each.expected,
            "simulated": each.interval.estimate,
            "ci_low": each.interval.low,
            "ci_high": each.interval.high,
            "passed": each.passed,
        }
        for each in found.compared
    ]
