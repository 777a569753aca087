"""Fleet kernel: replicas behind one dispatcher as one loop over the moments of their calls, for numba.

The rules are those of `tco/sim/pool.py`; two choices are drawn by the same code (`two_of`).
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tco.policies.dispatch import shortest_of_two
from tco.sim.compiled.kernels.batch import _cut, _finish, _first_waiting, _head, _line_up, _plan
from tco.sim.compiled.kernels.jit import jit, kernel, shared
from tco.sim.compiled.kernels.rings import (
    LEAST,
    PROBED,
    REJECTED,
    ROUND_ROBIN,
    SPILLED,
    TIMED_OUT,
    TWO,
    Floats,
    Ints,
    _at,
    _remove,
)

two_of = shared(shortest_of_two.two_of)


@jit
def _choose(to: Any, reps: Any, tally: Ints, chance: float) -> int:
    replicas = len(reps)
    if to.dispatch == LEAST:
        best, least = 0, reps[0].load
        for r in range(1, replicas):
            load = _at(reps, r).load
            if load < least:
                best, least = r, load
        return best
    if to.dispatch == ROUND_ROBIN:
        place = tally[0] % replicas
        tally[0] = place + 1
        return int(place)
    one, other = two_of(replicas, chance)
    return one if reps[one].load <= reps[other].load else other


@jit
def _turns_away(reps: Any, seqs: Any, s: int, waiting: int) -> int:
    """Say whether a sequence goes elsewhere because so many are inside, or only looks; `waiting` are at no replica."""
    seq = _at(seqs, s)
    if seq.spill_at < 0:
        return 0
    inside = waiting
    for r in range(len(reps)):
        inside += _at(reps, r).load
    if inside >= seq.spill_at:
        return SPILLED
    return PROBED if seq.probes else 0


@jit
def _full(to: Any, reps: Any) -> Any:
    waiting = 0
    for r in range(len(reps)):
        waiting += reps[r].queued
        if reps[r].load < to.max_sequences and reps[r].queued == 0:
            return False
    return waiting >= to.max_queue


@kernel
def run_fleet(
    settings: Any,
    table: Floats,
    reps: Any,
    seqs: Any,
    heap: Any,
    entered_s: Floats,
    chances: Floats,
    tally: Ints,
    finished_s: Floats,
    outcome: Any,
) -> None:
    """Serve sequences that come in order of time; write when each left and how.

    Args:
        settings: what holds for every replica, one row of `SETTINGS`.
        table: tokens of a step and its fixed time, shape (2, points); no points where `alpha_s` holds for all.
        reps: idle replicas; how long each worked is left in them.
        seqs: sequences, of `new_fleet`; stamps of begin and first token are left in them.
        heap: room for those that decode.
        entered_s: when each comes, rising, shape (n,).
        chances: one uniform variate each, for dispatch by two choices; empty for others.
        tally: turn of the replicas, and count of those complete, zeros of shape (2,).
        finished_s: filled with when each left.
        outcome: filled with how.
    """
    to = settings[0]
    n = len(entered_s)
    coming, impatient, joined = 0, 0, 0
    while True:
        impatient = _first_waiting(to, seqs, outcome, impatient, coming)
        come_s = entered_s[coming] if coming < n else inf
        give_up_s = entered_s[impatient] + to.patience_s if impatient < coming else inf
        until_s = min(come_s, give_up_s)
        _play_until(to, table, reps, seqs, heap, joined, until_s, tally, finished_s, outcome)
        if impatient < coming and _first_waiting(to, seqs, outcome, impatient, coming) != impatient:
            continue
        if until_s == inf:
            return
        if come_s <= give_up_s:
            joined = _come(to, table, reps, seqs, heap, coming, come_s, tally, chances, finished_s, outcome)
            coming += 1
        else:
            _give_up(to, reps, seqs, impatient, give_up_s, finished_s, outcome)


@jit
def _play_until(
    to: Any, table: Floats, reps: Any, seqs: Any, heap: Any, first: int, until_s: float, tally: Ints,
    finished_s: Floats, outcome: Any,
) -> None:  # fmt: skip
    """Let each replica play its own moments up to a time: they meet at arrivals and moments of giving up only.

    The one that was joined last is `first`, as it cuts its stretch short and reads the newcomer's prompt, which a
    processor can foresee.
    """
    for step in range(len(reps)):
        r = first + step
        r -= len(reps) if r >= len(reps) else 0
        rep, row = _at(reps, r), heap[np.uintp(r)]
        while rep.ends_s <= until_s and rep.ends_s < inf:
            now_s = rep.ends_s
            rep.busy_s += now_s - rep.began_s
            _finish(to, rep, seqs, row, tally, now_s, finished_s, outcome)
            _plan(to, table, rep, seqs, row, now_s)


@jit
def _come(
    to: Any,
    table: Floats,
    reps: Any,
    seqs: Any,
    heap: Any,
    s: int,
    now_s: float,
    tally: Ints,
    chances: Floats,
    finished_s: Floats,
    outcome: Any,
) -> int:
    """Send a newcomer to a replica, or away; return the replica that it joined, or the first one."""
    away = _turns_away(reps, seqs, s, 0)
    if away:
        outcome[s], finished_s[s] = away, now_s
        return 0
    too_large = seqs[s].input_tokens + seqs[s].output_tokens > to.kv_capacity
    if too_large or (to.max_queue >= 0 and _full(to, reps)):
        outcome[s] = REJECTED
        finished_s[s] = now_s
        return 0
    r = _choose(to, reps, tally, chances[s] if to.dispatch == TWO else 0.0)
    _line_up(to, table, reps, seqs, heap, r, s, now_s)
    return r


@jit
def _give_up(to: Any, reps: Any, seqs: Any, s: int, now_s: float, finished_s: Floats, outcome: Any) -> None:
    r = seqs[s].place
    blocked = _head(reps[r], seqs) == s
    _remove(seqs, s)
    reps[r].queued -= 1
    reps[r].load -= 1
    outcome[s] = TIMED_OUT
    finished_s[s] = now_s
    if blocked:
        _cut(to, reps[r], seqs, now_s)
