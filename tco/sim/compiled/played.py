"""Played tiers: what has no recurrence of its own is played by its SimPy station, alone, fed with its own calls.

A serverless platform, or a fleet that holds jobs for the night, makes its option no slower than the other engine, and
the tiers beside it as quick as this one.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from simpy.core import StopSimulation

from tco.demand.workload import Workload
from tco.plugin import plugins_in
from tco.scenario.tiers import Tier
from tco.sim.clock import Clock
from tco.sim.compiled.served import Served, Visits
from tco.sim.engine import Arrivals, Walk
from tco.sim.stations import Call, Station, StationBooks


class PlayedTier:
    """A station on a clock of its own.

    Args:
        tier: the tier.
        visits: the calls, in order of time.
        workload: the requests and their chances.
        replicas: of a fleet.
    """

    def __init__(self, tier: Tier, visits: Visits, workload: Workload, replicas: int) -> None:
        self.env, self.visits = Clock(), visits
        self.station: Station = plugins_in("tco.sim.stations")[tier.kind_name()](self.env, tier, workload, replicas)
        rows = zip(
            visits.request.tolist(), visits.input_tokens.tolist(), visits.output_tokens.tolist(),
            visits.attempt.tolist(), strict=True,
        )  # fmt: skip
        self.calls = [Call(*row) for row in rows]
        self.left_s = np.full(len(visits), np.nan)
        self.ended = np.zeros(len(visits), np.int64)
        self.over = 0

    def serve(self) -> Served:
        """Play every call to its end."""
        if self.calls:  # calls that come at the same moment come in one event, as those of a batch do
            at_s, first = np.unique(self.visits.entered_s, return_index=True)
            self.groups = [*first.tolist(), len(self.calls)]
            Arrivals(self.env, at_s.tolist(), self._begin)
            self.env.run_out()
        calls = self.calls
        return Served(
            np.array([call.outcome for call in calls], np.int8),
            _stamps([call.started_s for call in calls]),
            _stamps([call.first_token_s for call in calls]),
            self.left_s,
            np.array([call.input_tokens for call in calls], np.int64),
            np.array([call.output_tokens for call in calls], np.int64),
            np.array([call.cached_tokens for call in calls], np.int64),
            retries=np.array([call.retries for call in calls], np.int64),
            ended=self.ended,
            played=self,
        )

    def _begin(self, group: int) -> None:
        for place in range(self.groups[group], self.groups[group + 1]):
            Walk(self._visit(place))

    def _visit(self, place: int) -> Generator[simpy.Event, Any, None]:
        yield from self.station.visit(self.calls[place])
        self.left_s[place] = self.env.now
        self.over += 1
        self.ended[place] = self.over
        if self.over == len(self.calls):
            raise StopSimulation(None)

    def books(self, elapsed_s: float, end_s: float) -> StationBooks:
        """Let the station go on until the whole run ends, and close its books."""
        if end_s > self.env.now:
            self.env.run(until=end_s)
        return self.station.books(elapsed_s)


def _stamps(times_s: list[float | None]) -> Any:
    return np.array(times_s, np.float64)
