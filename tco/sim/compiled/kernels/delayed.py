"""Delayed kernel: a fleet whose newcomers wait for some steps of the running batches before they join, for numba.

How long a step takes is known at the moment at which a newcomer comes only, and who comes later may join sooner: those
that are on their way are a heap by the time at which they join. Everything else is that of the fleet kernel.
"""

from __future__ import annotations

from math import inf, isnan
from typing import Any, NamedTuple

import numpy as np

from tco.sim.compiled.kernels.calls import _drop_first, _note
from tco.sim.compiled.kernels.fleet import _come, _give_up, _play_until
from tco.sim.compiled.kernels.jit import jit, kernel
from tco.sim.compiled.kernels.rings import Floats, Ints, _at, _record

HALL = _record(f8="overhead_s overhead_steps", i8="order moments")
"""Where newcomers wait: for how long, in seconds and in steps; `order` and `moments` are those of the heap."""


class Newcomers(NamedTuple):
    """Those who come, shape (n,) where nothing else is said.

    Attributes:
        hall: one row of `HALL`.
        moments: room for the moments at which they join.
        entered_s: when each comes, rising.
        line: filled with who joins, in that order.
        joined_s: filled with when, in the same order.
        chances: one uniform variate each, for dispatch by two choices; empty for others.
    """

    hall: Any
    moments: Any
    entered_s: Floats
    line: Ints
    joined_s: Floats
    chances: Floats


@kernel
def run_delayed(
    settings: Any, table: Floats, reps: Any, seqs: Any, heap: Any, newcomers: Newcomers, tally: Ints,
    finished_s: Floats, outcome: Any,
) -> None:  # fmt: skip
    """Serve sequences that come in order of time; write when each left and how; arguments are those of `run_fleet`."""
    to, hall = settings[0], newcomers.hall[0]
    moments, line, joined_s, entered_s = newcomers.moments, newcomers.line, newcomers.joined_s, newcomers.entered_s
    coming, joined, impatient, place = 0, 0, 0, 0
    while True:
        impatient = _first_in_line(to, seqs, outcome, line, impatient, joined)
        come_s = entered_s[coming] if coming < len(entered_s) else inf
        join_s = moments[0].at_s if hall.moments else inf
        give_up_s = joined_s[impatient] + to.patience_s if impatient < joined else inf
        until_s = min(come_s, join_s, give_up_s)
        _play_until(to, table, reps, seqs, heap, place, until_s, tally, finished_s, outcome)
        if impatient < joined and _first_in_line(to, seqs, outcome, line, impatient, joined) != impatient:
            continue
        if until_s == inf:
            return
        if join_s <= come_s and join_s <= give_up_s:
            s = moments[0].call
            _drop_first(hall, moments)
            line[joined], joined_s[joined] = s, join_s
            joined += 1
            place = _come(to, table, reps, seqs, heap, s, join_s, tally, newcomers.chances, finished_s, outcome)
        elif come_s <= give_up_s:
            _note(hall, moments, come_s + (hall.overhead_s + hall.overhead_steps * _step_s(reps)), 0, coming)
            coming += 1
        else:
            _give_up(to, reps, seqs, line[impatient], give_up_s, finished_s, outcome)


@jit
def _step_s(reps: Any) -> float:
    """Return how long a step takes, mean so far of those replicas that are busy, over all; seconds."""
    total_s = 0.0
    for r in range(len(reps)):
        rep = _at(reps, r)
        if rep.busy and rep.steps_done:
            total_s += rep.busy_s / rep.steps_done
    return total_s / len(reps)


@jit
def _first_in_line(to: Any, seqs: Any, outcome: Any, line: Ints, impatient: int, joined: int) -> int:
    """Go on to the first of those who joined that still waits and may give up; `joined` where there is none."""
    if to.patience_s == inf:
        return joined
    while impatient < joined:
        s = line[np.uintp(impatient)]
        if not outcome[s] and isnan(_at(seqs, s).started_s):
            break
        impatient += 1
    return impatient
