"""Night shift: holds a fleet's async calls until the day's window opens, and lets none begin after it closes.

All that wait are let go by one event, in the order in which they came, as far as there are places for jobs; what the
fleet has not admitted when the window closes is recalled and let go first the next day. What has begun is finished,
whatever the hour. A call whose answer is not complete by its deadline leaves then; where it has begun, the replica goes
on with it to its end, as servers do that nobody tells of a client's patience.
"""

from __future__ import annotations

from math import inf

from simpy import Environment, Event
from simpy.events import Timeout

from tco.scenario.async_window import AsyncWindow
from tco.serving.batching import Sequence
from tco.sim.pool import Pool
from tco.sim.replica import Answer
from tco.units import HOURS_PER_DAY, SECONDS_PER_HOUR

DAY_S = HOURS_PER_DAY * SECONDS_PER_HOUR


class NightShift:
    """The async calls of one fleet that have not ended.

    Args:
        env: SimPy environment.
        pool: the fleet's replicas; its settings allow recalls.
        window: when the calls are served, and their deadline.
        start_hour: hour of the week when the run begins.
    """

    def __init__(self, env: Environment, pool: Pool, window: AsyncWindow, start_hour: float) -> None:
        self.env, self.pool = env, pool
        self._deadline_s = window.deadline_s
        self._open_s = window.open_hours * SECONDS_PER_HOUR
        self._always_open = window.open_hours == HOURS_PER_DAY
        self._each = inf if window.max_replica_requests is None else window.max_replica_requests
        # Days are numbered from the last opening before the run begins, so that no clock has to hit an hour exactly.
        self._first_s = (window.from_hour - start_hour) % HOURS_PER_DAY * SECONDS_PER_HOUR - DAY_S
        self._held: dict[Sequence, int] = {}  # in the order in which they are let go
        self._inside: dict[Sequence, int] = {}  # let go, and not ended
        self._late: set[Sequence] = set()
        self._is_open = self._opens = False  # whether the window is known to be open; or its opening is on its way

    def __len__(self) -> int:
        """Count the calls that have not ended."""
        return len(self._held) + len(self._inside)

    def take(self, request: int, sequence: Sequence) -> bool:
        """Queue a newcomer, or hold it for the window; its answer is told in the end; say whether it came too early."""
        now = self.env.now
        deadline = Timeout(self.env, self._deadline_s, sequence)
        deadline.callbacks.append(self._due)
        day = int((now - self._first_s) // DAY_S)
        self._held[sequence] = request
        if self._always_open or now < self._closes_s(day):
            self._begin(day)
            return False
        self._await(day + 1)
        return True

    def settle(self, sequence: Sequence) -> bool:
        """Forget a call that has ended, and let the next one go; say whether it was in time."""
        self._inside.pop(sequence, None)
        self.pool.home.pop(sequence, None)
        if self._is_open:
            self._let_go()
        return sequence not in self._late

    def _closes_s(self, day: int) -> float:
        return self._first_s + day * DAY_S + self._open_s

    def _after(self, at_s: float, day: int) -> Event:
        return Timeout(self.env, max(at_s - self.env.now, 0.0), day)

    def _await(self, day: int) -> None:
        if not self._opens:
            self._opens = True
            self._after(self._first_s + day * DAY_S, day).callbacks.append(self._open)

    def _open(self, opening: Event) -> None:
        self._opens = False
        self._begin(opening.value)  # type: ignore[arg-type]  # SimPy types the value as None

    def _begin(self, day: int) -> None:
        """Let go whoever waits; where the window was not known to be open, see to it that it closes."""
        if not self._is_open:
            self._is_open = True
            if not self._always_open:
                self._after(self._closes_s(day), day).callbacks.append(self._close)
        self._let_go()

    def _let_go(self) -> None:
        places = self._each * max(self.pool.takers, 1)  # where none is open, the first to come waits for one that is
        while self._held and len(self._inside) < places:
            sequence = next(iter(self._held))
            request = self._inside[sequence] = self._held.pop(sequence)
            self.pool.submit(request, sequence)

    def _close(self, closing: Event) -> None:
        self._is_open = False
        recalled = {
            sequence: request for sequence, request in self._inside.items() if self.pool.recall(request, sequence)
        }
        for sequence in recalled:
            del self._inside[sequence]
        self._held = {**recalled, **self._held}
        if self._held:
            self._await(closing.value + 1)  # type: ignore[operator]

    def _due(self, deadline: Event) -> None:
        sequence: Sequence = deadline.value  # type: ignore[assignment]
        if sequence in self._held:
            del self._held[sequence]
        elif sequence in self._inside:
            self.pool.recall(self._inside.pop(sequence), sequence)
        else:
            return  # it was answered in time
        self._late.add(sequence)
        answer, sequence.answer = sequence.answer, Answer(self.env)  # nobody waits for what may still be running
        answer.tell()
