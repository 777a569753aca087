"""Clock: SimPy's environment with its loop in one piece, and rings at an exact time."""

from __future__ import annotations

from heapq import heappop, heappush

import simpy
from simpy.core import StopSimulation
from simpy.events import NORMAL, Event


class Clock(simpy.Environment):
    """SimPy's environment, a tenth faster where a run has hundreds of thousands of events.

    It keeps SimPy's queue and SimPy's order, so that everything written for SimPy runs on it.

    Attributes:
        now: the time, seconds. A plain attribute, because a run reads it a dozen times a request.
    """

    now: float = 0.0  # a property of SimPy's

    def ring(self, event: Event, at_s: float) -> None:
        """Let an event that has happened come (back) at a time, seconds, not before now."""
        heappush(self._queue, (at_s, NORMAL, next(self._eid), event))

    def step(self) -> None:
        """Let the next event happen, as SimPy does."""
        if self._queue:
            self.now = self._queue[0][0]
        super().step()

    def run_out(self) -> None:
        """Go on until nothing is left to happen, or a callback raises `StopSimulation`.

        Raises:
            BaseException: what made an event fail that nobody waited for, as SimPy raises it.
        """
        queue = self._queue
        try:
            while queue:
                now, _, _, event = heappop(queue)
                self._now = self.now = now
                callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):  # noqa: SLF001  # SimPy's own rule for a failure
                    raise event._value  # noqa: SLF001
        except StopSimulation:
            return
