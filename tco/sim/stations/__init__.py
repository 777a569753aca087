"""Stations: places that a request visits. One file a kind; the station keeps its own books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import simpy

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.plugin import Frozen
from tco.sim.clock import Clock

HELD = "held_requests"  # counted by tiers whose async calls may wait for hours on purpose, also where none did
Visit = Generator[simpy.Event, Any, None]  # the SimPy events of one visit; what came of it stands in the call


class Call:
    """One visit of a request to a station, in which the station writes down what happened.

    Attributes:
        request: number of the request.
        input_tokens: prompt length of this call, which may be shorter than the request's.
        output_tokens: answer length.
        attempt: how many tiers the request tried before; later tries are lucky or unlucky on their own.
        outcome: `COMPLETED` when there is an answer, else why there is none; `IN_FLIGHT` before the end.
        started_s: when service began, seconds; None when it never did.
        first_token_s: when the first token of the answer appeared, seconds; None when none did.
        retries: how often the call was sent again, or its work begun anew.
        cached_tokens: prompt tokens that a prompt or prefix cache held.
    """

    __slots__ = (
        "attempt", "cached_tokens", "first_token_s", "input_tokens", "outcome", "output_tokens", "request", "retries",
        "started_s",
    )  # fmt: skip

    def __init__(self, request: int, input_tokens: int, output_tokens: int, attempt: int = 0) -> None:
        self.request = request
        self.input_tokens, self.output_tokens = input_tokens, output_tokens
        self.attempt = attempt
        self.outcome = Outcome.IN_FLIGHT
        self.started_s: float | None = None
        self.first_token_s: float | None = None
        self.retries = 0
        self.cached_tokens = 0


@dataclass(frozen=True, slots=True)
class StationBooks:
    """What a station counted itself, independent of the requests' own stamps.

    Attributes:
        arrived: requests that came in.
        completed: requests that left with an answer.
        rejected: requests that were turned away: no room, too large, over the limit.
        failed: requests that the station gave up on: an error, an outage.
        timed_out: requests that gave up on the station.
        input_tokens: prompt tokens of completed requests.
        output_tokens: tokens generated for completed requests.
        presence_s: integral over time of the number of requests inside, request-seconds.
        busy_share: share of the observed time in which a replica worked, mean over replicas; None where the
            station has no capacity of its own.
        counts: further quantities of the kind of station, by name with unit, such as `retries` or `billed_gpu_s`.
        regions: books of each region of a placed tier, which do not hold the way; else none.
    """

    arrived: int
    completed: int
    rejected: int
    failed: int
    timed_out: int
    input_tokens: int
    output_tokens: int
    presence_s: float
    busy_share: float | None = None
    counts: dict[str, float] = field(default_factory=dict)
    regions: dict[str, StationBooks] = field(default_factory=dict)

    @property
    def unanswered(self) -> int:
        """Requests that left without an answer."""
        return self.rejected + self.failed + self.timed_out


class Station:
    """Base of the stations.

    Args:
        env: SimPy environment.
        config: the tier or block of the scenario that the station plays.
        workload: the requests and their chances.
        replicas: capacity, for stations that are sized; ignored by the others.
    """

    kind: ClassVar[str]
    spans: ClassVar[tuple[str, ...]] = ()  # counts that are lengths of time: of several regions the mean, not the sum

    def __init__(self, env: Clock, config: Frozen, workload: Workload, replicas: int) -> None:
        self.env, self.replicas = env, replicas
        self.arrived = self.completed = self.rejected = self.failed = self.timed_out = 0
        self.input_tokens = self.output_tokens = 0
        self.presence_s = 0.0
        self.counts: defaultdict[str, float] = defaultdict(float)
        self._inside = 0
        self._changed_s = 0.0
        self.setup(config, workload, replicas)

    def setup(self, config: Any, workload: Workload, replicas: int) -> None:
        """Prepare the station; called once."""
        raise NotImplementedError

    def at(self, request: int) -> Station:
        """Return the station that serves a request: this one, or that of a region."""
        del request
        return self

    def visit(self, call: Call) -> Visit:
        """Serve a call: `enter`, wait for what has to be waited for, then `leave` or `turn_away`."""
        raise NotImplementedError

    def enter(self) -> None:
        """Book an arrival."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside += 1
        self.arrived += 1

    def leave(self, call: Call) -> None:
        """Book a departure with an answer."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside -= 1
        self.completed += 1
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        call.outcome = Outcome.COMPLETED

    def turn_away(self, call: Call, outcome: Outcome) -> None:
        """Book a departure without an answer: `REJECTED`, `FAILED` or `TIMED_OUT`."""
        now = self.env.now
        self.presence_s += self._inside * (now - self._changed_s)
        self._changed_s = now
        self._inside -= 1
        self.rejected += outcome is Outcome.REJECTED
        self.failed += outcome is Outcome.FAILED
        self.timed_out += outcome is Outcome.TIMED_OUT
        call.outcome = outcome
        call.first_token_s = None

    @property
    def inside(self) -> int:
        """Requests that are here now."""
        return self._inside

    def busy_share(self, elapsed_s: float) -> float | None:
        """Return the mean share of time in which a replica worked; None where there is no capacity of one's own."""
        del elapsed_s
        return None

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books."""
        return StationBooks(
            arrived=self.arrived,
            completed=self.completed,
            rejected=self.rejected,
            failed=self.failed,
            timed_out=self.timed_out,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            presence_s=self.presence_s,
            busy_share=self.busy_share(elapsed_s),
            counts=dict(self.counts),
        )
