"""Sample path: who came, began and left when in one run, and the window of it that is measured.

Everything is read from the requests' own stamps. The window begins after the warm-up and ends before the last
arrivals, because whoever comes last meets nobody who comes after.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Stop:
    """The visits of all requests to one station, arrays of shape (n,), seconds.

    Attributes:
        entered_s: when each came in.
        started_s: when its service began; its end where it never did.
        left_s: when it went.
    """

    entered_s: Floats
    started_s: Floats
    left_s: Floats


@dataclass(frozen=True)
class SamplePath:
    """One run, measured between two moments; arrays have shape (n,).

    Attributes:
        stops: visits to each station, in the order of the stations; the whole stay where there is only one.
        answered: requests that were served.
        class_index: class of each request.
        demand_s: service time that each request asks for when it is alone; None where it is the stamps' own.
        servers: servers of the station, None for no limit.
        begin_s: begin of the window.
        end_s: end of the window.
        tries: how often each request was sent, the first time included.
    """

    stops: tuple[Stop, ...]
    answered: Mask
    class_index: NDArray[np.int64]
    demand_s: Floats | None
    servers: int | None
    begin_s: float
    end_s: float
    tries: NDArray[np.int64] | None = None

    @property
    def entered_s(self) -> Floats:
        """Arrivals at the first station, seconds."""
        return self.stops[0].entered_s

    @property
    def started_s(self) -> Floats:
        """Begins of service at the first station, seconds."""
        return self.stops[0].started_s

    @property
    def left_s(self) -> Floats:
        """Departures from the last station, seconds."""
        return self.stops[-1].left_s

    @property
    def length_s(self) -> float:
        """Length of the window, seconds."""
        return self.end_s - self.begin_s

    @cached_property
    def came(self) -> Mask:
        """Requests that came within the window."""
        return np.asarray((self.entered_s >= self.begin_s) & (self.entered_s < self.end_s))

    @cached_property
    def kept(self) -> Mask:
        """Requests that came within the window and were served."""
        return self.came & self.answered

    @property
    def stay_s(self) -> Floats:
        """Sojourns of the kept requests, seconds."""
        return (self.left_s - self.entered_s)[self.kept]

    @property
    def wait_s(self) -> Floats:
        """Waits of the kept requests, seconds."""
        return (self.started_s - self.entered_s)[self.kept]

    @property
    def service_s(self) -> Floats:
        """Service times of the kept requests, seconds."""
        if self.demand_s is not None:
            return self.demand_s[self.kept]
        return (self.stops[0].left_s - self.started_s)[self.kept]

    def mean_inside(self, begin_s: Floats, end_s: Floats) -> float:
        """Average over the window of how many spans are under way."""
        return float(self.overlap_s(begin_s, end_s).sum()) / self.length_s

    def overlap_s(self, begin_s: Floats, end_s: Floats) -> Floats:
        """Return how much of each span lies in the window, seconds."""
        inside_s = np.minimum(end_s, self.end_s) - np.maximum(begin_s, self.begin_s)
        return np.asarray(np.maximum(inside_s, 0.0))

    def shares_of_time(self, begin_s: Floats, end_s: Floats) -> Floats:
        """Return the share of the window in which just n spans are under way, by n."""
        moments = np.concatenate([begin_s, end_s, [self.begin_s, self.end_s]])
        steps = np.concatenate([np.ones(len(begin_s)), -np.ones(len(end_s)), [0.0, 0.0]])
        order = np.argsort(moments, kind="stable")  # arrivals first where one comes as another goes
        number = np.cumsum(steps[order])[:-1].astype(np.int64)
        moments = np.clip(moments[order], self.begin_s, self.end_s)
        return np.bincount(number, weights=np.diff(moments)) / self.length_s
