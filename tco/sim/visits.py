"""Visits: when each request came to a tier, when it was served there, and when it went on, read from the stamps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.sim.result import SimulationResult
from tco.sim.stations import HELD

GROWING_SHARE = 0.05  # of a quarter window's arrivals that stay inside, three times in a row: no steady queue does so
SPREADS = 4.0  # standard deviations of a Poisson number in the queue, which growth must exceed as well
STEADY_SHARE = 0.8  # departures of the quietest quarter over those of the busiest, at least


@dataclass(frozen=True, slots=True)
class Visits:
    """Every visit to one tier; arrays have shape (visits,).

    Attributes:
        request: number of the request.
        entered_s: when it came to the tier, seconds.
        started_s: when its service began there, seconds; NaN where the station does not tell, or it never began.
        left_s: when it went on to another tier, or ended, seconds.
        input_tokens: prompt of the call, which may be shorter than the request's.
    """

    request: NDArray[np.int64]
    entered_s: NDArray[np.float64]
    started_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    input_tokens: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.request)

    def of(self, chosen: NDArray[np.bool_]) -> Visits:
        """Keep the visits of some requests.

        Args:
            chosen: whether a request is kept, shape (requests,).
        """
        kept = chosen[self.request]
        return Visits(
            self.request[kept], self.entered_s[kept], self.started_s[kept], self.left_s[kept], self.input_tokens[kept]
        )

    def lengths(self, output_tokens: NDArray[np.int64]) -> list[tuple[int, int]]:
        """List prompt and answer tokens of the calls.

        Args:
            output_tokens: answer length of each request, shape (requests,).
        """
        return list(zip(self.input_tokens.tolist(), output_tokens[self.request].tolist(), strict=True))

    @property
    def wait_s(self) -> NDArray[np.float64]:
        """Time before service began, seconds; NaN where that is not known."""
        return self.started_s - self.entered_s


def prompt_visits(result: SimulationResult, tier: str, visits: Visits) -> Visits:
    """Leave out the visits to a tier that wait for hours on purpose: async ones, where these have a window.

    What is left says how much the tier is asked to do at once, and how long it takes.
    """
    return visits.of(result.workload.interactive) if HELD in result.books[tier].counts else visits


def read_visits(result: SimulationResult) -> dict[str, Visits]:
    """Read the visits of every tier, in order of arrival.

    A request enters its first tier when the stages before it are over, and goes on to the next tier at the moment
    it leaves the one before.
    """
    rows: dict[str, list[tuple[int, float, float, float, int]]] = {tier: [] for tier in result.tiers}
    entered = _first_entered_s(result).tolist()
    started, finished = result.started_s.tolist(), result.finished_s.tolist()
    prompts = result.workload.input_tokens.tolist()
    for request, tried in enumerate(result.tried):
        if not tried:
            continue
        further = result.further.get(request, [])
        stamps = [
            (entered[request], started[request], prompts[request]),
            *((visit.entered_s, visit.started_s, visit.input_tokens) for visit in further),
        ]
        ends = [*(visit.entered_s for visit in further), finished[request]]
        for tier, (entered_s, started_s, tokens), left_s in zip(tried, stamps, ends, strict=True):
            rows[tier].append((request, entered_s, np.nan if started_s is None else started_s, left_s, tokens))
    return {tier: _visits(lines) for tier, lines in rows.items()}


def _first_entered_s(result: SimulationResult) -> NDArray[np.float64]:
    entered_s = result.arrived_s
    for stamps in result.reached_s.values():
        entered_s = np.where(np.isnan(stamps), entered_s, stamps)
    return entered_s


def _visits(lines: list[tuple[int, float, float, float, int]]) -> Visits:
    table = np.array(lines, np.float64).reshape(-1, 5)
    return Visits(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3], table[:, 4].astype(np.int64))


def inside_at(begin_s: NDArray[np.float64], end_s: NDArray[np.float64], at_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count, at each moment, the spans that have begun and not ended.

    >>> inside_at(np.array([0.0, 1.0]), np.array([2.0, 5.0]), np.array([0.5, 1.5, 3.0])).tolist()
    [1, 2, 1]
    """
    begun = np.searchsorted(np.sort(begin_s), at_s, side="right")
    return np.asarray(begun - np.searchsorted(np.sort(end_s), at_s, side="right"))


def leaving_rps(result: SimulationResult, visits: Visits) -> float | None:
    """Return the rate at which requests left a tier whose queue grew all the time; None where it did not.

    The queue is what waits for service. Where the tier does not tell that, it is everybody inside, once as many leave
    in each quarter of the window: at first nobody has left yet, and the number inside grows under any load.
    """
    if len(visits) < 2:
        return None
    arrivals_rps = result.rate_rps * len(visits) / len(result)
    last_s = float(result.arrived_s[-1])
    quarter_s = (last_s - float(result.arrived_s[0])) / 4
    at_s = last_s - quarter_s * np.array([3.0, 2.0, 1.0, 0.0])
    started = np.where(np.isnan(visits.started_s), visits.left_s, visits.started_s)
    tells = not np.isnan(visits.started_s).all()
    queue = inside_at(visits.entered_s, started if tells else visits.left_s, at_s)
    left = np.diff(np.searchsorted(np.sort(visits.left_s), at_s, side="right"))
    growth = np.diff(queue)
    least = max(GROWING_SHARE * arrivals_rps * quarter_s, SPREADS * float(np.sqrt(max(queue[0], 1))))
    steady = tells or left.min() >= STEADY_SHARE * left.max()
    if not steady or not (growth > least).all():
        return None
    return max(arrivals_rps - float(growth.mean()) / quarter_s, 0.0)
