"""Served: calls to a tier, and what came of them, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tco.sim.compiled.kernels.rings import COMPLETED, FAILED, REJECTED, TIMED_OUT
from tco.sim.stations import StationBooks

if TYPE_CHECKING:
    from tco.sim.compiled.comings import Changing
    from tco.sim.compiled.played import PlayedTier
    from tco.sim.compiled.serverless import Platform

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Calls to a tier in order of time; arrays have shape (visits,).

    Attributes:
        request: number of the request.
        entered_s: when it comes, seconds.
        input_tokens: prompt of the call.
        output_tokens: answer.
        attempt: tiers that the request tried before.
    """

    request: Ints
    entered_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    attempt: Ints

    def __len__(self) -> int:
        return len(self.request)

    def at(self, places: Ints) -> Visits:
        """Return the visits at some places, in the order of these."""
        return Visits(
            self.request[places], self.entered_s[places], self.input_tokens[places], self.output_tokens[places],
            self.attempt[places],
        )  # fmt: skip


@dataclass
class Served:
    """What came of them; arrays have shape (visits,), times are NaN where there is none.

    Attributes:
        outcome: `Outcome`.
        started_s: begin of service, seconds.
        first_token_s: first token, seconds.
        left_s: when the call ended, seconds.
        input_tokens: prompt tokens that were read.
        output_tokens: tokens that were written.
        cached_tokens: prompt tokens that a prompt or prefix cache held.
        busy_s: time in which replicas worked, summed; None where there is no capacity of one's own.
        replicas: how many.
        counts: further quantities, as the station of the other engine counts them.
        retries: how often each call was sent again; None where none ever is.
        worked_s: time in which something worked, summed, where its share is taken of the whole run; else None.
        places: how much could work at the same time.
        tells_idle: whether the time in which nothing worked is counted as well.
        ended: order in which calls ended that ended at the same moment; None for that of the visits.
        changing: what made replicas come and go, of each pool where anything did.
        played: the station that played the tier, where none of the recurrences knows it.
        platform: the serverless platform that served it.
    """

    outcome: NDArray[np.int8]
    started_s: Floats
    first_token_s: Floats
    left_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    cached_tokens: Ints
    busy_s: float | None = None
    replicas: int = 0
    counts: dict[str, float] = field(default_factory=dict)
    retries: Ints | None = None
    worked_s: float | None = None
    places: int | None = None
    tells_idle: bool = False
    ended: Ints | None = None
    changing: tuple[Changing, ...] = ()
    played: PlayedTier | None = None
    platform: Platform | None = None

    def at(self, places: Ints) -> Served:
        """Return what came of some of the visits."""
        arrays = {
            name: each[places]
            for name in (
                "outcome", "started_s", "first_token_s", "left_s", "input_tokens", "output_tokens", "cached_tokens",
                "retries", "ended",
            )
            if (each := getattr(self, name)) is not None
        }  # fmt: skip
        return replace(self, **arrays)

    def books(self, visits: Visits, elapsed_s: float, end_s: float) -> StationBooks:
        """Close the books of a run that lasted so long and ended at a moment."""
        if self.played is not None:
            return self.played.books(elapsed_s, end_s)
        done = self.outcome == COMPLETED
        ended = {each: int(np.count_nonzero(self.outcome == each)) for each in (REJECTED, FAILED, TIMED_OUT)}
        completed = int(np.count_nonzero(done))
        answered = done if completed < len(visits) else slice(None)
        last_s = float(max(self.left_s.max(), visits.entered_s[-1])) if len(visits) else 0.0
        presence_s = float((self.left_s - visits.entered_s).sum())
        busy_share = None
        if self.busy_s is not None:
            busy_share = self.busy_s / (self.replicas * last_s) if last_s else 0.0
        counts = dict(self.counts)
        if self.changing:
            busy_share = self._close_changing(last_s, end_s, presence_s, counts)
        if self.worked_s is not None:
            paid_s = (self.places or 0) * elapsed_s
            busy_share = self.worked_s / paid_s
            if self.tells_idle:
                counts["idle_s"] = paid_s - self.worked_s
        books = StationBooks(
            arrived=len(visits),
            completed=completed,
            rejected=ended[REJECTED],
            failed=ended[FAILED],
            timed_out=ended[TIMED_OUT],
            input_tokens=int(self.input_tokens[answered].sum()),
            output_tokens=int(self.output_tokens[answered].sum()),
            presence_s=presence_s,
            busy_share=busy_share,
            counts=counts,
        )
        return books if self.platform is None else self.platform.books(books, end_s)

    def _close_changing(self, last_s: float, end_s: float, presence_s: float, counts: dict[str, float]) -> float:
        """Let replicas come and go to the end of the run; return the share of their paid time in which they worked."""
        paid_s = 0.0
        for each in self.changing:
            each.until(end_s)
            paid_s += each.paid_s(end_s) - (end_s - last_s) * each.switched_on()
            for name in ("restarts", "failures"):
                if counted := int(each.changes[name][0]):
                    counts[name] = counts.get(name, 0.0) + counted
            if _scales(each):
                counts["replica_on_s"] = counts.get("replica_on_s", 0.0) + each.paid_s(end_s)
                counts["inside_s"] = presence_s
        return (self.busy_s or 0.0) / paid_s if paid_s else 0.0


def _scales(changing: Changing) -> bool:
    return not changing.pool.tier.scaling.is_fixed
