"""Result of a run: one row per request, and the books that the stations kept themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.sim.stations import StationBooks

STAGES = ("cache", "router", "retrieval")  # that a request may pass before its first tier, in this order


class FurtherVisit(NamedTuple):
    """A visit to a tier after the first one.

    Attributes:
        entered_s: when the request came, seconds.
        started_s: when its service began, seconds; None where the station does not tell, or it never did.
        input_tokens: prompt of the call, which may be shorter than the request's.
    """

    entered_s: float
    started_s: float | None
    input_tokens: int


class Places(NamedTuple):
    """Where a placed tier serves.

    Attributes:
        regions: where it stands.
        replicas: replicas in each of them; 1 where the tier's fleet is not sized.
        served_in: place in `regions` that serves each request, shape (n,).
        one_way_s: half the round trip of each request's user to there, seconds, shape (n,).
    """

    regions: tuple[str, ...]
    replicas: tuple[int, ...]
    served_in: NDArray[np.int64]
    one_way_s: NDArray[np.float64]


class Part(NamedTuple):
    """What stands in one place of a tier: all of it, where it is not placed.

    Attributes:
        region: its name; None for a tier that is not placed.
        replicas: how many replicas it has; 1 where the tier's fleet is not sized.
        near: requests that it serves if they come to the tier, shape (n,).
    """

    region: str | None
    replicas: int
    near: NDArray[np.bool_]


@dataclass(frozen=True)
class SimulationResult:
    """What happened to every request of a window; arrays have shape (n,).

    Attributes:
        option: name of the option.
        rate_rps: mean arrival rate of the window, requests per second.
        replicas: replicas per fleet tier.
        tiers: names of the tiers; `served_by` indexes them.
        outcome: how each request ended (`Outcome`).
        served_by: tier that gave the answer that counts; -1 for none.
        path: place in `known_paths` of the tiers that each request tried.
        known_paths: tuples of tier names, in the order tried.
        retries: how often the request's calls were sent again.
        reached_s: end of each stage before the tiers (`cache`, `retrieval`), seconds; NaN where it was not entered.
        started_s: begin of service at the first tier, seconds; NaN where there was none.
        arrived_s: arrival, seconds.
        first_token_s: first token of the answer that counts; NaN where there was none.
        finished_s: end, seconds.
        books: the stations' own counts, by station name.
        elapsed_s: from the first arrival to the last departure.
        workload: the requests.
        degraded: requests answered otherwise than the router meant, by a fallback.
        good: whether the answer that counts is good: 1 or 0; -1 where there is none, or its quality is not known.
        false_hit: requests to which the cache gave the answer to another question.
        further: by request, visits to the tiers that it tried after the first.
        unanswered_tries: by request, places in `tried` of tiers that gave no answer.
        first_unanswered: the first of these, -1 where all tiers answered.
        cached_tokens: by request and place in `tried`, prompt tokens that a prompt or prefix cache held.
        places: by placed tier, where it serves.
        engine: which engine ran, `simpy` or `compiled`.
        engine_why: why that one.
    """

    option: str
    rate_rps: float
    replicas: dict[str, int]
    tiers: tuple[str, ...]
    outcome: NDArray[np.int8]
    served_by: NDArray[np.int16]
    path: NDArray[np.int64]
    known_paths: list[tuple[str, ...]]
    retries: NDArray[np.int32]
    reached_s: dict[str, NDArray[np.float64]]
    started_s: NDArray[np.float64]
    arrived_s: NDArray[np.float64]
    first_token_s: NDArray[np.float64]
    finished_s: NDArray[np.float64]
    books: dict[str, StationBooks]
    elapsed_s: float
    workload: Workload
    degraded: NDArray[np.bool_]
    good: NDArray[np.int8]
    false_hit: NDArray[np.bool_]
    first_unanswered: NDArray[np.int64]
    further: Mapping[int, list[FurtherVisit]] = field(default_factory=dict)
    unanswered_tries: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    cached_tokens: Mapping[tuple[int, int], int] = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)
    engine: str = "simpy"
    engine_why: str = ""

    def __len__(self) -> int:
        return len(self.arrived_s)

    @cached_property
    def tried(self) -> list[tuple[str, ...]]:
        """List the tiers that each request tried, in the order tried."""
        table = np.empty(len(self.known_paths), object)
        table[:] = self.known_paths
        tried: list[tuple[str, ...]] = table[self.path].tolist()
        return tried

    @cached_property
    def answered(self) -> NDArray[np.bool_]:
        """Requests that got an answer."""
        return np.asarray((self.outcome == Outcome.COMPLETED) | (self.outcome == Outcome.CACHED))

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """Requests that the latency SLO looks at: interactive, answered, after the warm-up."""
        return np.asarray(self.workload.interactive & self.workload.measured & self.answered)

    @property
    def success_share(self) -> float | None:
        """Share of all requests that got a good answer; None where the quality of some answer is not known."""
        if (self.answered & (self.good < 0)).any():
            return None
        return float((self.good == 1).mean())

    def within(self, e2e_s: float | None, ttft_s: float | None) -> NDArray[np.bool_] | None:
        """Requests that went well: answered, and within the limits where a person waits; None without any limit.

        Args:
            e2e_s: limit to the time from arrival to the last token, seconds.
            ttft_s: limit to the time from arrival to the first token, seconds.
        """
        if e2e_s is None and ttft_s is None:
            return None
        fine = np.ones(len(self), np.bool_)
        for limit_s, stamp_s in ((e2e_s, self.finished_s), (ttft_s, self.first_token_s)):
            if limit_s is not None:
                fine &= (stamp_s - self.arrived_s) <= limit_s  # False for NaN: no first token is not within a limit
        return np.asarray(self.answered & (fine | ~self.workload.interactive))

    def e2e_s(self, who: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Time from arrival to the last token of the chosen requests (default: the judged), seconds."""
        who = self.judged if who is None else who
        return (self.finished_s - self.arrived_s)[who]

    def ttft_s(self, who: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Time from arrival to the first token of the chosen requests (default: the judged), seconds."""
        who = self.judged if who is None else who
        return (self.first_token_s - self.arrived_s)[who]

    def parts(self, tier: str) -> list[Part]:
        """List what stands in each place of a tier, which does not help the others out."""
        places = self.places.get(tier)
        if places is None:
            return [Part(None, self.replicas.get(tier, 1), np.ones(len(self), np.bool_))]
        counted = enumerate(zip(places.regions, places.replicas, strict=True))
        return [Part(region, replicas, places.served_in == place) for place, (region, replicas) in counted]

    def way_back_s(self, tier: str, requests: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how long answers of a tier to some requests are on their way, when they no longer keep it busy."""
        places = self.places.get(tier)
        return np.zeros(len(requests)) if places is None else places.one_way_s[requests]

    def visited(self, tier: str) -> NDArray[np.bool_]:
        """Requests that tried a tier."""
        return np.array([tier in path for path in self.known_paths], np.bool_)[self.path]

    def visits(self, tier: str) -> int:
        """Count the visits to a tier."""
        times = np.array([path.count(tier) for path in self.known_paths], np.int64)
        return int((np.bincount(self.path, minlength=len(times)) * times).sum())


def percentile(values: NDArray[np.float64], percent: float) -> float | None:
    """Return a percentile, linear between order statistics; None when there is nothing to look at.

    >>> percentile(np.array([1.0, 3.0]), 50)
    2.0
    """
    return float(np.percentile(values, percent)) if len(values) else None


def percentiles(values: NDArray[np.float64], percents: tuple[int, ...]) -> list[float | None]:
    """Return some percentiles, as `percentile` does, in one look.

    >>> percentiles(np.array([1.0, 3.0]), (50, 100)), percentiles(np.zeros(0), (50,))
    ([2.0, 3.0], [None])
    """
    return list(np.percentile(values, percents).tolist()) if len(values) else [None] * len(percents)
