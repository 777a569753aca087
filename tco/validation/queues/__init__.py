"""Queues: the models that a case may name, each expressed as a scenario. One file a family, one class a model.

A model's fields are the parameters of its cases. It tells the scenario that plays it, how long a run has to be, and
what it measures beyond the metrics that every queue has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, sqrt
from typing import ClassVar

from tco.plugin import Plugin
from tco.scenario import Scenario
from tco.validation.metrics import Measure

RUNS = 24  # independent runs of a case, if nobody says otherwise; 8 for each law where three laws have to agree
LEAST_REQUESTS = 10_000  # of a run: 24 runs then tell a mean wait at 80 % load to 3 %
MOST_REQUESTS = 200_000  # of a run: four seconds; above 98 % load of one server more would be needed
WARMUP_TIMES = 6.0  # relaxation times that are not measured: what is left of the empty start is below e^-6
RUN_TIMES = 25.0  # relaxation times that a run lasts, at least
LEAST_WARMUP_SHARE = 0.02  # of a run's requests
TAIL_SHARE = 0.03  # of the requests, the last ones, which are not measured
LARGE = 10**12  # tokens, sequences: more than a run ever needs


class TooLongError(ValueError):
    """A queue remembers for so long that no run of a bearable length settles."""


@dataclass(frozen=True)
class Length:
    """How long a run is.

    Attributes:
        requests: requests of a run.
        warmup_share: share of them that is not measured.
    """

    requests: int
    warmup_share: float


@dataclass(frozen=True)
class Experiment:
    """A queue as a scenario, and how to run it.

    Attributes:
        scenario: with one option, `queue`.
        rate_rps: arrival rate, requests per second.
        requests: requests of a run.
        servers: servers of the first station; None for no limit.
        seconds_per_token: service time of an output token alone, where stamps do not tell the service time.
        clients: clients of a closed loop, 0 for arrivals from outside.
        think_s: mean of their exponential pauses, seconds.
        from_hour: hour of the week from which arrivals follow the weekly profile; None for a constant rate.
        pieces: independent short runs that make up one run.
        window_s: begin and end of what is measured, seconds; None for from the warm-up to the tail.
    """

    scenario: Scenario
    rate_rps: float
    requests: int
    servers: int | None = 1
    seconds_per_token: float | None = None
    clients: int = 0
    think_s: float = 0.0
    from_hour: int | None = None
    pieces: int = 1
    window_s: tuple[float, float] | None = None


class QueueModel(Plugin):
    """Base of the models.

    Attributes:
        pattern: what a case may call the model, a regular expression over lower case without `FCFS`.
        refused: metrics that are never measured, with the reason.
    """

    pattern: ClassVar[str]
    refused: ClassVar[dict[str, str]] = {}

    def refusal(self) -> str | None:
        """Say why the case cannot be run; None when it can."""
        return None

    def not_measured(self, metric: str) -> str | None:
        """Say why a metric is not measured; None where nothing speaks against it."""
        return self.refused.get(metric)

    def laws(self) -> tuple[str, ...]:
        """Name the laws of service times that all have to give the same."""
        return ("",)

    def experiment(self, law: str) -> Experiment:
        """Express the case as a scenario."""
        raise NotImplementedError

    def measures(self) -> dict[str, Measure]:
        """Return what is measured beyond what every queue has, by metric."""
        return {}

    def measure_named(self, metric: str) -> Measure | None:
        """Return the measure of a metric whose name holds a number; None for one that is not known."""
        del metric
        return None


def overload(rate: float, capacity: float) -> str | None:
    """Say that a queue without a limit has no steady state.

    >>> overload(1.2, 1.0), overload(0.9, 1.0)
    ('arrivals 1.2/s reach or exceed the capacity 1/s: the queue has no steady state', None)
    """
    if rate < capacity:
        return None
    return f"arrivals {rate:g}/s reach or exceed the capacity {capacity:g}/s: the queue has no steady state"


def length(rate: float, mean_s: float, servers: float = 1, scv: float = 1.0) -> Length:
    """Choose the length of a run by how long the queue remembers.

    The relaxation time of M/M/c is 1 / (sqrt(c mu) - sqrt(lambda))^2, or 1/mu where that is longer; other services
    stretch it by (1 + scv) / 2.

    Raises:
        TooLongError: when the warm-up would take more than half of the longest run.

    Source: J. W. Cohen, "The Single Server Queue" (1982), II.2.1; S. Asmussen, "Applied Probability and Queues" (2003).
    """
    gap = (sqrt(servers / mean_s) - sqrt(min(rate, 0.999 * servers / mean_s))) ** 2
    remembered = rate * max(1.0 / gap, mean_s) * max((1 + scv) / 2, 1.0)
    return settled(ceil(RUN_TIMES * remembered), WARMUP_TIMES * remembered, LEAST_REQUESTS)


def settled(wanted: int, warmup: float, least: int) -> Length:
    """Return a run of as many requests as wanted, within limits, of which some are not measured.

    Raises:
        TooLongError: when those are more than half of the longest run.
    """
    if warmup > MOST_REQUESTS / 2:
        raise TooLongError(
            f"the queue remembers for so long that {warmup:,.0f} requests would have to pass before it is measured; "
            f"a run has at most {MOST_REQUESTS:,}"
        )
    requests = min(max(wanted, least), MOST_REQUESTS)
    return Length(requests, max(warmup / requests, LEAST_WARMUP_SHARE))


def named(text: str) -> str:
    """Write a model's name as patterns expect it.

    >>> named("M/M/c/K FCFS (K = total in system)")
    'm/m/c/k (k = total in system)'
    """
    return re.sub(r"\s+", " ", re.sub(r"\bfcfs\b", " ", text.lower())).replace(" ,", ",").strip()


REMARK = r"( ?[:(].*)?"  # what may follow a name
