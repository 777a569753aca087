"""Workload: the requests of one window, drawn once and shared by every option and every load.

A load level only stretches the same arrivals in time, so that options and loads are compared on common random
numbers: the same request is as long, as lucky and as cacheable everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tco.arrivals.trace_rows import TraceRows
from tco.demand.forecast import forecast, week_profile
from tco.errors import UsageError
from tco.quality.complexity import Complexity
from tco.rng import Streams
from tco.scenario import Scenario
from tco.serving.latency import standard_normal
from tco.units import SECONDS_PER_HOUR

LEAST_WINDOW_S = 300.0  # a fleet fills up and settles within minutes; a shorter window flatters it
SETTLED_PART = 4.0  # times the time that the slowest tier takes to settle, so that most of the window is settled
MOST_LASTING_REQUESTS = 60_000  # a second or two of simulation; above 200 requests a second windows get shorter


@dataclass(frozen=True)
class Workload:
    """Requests of one window; arrays and lists have one entry per request, in order of arrival.

    Attributes:
        unit_arrivals: arrival times at a rate of one request per second, seconds.
        classes: names of the request classes.
        class_index: position in `classes`, shape (n,).
        input_tokens: prompt lengths, shape (n,).
        output_tokens: answer lengths, shape (n,).
        interactive: whether a person waits, shape (n,).
        measured: whether the request arrived after the warm-up, shape (n,).
        streams: where further chances are drawn.
        start_hour: hour of the week at the start, from Monday 00:00.
        week: relative rates of the hours of the week, which the arrivals follow from `start_hour` on, mean 1 over the
            stretch that is simulated; None for a constant rate.
        complexities: how hard the requests of each class are; evenly spread where left out.
        product_shares: product tiers of the customers and their shares of the requests.
        prompt_parts: by part of the prompt, its tokens in each request, shape (n,); 0 for classes that do not give
            theirs by parts. Empty where none does.
    """

    unit_arrivals: NDArray[np.float64]
    classes: tuple[str, ...]
    class_index: NDArray[np.int64]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    interactive: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    streams: Streams
    start_hour: float = 0.0
    week: NDArray[np.float64] | None = None
    complexities: tuple[Complexity, ...] = ()
    product_shares: tuple[tuple[str, float], ...] = ()
    prompt_parts: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    _drawn: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)
    _arrays: dict[tuple[str, str, int], NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.unit_arrivals)

    def arrivals_s(self, rate_rps: float) -> list[float]:
        """Return arrival times at a rate (the mean of the stretch where they follow the week), seconds."""
        times: list[float] = self.arrival_array_s(rate_rps).tolist()
        return times

    def arrival_array_s(self, rate_rps: float) -> NDArray[np.float64]:
        """Return the same as an array of the caller's own, shape (n,)."""
        even_s = self.unit_arrivals / rate_rps
        return even_s if self.week is None else _through_the_week(even_s, self)

    def uniforms(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one uniform variate per request for a purpose; drawn on first use, then kept."""
        return self._kept("uniform", purpose, attempt)

    def normals(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one standard normal variate per request for a purpose."""
        return self._kept("normal", purpose, attempt)

    def complexity(self) -> list[float]:
        """Return how hard each request is, 0 to 1; the same in every option."""
        key = ("complexity", "", 0)
        if key not in self._drawn:
            self._drawn[key] = self.complexity_array().tolist()
        return self._drawn[key]

    def complexity_array(self) -> NDArray[np.float64]:
        """Return the same as an array that nobody changes, shape (n,)."""
        key = ("complexity", "", 0)
        if key not in self._arrays:
            ranks = self.uniform_array("complexity")
            found = self._arrays[key] = ranks.copy()
            for index, distribution in enumerate(self.complexities):
                chosen = self.class_index == index
                found[chosen] = distribution.quantile(ranks[chosen])
        return self._arrays[key]

    def products(self) -> list[str]:
        """Return the product tier of each request's customer; empty texts where the traffic names none."""
        if not self.product_shares:
            return [""] * len(self)
        names, shares = zip(*self.product_shares, strict=True)
        places = _classes(self.uniform_array("product"), list(shares))
        return [names[place] for place in places.tolist()]

    def regions(self, shares: dict[str, float]) -> list[str]:
        """Return the region of each request's user; the same in every option."""
        names = list(shares)
        return [names[place] for place in _classes(self.uniform_array("region"), list(shares.values())).tolist()]

    def _kept(self, shape: str, purpose: str, attempt: int) -> list[float]:
        key = (shape, purpose, attempt)
        if key not in self._drawn:
            self._drawn[key] = self._array(shape, purpose, attempt).tolist()
        return self._drawn[key]

    def _array(self, shape: str, purpose: str, attempt: int) -> NDArray[np.float64]:
        key = (shape, purpose, attempt)
        if key not in self._arrays:
            uniform = self.streams.uniform(purpose, len(self), attempt)
            self._arrays[key] = uniform if shape == "uniform" else standard_normal(uniform)
        return self._arrays[key]

    def uniform_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return the same as `uniforms`, as an array that nobody changes, shape (n,)."""
        return self._array("uniform", purpose, attempt)

    def normal_array(self, purpose: str, attempt: int = 0) -> NDArray[np.float64]:
        """Return the same as `normals`, as an array that nobody changes, shape (n,)."""
        return self._array("normal", purpose, attempt)


def draw_workload(
    scenario: Scenario,
    trace: TraceRows | None = None,
    replication: int = 0,
    from_hour: int | None = None,
    count: int | None = None,
    hours: int | None = None,
) -> Workload:
    """Draw the window of requests that stands for the scenario's traffic.

    Args:
        scenario: what to draw for.
        trace: rows of the trace file, needed when the arrivals are of kind `trace`.
        replication: independent repetitions have other numbers.
        from_hour: hour of the week from which the arrivals follow the weekly profile; None for a constant rate, in the
            busiest hour.
        count: requests to draw; None for as many as `window_requests` says.
        hours: length of a stretch of the week from `from_hour` on, over which rates are the mean; None for a week.

    Returns:
        The workload: the trace's rows, or as many requests as `window_requests` says.

    Raises:
        UsageError: when the arrivals replay a trace that was not given.
    """
    if scenario.traffic.arrivals.kind_name() == "trace" and trace is None:
        raise UsageError("the arrivals replay a trace, but no trace was given")
    streams = Streams(scenario.seed, replication)
    if trace is not None:
        count = len(trace.gaps)
    elif count is None:
        count = window_requests(scenario)
    week = week_profile(scenario.traffic)
    gaps = scenario.traffic.arrivals.gaps(streams.generator("arrivals"), count, trace)
    names = tuple(scenario.classes)
    class_index = _classes(streams.uniform("class", count), [scenario.classes[name].share for name in names])
    tokens = {
        what: _lengths(scenario, class_index, streams.uniform(what, count), trace, what)
        for what in ("input_tokens", "output_tokens")
    }
    parts = _prompt_parts(scenario, class_index, streams)
    if parts:
        tokens["input_tokens"] = tokens["input_tokens"] + np.sum(list(parts.values()), axis=0)
    interactive = np.array([scenario.classes[name].latency_class == "interactive" for name in names])
    return Workload(
        unit_arrivals=np.cumsum(gaps),
        classes=names,
        class_index=class_index,
        input_tokens=tokens["input_tokens"],
        output_tokens=tokens["output_tokens"],
        interactive=interactive[class_index],
        measured=np.arange(count) >= int(count * scenario.simulation.warmup_share),
        streams=streams,
        start_hour=week.index(max(week)) if from_hour is None else from_hour,
        week=None if from_hour is None else np.array(week) / mean_rate(week, from_hour, hours or len(week)),
        complexities=tuple(entry.complexity for entry in scenario.classes.values()),
        product_shares=tuple((scenario.traffic.product_shares or {}).items()),
        prompt_parts=parts,
    )


def mean_rate(week: list[float], from_hour: int, hours: int) -> float:
    """Average the rates of some hours of the week.

    >>> mean_rate([1.0, 3.0], 1, 3)
    2.3333333333333335
    """
    return sum(week[(from_hour + hour) % len(week)] for hour in range(hours)) / hours


def _through_the_week(even_s: NDArray[np.float64], workload: Workload) -> NDArray[np.float64]:
    """Squeeze arrivals of a constant rate into busy hours and stretch them over quiet ones: time is counted by work."""
    rates = np.roll(np.asarray(workload.week), -int(workload.start_hour))
    weeks = int(even_s[-1] / (SECONDS_PER_HOUR * len(rates))) + 2
    hours = np.arange(weeks * len(rates) + 1) * SECONDS_PER_HOUR
    work_s = np.concatenate([[0.0], np.cumsum(np.tile(rates, weeks))]) * SECONDS_PER_HOUR
    return np.asarray(np.interp(even_s, work_s, hours))


def window_requests(scenario: Scenario) -> int:
    """Return how many requests a window has: enough to last some minutes at the highest rate of the horizon."""
    highest_rps = max(month.peak_rps for month in forecast(scenario))
    return max(scenario.simulation.window_requests, lasting_requests(scenario, highest_rps))


def lasting_requests(scenario: Scenario, rate_rps: float) -> int:
    """Return how many requests last until every tier has settled at a rate, up to what can be simulated in passing."""
    settle_s = max(tier.settle_s for tier in scenario.tiers.values())
    return min(ceil(rate_rps * max(LEAST_WINDOW_S, SETTLED_PART * settle_s)), MOST_LASTING_REQUESTS)


def _classes(uniform: NDArray[np.float64], shares: list[float]) -> NDArray[np.int64]:
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, uniform, side="right").astype(np.int64)


def _lengths(
    scenario: Scenario,
    class_index: NDArray[np.int64],
    uniform: NDArray[np.float64],
    trace: TraceRows | None,
    what: str,
) -> NDArray[np.int64]:
    lengths = np.zeros(len(class_index), np.int64)
    for index, entry in enumerate(scenario.classes.values()):
        chosen = class_index == index
        if (distribution := getattr(entry, what)) is not None:  # else the prompt is given by its parts
            lengths[chosen] = distribution.sample(uniform, trace, what)[chosen]
    return lengths


def _prompt_parts(scenario: Scenario, class_index: NDArray[np.int64], streams: Streams) -> dict[str, NDArray[np.int64]]:
    """Draw the parts of the prompts that are given by parts, each part with chances of its own."""
    drawn: dict[str, NDArray[np.int64]] = {}
    for index, entry in enumerate(scenario.classes.values()):
        for name, distribution in entry.prompt.parts().items() if entry.prompt is not None else ():
            purpose, chosen = f"{name}_tokens", class_index == index
            lengths = distribution.sample(streams.uniform(purpose, len(class_index)), None, purpose)
            drawn.setdefault(name, np.zeros(len(class_index), np.int64))[chosen] = lengths[chosen]
    return drawn
