"""Stations without a limit: a managed API that serves every request at once, under steady, new and swinging traffic."""

from __future__ import annotations

import re
from math import ceil, pi, sin, sqrt
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tco.fields import NonNegative, Positive
from tco.plugin import together
from tco.units import HOURS_PER_WEEK, SECONDS_PER_HOUR
from tco.validation import plain
from tco.validation.metrics import Measure, mean_of, moments, number_in
from tco.validation.path import SamplePath
from tco.validation.queues import LEAST_REQUESTS, MOST_REQUESTS, REMARK, TAIL_SHARE, Experiment, QueueModel
from tco.validation.queues.loss import LAWS, station, unlimited_length

LAST_MOMENT = 12.0  # mean services after which an empty start is forgotten to e^-12
MOMENTS = 10_000  # requests of the pieces of one transient run together
PERIODS = 40  # of a swinging run, at least, unless they hold very many requests
WEEK_S = HOURS_PER_WEEK * SECONDS_PER_HOUR


class MGInf(QueueModel):
    """Nobody waits: the number inside is Poisson, whatever the law of the service times."""

    kind: Literal["M/G/inf"] = "M/G/inf"
    pattern: ClassVar[str] = "m/g/inf" + REMARK
    lam: Positive
    """Arrivals per second."""
    mean_s: Positive = Field(alias="mean_S")
    """Mean service time, seconds."""

    def laws(self) -> tuple[str, ...]:
        """Run with each, in turn."""
        return LAWS

    def experiment(self, law: str) -> Experiment:
        """Leave the API's limit out."""
        run = unlimited_length(self.lam, self.mean_s)
        tier, classes = station(law, self.mean_s)
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), self.lam, classes=classes, warmup_share=run.warmup_share
        )
        return Experiment(scenario, self.lam, run.requests, None)


class MMInfTransient(QueueModel):
    """Started empty: how the number inside grows. A run is made of many short ones, each from the start."""

    kind: Literal["M/M/inf started empty"] = "M/M/inf started empty"
    pattern: ClassVar[str] = "m/m/inf started empty" + REMARK
    lam: Positive
    """Arrivals per second."""
    mu: Positive
    """Services per second."""

    def experiment(self, _law: str) -> Experiment:
        """Let arrivals come a little longer than anything is asked for."""
        until_s = LAST_MOMENT / self.mu
        mean = self.lam * until_s
        requests = ceil(mean + 6 * sqrt(mean) + 20)
        tier, classes = station("exponential", 1.0 / self.mu)
        scenario = plain.scenario({"station": tier}, plain.static("station"), self.lam, classes=classes)
        return Experiment(
            scenario, self.lam, requests, None, pieces=max(MOMENTS // requests, 1), window_s=(0.0, until_s)
        )

    def measure_named(self, metric: str) -> Measure | None:
        """Measure `EN_t5`, the mean number inside 5 seconds after the start."""
        found = re.fullmatch(r"EN_t(\d+(?:p\d+)?)", metric)
        if not found or number_in(found[1]) > LAST_MOMENT / self.mu:
            return None
        at_s = number_in(found[1])
        return mean_of(lambda path: float(((path.entered_s <= at_s) & (path.left_s > at_s)).sum()))


class MtMInf(QueueModel):
    """Arrivals at the rate a + b sin(2 pi t / period): the number inside swings less, and later.

    The scenario's weekly profile plays the sine: its 168 hourly rates are one period, each the mean of the sine over
    its hour, and times are stretched so that a period lasts a week. Steps that fine change the swing by a 17 000th.
    """

    kind: Literal["M_t/M/inf"] = "M_t/M/inf"
    pattern: ClassVar[str] = r"m_t/m/inf(, ?lam\(t\) ?= ?a ?\+ ?b ?sin\(2 ?pi ?t/[\w.]+\))?" + REMARK
    refused: ClassVar[dict[str, str]] = {
        "pointwise_PSA_peak": "a formula of the inputs, (a + b) / mu, that the case shows to be wrong"
    }
    a: Positive
    """Mean arrivals per unit of time."""
    b: NonNegative
    """Swing of the arrivals per unit of time."""
    period: Positive
    """Length of a swing, units of time."""
    mu: Annotated[float, Field(gt=0)]
    """Services per unit of time."""

    @together("a", "b")
    def _never_below_zero(self) -> None:
        if self.b > self.a:
            raise ValueError(f"b {self.b:g} is above a {self.a:g}: the rate would fall below 0")

    @property
    def stretch(self) -> float:
        """Seconds of the simulation that a unit of the case's time lasts."""
        return WEEK_S / self.period

    def experiment(self, _law: str) -> Experiment:
        """Let one period last a week, and measure whole periods only."""
        rate = self.a / self.stretch
        before = ceil(LAST_MOMENT / self.mu / self.period)
        each = self.a * self.period
        periods = min(max(PERIODS, ceil(LEAST_REQUESTS / each)), max(ceil(MOST_REQUESTS / each), 4))
        requests = (before + periods) * each / (1 - TAIL_SHARE)
        tier, classes = station("exponential", self.stretch / self.mu)
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), rate, classes=classes, hour_of_week=self._profile()
        )
        window_s = before * WEEK_S, (before + periods) * WEEK_S
        count = ceil(requests + 6 * sqrt(requests))
        return Experiment(scenario, rate, count, None, from_hour=0, window_s=window_s)

    def _profile(self) -> list[float]:
        step = 2 * pi / HOURS_PER_WEEK
        mean = sin(step / 2) / (step / 2)  # of a sine over an hour, against its middle
        return [1.0 + self.b / self.a * mean * sin((hour + 0.5) * step) for hour in range(HOURS_PER_WEEK)]

    def measures(self) -> dict[str, Measure]:
        """Fit the swing: Fourier's first harmonic of the number inside."""
        period = self.period

        def lag(sums: np.ndarray) -> float:
            return float(np.arctan2(sums[1], sums[2])) / (2 * pi) * period % period

        return {
            "amplitude": moments(_harmonic, _amplitude),
            "peak_N": moments(_harmonic, lambda sums: float(sums[0] + _amplitude(sums))),
            "trough_N": moments(_harmonic, lambda sums: float(sums[0] - _amplitude(sums))),
            "peak_time": moments(_harmonic, lag),
            "peak_lag_h": moments(_harmonic, lambda sums: lag(sums) - period / 4),
        }


def _amplitude(sums: np.ndarray) -> float:
    return float(np.hypot(sums[1], sums[2]))


def _harmonic(path: SamplePath) -> tuple[float, float, float]:
    """Return the mean number inside, and twice its means against sine and cosine of the period."""
    turn = 2 * pi / WEEK_S
    begin_s = np.clip(path.entered_s, path.begin_s, path.end_s) * turn
    end_s = np.clip(path.left_s, path.begin_s, path.end_s) * turn
    sines = float((np.cos(begin_s) - np.cos(end_s)).sum())  # the integral of the sine over each stay
    cosines = float((np.sin(end_s) - np.sin(begin_s)).sum())
    scale = 2 / (turn * path.length_s)
    return path.mean_inside(path.entered_s, path.left_s), scale * sines, scale * cosines
