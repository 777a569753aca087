"""Delay: a station that takes its time and never queues, such as a cache lookup or a vector search."""

from __future__ import annotations

from math import log
from typing import ClassVar

import numpy as np
from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.plugin import Frozen
from tco.serving.latency import Z95, Quantiles
from tco.sim.stations import Call, Station, Visit


class Delay(Frozen):
    """A log-normal delay.

    Attributes:
        latency: median and 95th percentile.
        purpose: name of the random stream that decides who is unlucky.
        attempt: which of the stream's sets of variates.
    """

    latency: Quantiles
    """Median and 95th percentile."""
    purpose: str
    """Random stream that decides who is unlucky."""
    attempt: int = 0
    """Which of the stream's sets of variates; each is independent of the others."""


class DelayStation(Station):
    """Holds every request for a log-normal time."""

    kind: ClassVar[str] = "delay"

    def setup(self, config: Delay, workload: Workload, replicas: int) -> None:
        """Draw every request's delay up front."""
        del replicas  # never queues
        spread = log(config.latency.p95_s / config.latency.p50_s) / Z95
        luck = workload.normal_array(config.purpose, config.attempt)
        self._delays: list[float] = (config.latency.p50_s * np.exp(spread * luck)).tolist()

    def visit(self, call: Call) -> Visit:
        """Wait; the answer, if any, is there at the end."""
        self.enter()
        call.started_s = self.env.now
        yield Timeout(self.env, self._delays[call.request])
        self.leave(call)
        call.first_token_s = self.env.now
