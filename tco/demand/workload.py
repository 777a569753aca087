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
from tco.demand.forecast import forecast
from tco.errors import UsageError
from tco.rng import Streams
from tco.scenario import Scenario
from tco.serving.latency import standard_normal

LEAST_WINDOW_S = 300.0  # a fleet fills up and settles within minutes; a shorter window flatters it
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
    """

    unit_arrivals: NDArray[np.float64]
    classes: tuple[str, ...]
    class_index: NDArray[np.int64]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    interactive: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    streams: Streams
    _drawn: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.unit_arrivals)

    def arrivals_s(self, rate_rps: float) -> list[float]:
        """Return arrival times at a rate, seconds."""
        times: list[float] = (self.unit_arrivals / rate_rps).tolist()
        return times

    def uniforms(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one uniform variate per request for a purpose; drawn on first use, then kept."""
        return self._kept("uniform", purpose, attempt)

    def normals(self, purpose: str, attempt: int = 0) -> list[float]:
        """Return one standard normal variate per request for a purpose."""
        return self._kept("normal", purpose, attempt)

    def _kept(self, shape: str, purpose: str, attempt: int) -> list[float]:
        key = (shape, purpose, attempt)
        if key not in self._drawn:
            uniform = self.streams.uniform(purpose, len(self), attempt)
            values = uniform if shape == "uniform" else standard_normal(uniform)
            self._drawn[key] = values.tolist()
        return self._drawn[key]


def draw_workload(scenario: Scenario, trace: TraceRows | None = None, replication: int = 0) -> Workload:
    """Draw the window of requests that stands for the scenario's traffic.

    Args:
        scenario: what to draw for.
        trace: rows of the trace file, needed when the arrivals are of kind `trace`.
        replication: independent repetitions have other numbers.

    Returns:
        The workload: the trace's rows, or as many requests as `window_requests` says.

    Raises:
        UsageError: when the arrivals replay a trace that was not given.
    """
    if scenario.traffic.arrivals.kind_name() == "trace" and trace is None:
        raise UsageError("the arrivals replay a trace, but no trace was given")
    streams = Streams(scenario.seed, replication)
    count = window_requests(scenario) if trace is None else len(trace.gaps)
    gaps = scenario.traffic.arrivals.gaps(streams.generator("arrivals"), count, trace)
    names = tuple(scenario.classes)
    class_index = _classes(streams.uniform("class", count), [scenario.classes[name].share for name in names])
    tokens = {
        what: _lengths(scenario, class_index, streams.uniform(what, count), trace, what)
        for what in ("input_tokens", "output_tokens")
    }
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
    )


def window_requests(scenario: Scenario) -> int:
    """Return how many requests a window has: enough to last some minutes at the highest rate of the horizon."""
    highest_rps = max(month.peak_rps for month in forecast(scenario))
    lasting = min(ceil(highest_rps * LEAST_WINDOW_S), MOST_LASTING_REQUESTS)
    return max(scenario.simulation.window_requests, lasting)


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
        lengths[chosen] = getattr(entry, what).sample(uniform, trace, what)[chosen]
    return lengths
