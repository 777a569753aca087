"""Stations: places that a request visits. One file a kind; the station keeps its own books."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

import simpy

from tco.demand.workload import Workload
from tco.plugin import Frozen

# A visit yields SimPy events and returns the time of the first token, or None when the station refused.
Visit = Generator[simpy.Event, Any, float | None]


@dataclass(frozen=True, slots=True)
class StationBooks:
    """What a station counted itself, independent of the requests' own stamps.

    Attributes:
        arrived: requests that came in.
        completed: requests that left with an answer.
        refused: requests that were turned away.
        input_tokens: prompt tokens of completed requests.
        output_tokens: tokens generated for completed requests.
        presence_s: integral over time of the number of requests inside, request-seconds.
        busy_share: share of the observed time in which a replica worked, mean over replicas; None where the
            station has no capacity of its own.
    """

    arrived: int
    completed: int
    refused: int
    input_tokens: int
    output_tokens: int
    presence_s: float
    busy_share: float | None = None


class Station:
    """Base of the stations.

    Args:
        env: SimPy environment.
        config: the tier or block of the scenario that the station plays.
        workload: the requests and their chances.
        replicas: capacity, for stations that are sized; ignored by the others.
    """

    kind: ClassVar[str]

    def __init__(self, env: simpy.Environment, config: Frozen, workload: Workload, replicas: int) -> None:
        self.env = env
        self.arrived = self.completed = self.refused = 0
        self.input_tokens = self.output_tokens = 0
        self.presence_s = 0.0
        self._inside = 0
        self._changed_s = 0.0
        self.setup(config, workload, replicas)

    def setup(self, config: Any, workload: Workload, replicas: int) -> None:
        """Prepare the station; called once."""
        raise NotImplementedError

    def visit(self, request: int, attempt: int) -> Visit:
        """Serve a request; `attempt` counts the tiers it tried before."""
        raise NotImplementedError

    def enter(self) -> None:
        """Book an arrival."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside += 1
        self.arrived += 1

    def leave(self, input_tokens: int, output_tokens: int) -> None:
        """Book a departure with an answer."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside -= 1
        self.completed += 1
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens

    def refuse(self) -> None:
        """Book a request that is turned away on arrival."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside -= 1
        self.refused += 1

    @property
    def inside(self) -> int:
        """Requests that are here now."""
        return self._inside

    def books(self, _elapsed_s: float) -> StationBooks:
        """Close the books."""
        return StationBooks(
            self.arrived, self.completed, self.refused, self.input_tokens, self.output_tokens, self.presence_s
        )
