"""Waiting line: first come, first served, with a limit on how many wait and on how long anyone does."""

from __future__ import annotations

from typing import Any

from simpy import Environment, Event
from simpy.events import Timeout

from tco.sim.stations import Call


class Ticket(Event):
    """A place in the line: happens when its turn comes (`served`), or when its holder gives up.

    Attributes:
        call: the visit that holds it.
        joined_s: when it joined, seconds.
        served: whether the turn came; False after giving up, and before.
        place: what serves the request, as the station that calls it says.
    """

    __slots__ = ("call", "joined_s", "place", "served")

    def __init__(self, env: Environment, call: Call) -> None:
        super().__init__(env)
        self.call = call
        self.joined_s = env.now
        self.served = False
        self.place: Any = None


class Line:
    """A waiting line.

    Args:
        env: SimPy environment.
        limit: most requests that wait; None for no limit.
        timeout_s: how long a request waits before it gives up, seconds; None for ever.
    """

    def __init__(self, env: Environment, limit: int | None = None, timeout_s: float | None = None) -> None:
        self.env = env
        self.limit = limit
        self.timeout_s = timeout_s
        self._tickets: dict[Ticket, None] = {}  # in order of arrival; whoever gives up leaves from the middle

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def full(self) -> bool:
        """Whether nobody else may join."""
        return self.limit is not None and len(self._tickets) >= self.limit

    @property
    def head(self) -> Ticket:
        """Whoever waits longest; there must be somebody."""
        return next(iter(self._tickets))

    def join(self, call: Call) -> Ticket:
        """Take a place at the end; the ticket happens when the wait is over, one way or the other."""
        ticket = Ticket(self.env, call)
        self._tickets[ticket] = None
        if self.timeout_s is not None:
            patience = Timeout(self.env, self.timeout_s)
            patience.callbacks.append(lambda _: self._give_up(ticket))
        return ticket

    def serve(self, place: Any = None) -> Ticket:
        """Call whoever waits longest to `place`."""
        ticket = self.head
        del self._tickets[ticket]
        ticket.served, ticket.place = True, place
        ticket.succeed()
        return ticket

    def _give_up(self, ticket: Ticket) -> None:
        if ticket in self._tickets:  # else it was served in time
            del self._tickets[ticket]
            ticket.succeed()
